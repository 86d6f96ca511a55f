"""Calls whose process was killed: closed by others, and what was pressed in them is not lost."""

from pathlib import Path
from uuid import UUID

import pytest

from calls.agents.recording_notice import NOTICE
from calls.conversation.outputs import Entry, EntryKind, Identify
from calls.events import abandoned
from calls.events.batch_writer import store_orphans
from calls.events.journal import CallJournal, Journal
from calls.identification import Identity
from calls.models import Answer, Call, CallEvent, MediaProcess
from campaigns import clock
from campaigns.models import Agent, Campaign, Message, PhoneNumber, Recipient, Suppression
from tests.calls.events.test_unserved import menu, report_answered

__all__ = ["menu"]
pytestmark = pytest.mark.django_db(transaction=True)


def key(digit: str, *, during: str = "") -> Entry:
    """A key that was pressed while this prompt was heard."""
    data = {"digit": digit, "during": during}
    return Entry(kind=EntryKind.KEY, at_ms=300, text=f"{digit} pressed.", payload=data)


def prompt(name: str) -> Entry:
    """The begin of a prompt."""
    return Entry(kind=EntryKind.PROMPT, at_ms=200, text=f"“{name}” begins.", payload={"name": name})


def identity_of(message: Message, agent: Agent) -> Identity:
    campaign = message.recipient.campaign_id
    person = message.recipient_id
    return Identity(
        inbound=False, agent_id=agent.pk, campaign_id=campaign, recipient_id=person, message_id=message.pk
    )


def started(journal: Journal, call_id: UUID, reference: str) -> CallJournal:
    """A call whose start message came."""
    page = journal.open(call_id)
    page.log([Entry(kind=EntryKind.START, at_ms=0, text="The call was answered; the stream has started.")])
    page.started(Identify(reference, {}, "MZ1", "CA1"))
    return page


def close_it(call_id: UUID) -> None:
    """Its process was killed; a worker closes its call."""
    MediaProcess.objects.update(stopped_at=clock.now())
    assert abandoned.close_abandoned(clock.now()) == [call_id]


def in_order(call_id: UUID) -> list[str]:
    events = list(CallEvent.objects.filter(call=call_id).values_list("sequence", "kind"))
    assert [sequence for sequence, _ in events] == list(range(1, len(events) + 1))
    return [kind for _, kind in events]


def test_nine_in_the_log_of_a_call_that_was_not_identified_is_an_opt_out(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    started(journal, call_id, message.reference).log([key("9")])
    journal.work()
    close_it(call_id)
    assert Suppression.objects.get().phone == "+919825112410"
    assert Suppression.objects.get().message_reference == message.reference
    call = Call.objects.get(pk=call_id)
    assert (call.message, call.agent, call.outcome) == (message, menu, "opted_out")
    assert in_order(call_id)[:4] == ["start", "key", "end", "note"]
    assert in_order(call_id).count("opt_out") == 1


def test_nine_that_comes_to_the_database_after_that_end_is_one_too_and_once(
    journal: Journal, call_id: UUID, message: Message, menu: Agent, spools: Path
) -> None:
    page = started(journal, call_id, message.reference)
    journal.work()
    page.log([key("5"), key("9")])
    journal.spool_writer.work()
    (path,) = spools.glob("*.jsonl")
    left = path.read_bytes()
    close_it(call_id)
    assert not Suppression.objects.exists()
    for number in (5, 6):
        path.with_name(f"{UUID(int=number)}.jsonl").write_bytes(left)
        assert store_orphans() > 0
        assert Suppression.objects.get().phone == "+919825112410"
    assert in_order(call_id)[:3] == ["start", "end", "note"]
    assert in_order(call_id).count("key") == 2
    assert in_order(call_id).count("opt_out") == 1


def test_keys_before_and_behind_that_end(
    journal: Journal, call_id: UUID, message: Message, menu: Agent, spools: Path
) -> None:
    page = started(journal, call_id, message.reference)
    page.log([key("1")])
    journal.work()
    page.log([key("9")])
    journal.spool_writer.work()
    (path,) = spools.glob("*.jsonl")
    left = path.read_bytes()
    close_it(call_id)
    assert Recipient.objects.get().outcome == "will_pay"
    assert not Suppression.objects.exists()
    path.with_name(f"{UUID(int=5)}.jsonl").write_bytes(left)
    store_orphans()
    assert Suppression.objects.get().phone == "+919825112410"
    assert Answer.objects.count() == 1
    in_order(call_id)


def test_nine_during_the_notice_that_the_call_is_recorded_is_an_opt_out(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    page = started(journal, call_id, message.reference)
    page.identified(identity_of(message, menu))
    page.log([prompt(NOTICE), key("9", during=NOTICE)])
    journal.work()
    close_it(call_id)
    assert Suppression.objects.get().phone == "+919825112410"


def test_a_nine_that_the_agent_took_as_a_digit_stays_one(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    page = started(journal, call_id, message.reference)
    page.identified(identity_of(message, menu))
    page.log([prompt("opening"), key("3"), key("9")])
    journal.work()
    close_it(call_id)
    assert not Suppression.objects.exists()


def test_a_call_that_never_started_is_closed_and_no_more(
    journal: Journal, call_id: UUID, number: PhoneNumber
) -> None:
    journal.open(call_id)
    journal.work()
    close_it(call_id)
    assert in_order(call_id) == ["end"]


@pytest.mark.parametrize("identified", [True, False])
def test_a_call_whose_process_died_is_not_an_answer(
    journal: Journal, call_id: UUID, message: Message, menu: Agent, identified: bool
) -> None:
    Campaign.objects.update(max_attempts=2, retry_gaps=[30])
    Recipient.objects.update(state=Recipient.State.UNDER_WAY, attempts=1)
    page = started(journal, call_id, message.reference)
    if identified:
        page.identified(identity_of(message, menu))
    journal.work()
    close_it(call_id)
    report_answered(message)
    assert (Recipient.objects.get().state, Message.objects.get().disposition) == ("waiting", "dropped")
