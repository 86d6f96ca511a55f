"""What the portal reads about calls, and at what price."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from calls import queries
from calls.models import Call, CallEvent, MediaProcess
from campaigns import clock
from campaigns.ist import IST
from campaigns.models import Campaign, Evidence, Message, PhoneNumber, UploadBatch

pytestmark = pytest.mark.django_db


def ended(number: PhoneNumber, message: Message | None = None, **fields: object) -> Call:
    """A call that is over."""
    now = clock.now()
    values = {"state": "ended", "started_at": now, "ended_at": now, "duration_ms": 1000} | fields
    return Call.objects.create(
        number=number, message=message, process=MediaProcess.objects.create(), **values
    )


def live(number: PhoneNumber, message: Message | None = None, **fields: object) -> Call:
    """A call on the line."""
    return Call.objects.create(
        number=number, message=message, process=MediaProcess.objects.create(), **fields
    )


def test_a_call_on_the_line_counts_as_dialled_and_answered(message: Message, number: PhoneNumber) -> None:
    live(number, message)
    today = queries.today(clock.now())
    assert (today.live, today.dialled, today.answered, today.goal) == (1, 1, 1, 0)


def test_a_busy_line_counts_as_dialled_and_not_answered(message: Message) -> None:
    Message.objects.update(disposition="busy", state="failed", settled_at=clock.now())
    today = queries.today(clock.now())
    assert (today.dialled, today.answered) == (1, 0)


def test_a_call_that_no_agent_served_is_dialled_and_not_answered(
    message: Message, number: PhoneNumber
) -> None:
    ended(number, message, disposition="failed")
    today = queries.today(clock.now())
    assert (today.dialled, today.answered) == (1, 0)


def test_voicemail_is_no_answer_though_the_stream_was_open(message: Message, number: PhoneNumber) -> None:
    ended(number, message)
    Message.objects.update(disposition="voicemail", state="failed", settled_at=clock.now())
    today = queries.today(clock.now())
    assert (today.dialled, today.answered) == (1, 0)


def test_a_goal_counts_once_and_a_refusal_never(message: Message, number: PhoneNumber) -> None:
    Campaign.objects.update(goals=["confirmed"])
    call = ended(number, message, outcome="confirmed", campaign=message.recipient.campaign)
    assert queries.today(clock.now()).goal == 1
    Call.objects.filter(pk=call.pk).update(outcome="refused")
    assert queries.today(clock.now()).goal == 0


def test_yesterday_ends_at_midnight_in_india(message: Message, number: PhoneNumber) -> None:
    midnight = queries.start_of_day(clock.now())
    assert midnight.astimezone(IST).strftime("%H:%M") == "00:00"
    ended(number, message, started_at=midnight - timedelta(seconds=1))
    assert queries.today(clock.now()).dialled == 0
    Call.objects.update(started_at=midnight)
    assert queries.today(clock.now()).dialled == 1


@pytest.mark.parametrize("calls", [1, 20])
def test_the_home_page_costs_the_same_for_one_call_and_for_twenty(
    calls: int, message: Message, number: PhoneNumber, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(calls):
        live(number, message, campaign=message.recipient.campaign, recipient=message.recipient)
    with django_assert_max_num_queries(21):
        found = queries.home(clock.now())
        shown = [call.campaign.name for call in found["live"].calls if call.campaign]  # type: ignore[attr-defined]  # LiveCalls
    assert len(shown) == min(calls, 8)
    assert found["live"].more == max(0, calls - 8)  # type: ignore[attr-defined]


def test_live_calls_are_those_of_the_campaign(message: Message, number: PhoneNumber) -> None:
    mine = live(number, message, campaign=message.recipient.campaign)
    live(number)
    assert [call.pk for call in queries.live_calls(campaign_id=message.recipient.campaign_id).calls] == [
        mine.pk
    ]
    assert queries.live_calls().count == 2


def test_calls_are_found_by_what_was_chosen_and_nonsense_chooses_nothing(
    message: Message, number: PhoneNumber
) -> None:
    person = message.recipient
    over = ended(number, message, outcome="confirmed", campaign=person.campaign, recipient=person)
    on = live(number)
    assert set(queries.calls_found()) == {over, on}
    assert list(queries.calls_found(state="live")) == [on]
    assert list(queries.calls_found(outcome="confirmed")) == [over]
    assert list(queries.calls_found(recipient=str(person.pk))) == [over]
    assert list(queries.calls_found(campaign="1; drop table", state="asleep")) == [on, over]
    assert list(queries.calls_found(campaign="9" * 40)) == []


def test_a_call_s_page_has_its_log_and_the_judgements_of_its_attempt(
    message: Message, number: PhoneNumber
) -> None:
    call = ended(number, message)
    for sequence, kind in ((2, "end"), (1, "connected")):
        CallEvent.objects.create(call=call, sequence=sequence, at_ms=0, kind=kind, text="It happened.")
    now, recipient = clock.now(), message.recipient
    for reference, stage in ((message.reference, "planning"), ("m-other", "hand_over")):
        Evidence.objects.create(
            recipient=recipient,
            message_reference=reference,
            stage=stage,
            judged_at=now,
            planned_for=now,
            verdict="OK",
            rules_version="1",
        )
    page = queries.call_page(call.pk)
    assert page
    assert [event.kind for event in page.events] == ["connected", "end"]
    assert [evidence.stage for evidence in page.evidence] == ["planning"]
    assert page.recording is None


def test_an_unknown_call_is_none() -> None:
    assert queries.call_page(uuid4()) is None


def test_a_batch_without_calls_changes_nothing(message: Message) -> None:
    now = clock.now()
    UploadBatch.objects.create(account=message.recipient.campaign.template.account, size=1, claimed_until=now)
    assert queries.today(now).dialled == 0


def test_call_page_takes_the_id_of_a_journal_s_call(call_id: UUID) -> None:
    page = queries.call_page(call_id)
    assert page
    assert page.call.state == "live"
