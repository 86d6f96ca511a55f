"""Many rows at once must come out as single ones would, on either database."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns import bulk
from campaigns.models import Evidence, Message, Recipient
from tests.campaigns.world import NOON, add_people, make_campaign

pytestmark = pytest.mark.django_db

AWKWARD = "सुनीता \\N \t \"quoted\" 'it''s' {a,b}\nnext 100 %s"


def test_inserted_rows_hold_every_value_as_it_was() -> None:
    [person] = add_people(make_campaign(), 1)
    row = Evidence(
        recipient=person,
        message_reference="m-1",
        stage=Evidence.Stage.PLANNING,
        judged_at=NOON,
        planned_for=NOON + timedelta(microseconds=1),
        verdict="OK",
        findings=[{"reason": AWKWARD}],
        facts={"basis": None, AWKWARD: [1, True]},
        rules_version=AWKWARD[:40],
    )
    bulk.insert(Evidence, [row])
    [stored] = Evidence.objects.all()
    fields = [field.attname for field in Evidence._meta.concrete_fields if not field.primary_key]
    assert [getattr(stored, name) for name in fields] == [getattr(row, name) for name in fields]


def test_a_row_that_the_database_refuses_is_refused_as_django_says_it() -> None:
    """The journal tells by it a refusal from a database that is away. COPY raised psycopg's own."""
    [person] = add_people(make_campaign(), 1)
    row = Evidence(recipient=person, judged_at=NOON, planned_for=NOON, verdict=None)  # type: ignore[misc]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Evidence, [row])


def test_nothing_to_write_writes_nothing() -> None:
    bulk.insert(Evidence, [])
    bulk.update([], ["state"])


def test_an_update_changes_the_named_fields_of_these_rows_alone() -> None:
    campaign = make_campaign(people=3)
    first, second, third = campaign.recipients.order_by("pk")
    first.reason, first.due_at, first.attempts, first.name = AWKWARD, NOON, 2, "not written"
    second.state = Recipient.State.COMPLETED
    bulk.update([first, second], ["state", "reason", "due_at", "attempts"])
    stored = campaign.recipients.order_by("pk").values_list("state", "reason", "due_at", "attempts", "name")
    assert list(stored) == [
        ("waiting", AWKWARD, NOON, 2, "Person 0"),
        ("completed", second.reason, None, 0, "Person 1"),
        (third.state, third.reason, None, 0, "Person 2"),
    ]


def test_times_and_empty_values_of_messages_are_written() -> None:
    campaign = make_campaign(people=1)
    message = Message.objects.create(
        recipient=campaign.recipients.get(), attempt=1, send_on=NOON, settled_at=NOON, duration_seconds=3
    )
    message.settled_at, message.duration_seconds = None, None
    message.changed_at = NOON + timedelta(microseconds=123)
    bulk.update([message], ["settled_at", "duration_seconds", "changed_at"])
    stored = Message.objects.get()
    assert (stored.settled_at, stored.duration_seconds, stored.changed_at) == (None, None, message.changed_at)


def test_many_texts_in_one_lookup() -> None:
    campaign = make_campaign(people=3)
    phones = list(campaign.recipients.order_by("pk").values_list("phone", flat=True))
    assert campaign.recipients.filter(phone__in=bulk.among([phones[0], phones[2], AWKWARD])).count() == 2
    assert campaign.recipients.filter(phone__in=bulk.among([])).count() == 0


def test_people_of_one_campaign_share_it() -> None:
    make_campaign(people=2)
    people = bulk.add_campaigns(list(Recipient.objects.all()))
    shared = {id(person.campaign) for person in people.values()}
    assert len(people) == 2
    assert len(shared) == 1
