"""Rows become facts in a fixed number of queries; what is planned and sent is always allowed."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise, product
from typing import Any

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from campaigns.compliance.check import ComplianceChecker, campaign_problems
from campaigns.delivery import poll_states, upload
from campaigns.errors import NotAllowed
from campaigns.ist import IST
from campaigns.lifecycle import actions
from campaigns.models import (
    Account,
    CallerDeclaration,
    CallingBasis,
    Campaign,
    CampaignDeclaration,
    Complaint,
    Evidence,
    Message,
    PhoneNumber,
    PollingDay,
    Recipient,
    Registration,
    Suppression,
)
from campaigns.planning import plan
from campaigns.rules import Verdict
from tests.calls.agents.texts import HINDI, MENU, dialogue
from tests.campaigns.world import NOON, FakeXFin, add_people, approve, at, make_campaign

HOUR = timedelta(hours=1)


def second(first: Campaign, **fields: Any) -> Campaign:
    """Another campaign of the same organisation."""
    shared = {"template": first.template, "number": first.number, "agent": first.agent}
    values = {"name": "Another", "category": "service", "state": "running", "starts_at": first.starts_at}
    return Campaign.objects.create(**shared, **(values | {"calls_per_minute": 600} | fields))


def call_same_people(first: Campaign, other: Campaign) -> None:
    Recipient.objects.bulk_create(
        Recipient(campaign=other, phone=person.phone, language="hi") for person in first.recipients.all()
    )


#: Planning and hand-over of one chunk, whatever its size: facts, judgements, rows.
PLANNING, HAND_OVER, PUT_OFF = 31, 28, 33


@pytest.mark.django_db
@pytest.mark.parametrize("people", [3, 60])
def test_queries_do_not_grow_with_the_number_of_people(
    people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign = make_campaign(people=people)
    with django_assert_num_queries(PLANNING):
        assert plan.plan(campaign.pk, now=NOON) == people
    account = campaign.template.account
    with django_assert_num_queries(HAND_OVER):
        claim = upload.claim_due(account, now=NOON)
    assert claim
    assert len(claim.messages) == people


@pytest.mark.django_db
@pytest.mark.parametrize("people", [3, 60])
def test_neither_do_those_of_a_stride_that_waits_for_the_morning(
    people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign = make_campaign(people=people)
    plan.plan(campaign.pk, now=NOON)
    evening = NOON + 8 * HOUR
    with django_assert_num_queries(PUT_OFF):
        assert upload.claim_due(campaign.template.account, now=evening) is None
    for message in Message.objects.all():
        assert message.send_on >= evening + 13 * HOUR
        assert "19:00 IST is outside" in message.reason


def from_scratch() -> None:
    """Nothing of the first organisation is left."""
    for model in (CampaignDeclaration, Registration, CallerDeclaration):
        model.objects.all().delete()


@pytest.mark.django_db
def test_caps_count_over_all_campaigns_of_the_organisation() -> None:
    one = make_campaign(people=1)
    other = second(one)
    call_same_people(one, other)
    assert plan.plan(one.pk, now=NOON) == 1
    assert plan.plan(other.pk, now=NOON + HOUR) == 0
    waiting = other.recipients.get()
    assert "less than 4 hours" in waiting.reason
    assert waiting.due_at == NOON + 4 * HOUR
    assert plan.plan(other.pk, now=NOON + 4 * HOUR) == 1


@pytest.mark.django_db
def test_of_two_calls_planned_at_once_the_older_goes_and_the_other_waits() -> None:
    one = make_campaign(people=1)
    other = second(one)
    call_same_people(one, other)
    plan.plan(one.pk, now=NOON)
    person = other.recipients.get()
    Message.objects.create(recipient=person, attempt=1, send_on=NOON - timedelta(seconds=1))
    Recipient.objects.filter(pk=person.pk).update(state="under_way", attempts=1)
    claim = upload.claim_due(one.template.account, now=NOON)
    assert claim
    assert [message.recipient.campaign_id for message in claim.messages] == [one.pk]
    assert Message.objects.get(recipient=person).send_on == NOON + 4 * HOUR


@pytest.mark.django_db
def test_evidence_tells_what_a_judgement_was_founded_on() -> None:
    campaign = make_campaign(people=1)
    plan.plan(campaign.pk, now=NOON)
    row = Evidence.objects.get()
    assert row.facts["caller_id"] == "+911600110245"
    assert row.facts["principal_entity"] == "1101000000000000001"
    assert row.facts["ist"] == "2026-11-24T11:00:00+05:30"
    assert {"B01", "B16", "F03", "W13"} <= set(row.facts["passed"])
    assert [finding["rule"] for finding in row.findings] == ["B01 window"]


@pytest.mark.django_db
def test_without_registration_collections_are_not_launched_and_stop_and_service_is_warned() -> None:
    campaign = make_campaign(people=1, state="draft")
    from_scratch()
    problems = " ".join(campaign_problems(campaign, now=NOON))
    assert "No registration of this organisation is on file." in problems
    assert "B07 a2p" in problems
    with pytest.raises(NotAllowed, match="registration"):
        actions.launch(campaign, None)
    Campaign.objects.update(state="running")
    plan.plan(campaign.pk, now=NOON)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    Campaign.objects.update(state="running", category="service")
    assert plan.plan(campaign.pk, now=NOON) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("complained_of", [False, True])
def test_among_many_everybody_is_judged_as_if_alone(*, complained_of: bool) -> None:
    campaign = make_campaign(category="service", calls_per_minute=600)
    _plain, twin, landline, refused, called, again, asked, complains = add_people(campaign, 8)
    agent = campaign.agent
    agent.configuration = dialogue(MENU | {"languages": {"hi": HINDI}})
    agent.save()
    Recipient.objects.update(variables={"amount": "500", "due_date": "28/11/2026"})
    Recipient.objects.filter(pk=landline.pk).update(phone="+912227001234")
    Recipient.objects.filter(pk=twin.pk).update(language="ta")
    Recipient.objects.filter(pk=again.pk).update(attempts=1)
    Suppression.objects.create(phone=refused.phone, source="staff", reason="Asked on paper.")
    Complaint.objects.create(kind="grievance", phone=complains.phone, received_at=NOON)
    CallingBasis.objects.create(
        phone=asked.phone, kind="callback", given_at=NOON, starts_at=NOON, expires_at=NOON + HOUR
    )
    if complained_of:  # it ceases to count in the middle of a minute
        expires = NOON + timedelta(seconds=30)
        Complaint.objects.create(
            kind="unsolicited", phone="+919825099999", received_at=expires - timedelta(days=10)
        )
    other = second(campaign, category="collections")
    said = {"amount": "500", "due_date": "28/11/2026"}
    twice = Recipient.objects.create(campaign=other, phone=called.phone, language="hi", variables=said)
    Message.objects.create(recipient=twice, attempt=1, send_on=NOON - 4 * HOUR + timedelta(seconds=31))
    people = list(Recipient.objects.select_related("campaign__number", "campaign__template").order_by("pk"))
    seconds = [timedelta(seconds=second) for second in (0, 29, 30, 59, 61)]
    together = ComplianceChecker(people, now=NOON)
    verdicts = set()
    for person, offset in product(people, [*seconds, *(offset - 2 * HOUR for offset in seconds)]):
        alone = ComplianceChecker([person], now=NOON).evaluate(person, at=NOON + offset)
        assert together.evaluate(person, at=NOON + offset) == alone
        verdicts.add(alone.verdict)
    assert verdicts == set(Verdict)


@pytest.mark.django_db
def test_political_calls_need_an_area_and_keep_silence_there() -> None:
    campaign = make_campaign(category="political")
    PhoneNumber.objects.update(e164="+919876500001", series="ordinary")
    PollingDay.objects.create(area="Indore", closes_at=NOON + 30 * HOUR)
    PollingDay.objects.create(area="Bhopal", closes_at=NOON - 200 * HOUR)
    areas = {
        "Indore": "blocked",
        " indore ": "blocked",
        "": "blocked",
        "Bhopal": "under_way",
        "Indoor": "blocked",
    }
    people = dict(zip(areas, add_people(campaign, len(areas)), strict=True))
    for area, person in people.items():
        Recipient.objects.filter(pk=person.pk).update(variables={"polling_area": area})
    approve(campaign)
    assert plan.plan(campaign.pk, now=NOON) == 1
    states = dict(campaign.recipients.values_list("pk", "state"))
    assert {area: states[person.pk] for area, person in people.items()} == areas


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("skew", "planned", "told"),
    [
        (0, "18:54", None),
        (600, "18:54", None),
        (-600, "18:44", None),
        (-600, "18:46", "next morning"),
        (600, "08:05", "08:10"),
        (-600, "08:05", None),
        (2, "08:00", None),
    ],
)
def test_a_call_is_judged_by_when_xfin_s_clock_makes_the_phone_ring(
    skew: float, planned: str, told: str | None
) -> None:
    campaign = make_campaign(people=1)
    Account.objects.update(clock_skew=skew)
    day = NOON.astimezone(IST).date()
    at = datetime.combine(day, time.fromisoformat(planned), IST)
    person = campaign.recipients.get()
    judgement = ComplianceChecker([person], now=at).evaluate(person, at=at)
    waits = judgement.waits_until and judgement.waits_until.astimezone(IST)
    if told is None:
        assert judgement.verdict != Verdict.DEFER
    elif told == "next morning":
        assert waits == datetime.combine(day + timedelta(days=1), time(8), IST)
    else:
        assert waits == datetime.combine(day, time.fromisoformat(told), IST)


@pytest.mark.django_db
def test_a_slot_the_person_asked_for_is_kept_outside_hours() -> None:
    campaign = make_campaign(people=1, category="service")
    night = NOON + 11 * HOUR
    person = campaign.recipients.get()
    CallingBasis.objects.create(
        phone=person.phone, kind="callback", given_at=NOON, starts_at=night, expires_at=night + HOUR
    )
    assert plan.plan(campaign.pk, now=night) == 1


@pytest.mark.django_db
def test_four_hours_are_counted_from_when_a_late_call_really_rings() -> None:
    one = make_campaign(people=1)
    other = second(one)
    call_same_people(one, other)
    plan.plan(one.pk, now=NOON)
    late = NOON + timedelta(seconds=5)
    upload.upload(one.template.account_id, clock=at(late), transport=FakeXFin())
    plan.plan(other.pk, now=NOON + 4 * HOUR)
    person = other.recipients.get()
    assert (person.state, person.due_at) == ("waiting", late + 4 * HOUR)


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["collections", "transactional"])
def test_calls_put_off_together_keep_their_distance(first: str) -> None:
    """Both stand at the same moment by chance, the hours of one begin at seven, of the other at eight."""
    one = make_campaign(people=1, category=first)
    other = second(one, category={"collections": "transactional", "transactional": "collections"}[first])
    call_same_people(one, other)
    plan.plan(one.pk, now=NOON)
    plan.plan(other.pk, now=NOON + 4 * HOUR)
    night = NOON - 5 * HOUR - timedelta(minutes=5)  # 06:55
    Message.objects.update(send_on=night)
    upload.upload(one.template.account_id, clock=at(night), transport=FakeXFin())
    earlier, later = sorted(Message.objects.values_list("send_on", flat=True))
    assert later - earlier >= 4 * HOUR
    assert set(Message.objects.values_list("state", flat=True)) == {"planned"}


# --- Whatever happens, nothing is planned or sent that the rules refuse ---------------------------

zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
starts = st.builds(
    lambda at, zone: at.replace(tzinfo=UTC).astimezone(zone),
    st.datetimes(datetime(2026, 11, 17), datetime(2030, 12, 1)),
    zones,
)
own_hours = st.none() | st.times()
categories = st.sampled_from(["service", "transactional", "collections", "microfinance", "survey"])
#: How long hand-over is late, minutes until the next round, and how every call on the way ends.
days = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 10, 400]),
        st.sampled_from([1, 245]) | st.integers(1, 900),
        st.sampled_from(["USER_BUSY", "NO_ANSWER", None]),
    ),
    min_size=1,
    max_size=6,
)


class PlansTest(TestCase):
    """Random campaigns, zones and dates through 2030."""

    @example(  # the first is handed over so late that the second, planned for 13:00, is too near to it
        kinds=("service", "transactional"),
        start=datetime(2028, 3, 10, 13, 15, 24, tzinfo=IST),
        own=(None, None),
        reason="",
        pace=1,
        course=[(400, 1, "USER_BUSY")] * 3,
    )
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        kinds=st.tuples(categories, categories),
        start=starts,
        own=st.tuples(own_hours, own_hours),
        reason=st.sampled_from(["", "Asked for."]),
        pace=st.integers(1, 600),
        course=days,
    )
    def test_no_plan_contains_an_instant_that_the_rules_refuse(
        self,
        kinds: tuple[str, str],
        start: datetime,
        own: tuple[Any, Any],
        reason: str,
        pace: int,
        course: list[tuple[int, int, str | None]],
    ) -> None:
        hours = {"window_start": own[0], "window_end": own[1], "starts_at": start, "calls_per_minute": pace}
        one = make_campaign(people=4, category=kinds[0], max_attempts=3, retry_gaps=[5], **hours)
        other = second(one, category=kinds[1], max_attempts=2, **hours)
        call_same_people(one, other)
        CampaignDeclaration.objects.update(window_reason=reason)
        xfin, now = FakeXFin(), start
        for late, minutes, ending in course:
            for campaign in (one, other):
                known = set(Message.objects.values_list("pk", flat=True))
                plan.plan(campaign.pk, now=now)
                self.check_plans(now, known=known)
            now += timedelta(minutes=late)
            before = set(Message.objects.filter(state="queued").values_list("pk", flat=True))
            upload.upload(one.template.account_id, clock=at(now), transport=xfin)
            self.check_plans(now, known=set(Message.objects.values_list("pk", flat=True)))
            self.check_sent(before, now)
            now += timedelta(minutes=minutes)
            xfin.end(state="failed" if ending else "done", reason=ending)
            poll_states.pull_states(one.template.account_id, clock=at(now), transport=xfin)
        self.check_caps()

    def check_plans(self, now: datetime, *, known: set[int]) -> None:
        """What was planned just now, and all that is at XFin, stands at a time that the rules allow.

        A message planned earlier may meanwhile stand too near to another that was handed over late: it is
        checked once more at its own hand-over, and put off there.
        """
        of_now = ~Q(pk__in=known) & Q(state="planned")
        ahead = Message.objects.filter(of_now | Q(state="queued"), send_on__gte=now).select_related(
            "recipient__campaign__number", "recipient__campaign__template", "recipient__campaign__agent"
        )
        checker = ComplianceChecker([message.recipient for message in ahead], now=now)
        for message in ahead:
            judgement = checker.evaluate(message.recipient, at=message.send_on, message=message)
            assert judgement.verdict in (Verdict.OK, Verdict.WARN), judgement.reason

    def check_sent(self, before: set[int], now: datetime) -> None:
        """Whatever went to XFin in this round was allowed now, or at its time if that lies ahead."""
        queued = Message.objects.filter(state="queued").exclude(pk__in=before)
        sent = queued.select_related(
            "recipient__campaign__number", "recipient__campaign__template", "recipient__campaign__agent"
        )
        checker = ComplianceChecker([message.recipient for message in sent], now=now)
        for message in sent:
            judgement = checker.evaluate(message.recipient, at=max(now, message.send_on), message=message)
            assert judgement.verdict in (Verdict.OK, Verdict.WARN), judgement.reason

    def check_caps(self) -> None:
        """Counted without the rules: two a day, four hours apart, nobody before eight or after nine."""
        rang: dict[str, list[datetime]] = defaultdict(list)
        for phone, category, when in Message.objects.exclude(state__in=["planned", "blocked"]).values_list(
            "recipient__phone", "recipient__campaign__category", "send_on"
        ):
            rang[phone].append(when.astimezone(IST))
            assert category == "transactional" or 8 <= rang[phone][-1].hour < 21
        for times in map(sorted, rang.values()):
            assert all(later - earlier >= 4 * HOUR for earlier, later in pairwise(times))
            dates = [when.date() for when in times]
            assert all(dates.count(day) <= 2 for day in dates)


@pytest.mark.django_db
def test_a_person_without_a_value_to_be_spoken_is_not_called() -> None:
    campaign = make_campaign(people=2)
    campaign.agent.configuration = dialogue(MENU)
    campaign.agent.save()
    first, second = campaign.recipients.order_by("pk")
    Recipient.objects.filter(pk=first.pk).update(variables={"amount": "500", "due_date": "28/11/2026"})
    Recipient.objects.filter(pk=second.pk).update(variables={"amount": "1250,50", "due_date": ""})
    plan.plan(campaign.pk, now=NOON)
    second.refresh_from_db()
    assert Message.objects.get().recipient_id == first.pk
    assert second.state == Recipient.State.BLOCKED
    assert "The texts need amount, due_date, and there is no usable value for it." in second.reason
