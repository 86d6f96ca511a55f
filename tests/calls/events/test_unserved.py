"""Calls that ended before an agent was given them: who it was and what the keys meant is not lost."""

from pathlib import Path
from uuid import UUID

import pytest

from calls.conversation.outputs import Close, Ending, Entry, EntryKind, Identify, Summary
from calls.events import unserved
from calls.events.batch_writer import store_orphans
from calls.events.codec import decode, encode
from calls.events.journal import Journal
from calls.events.records import Started, Unserved
from calls.identification import Identity
from calls.models import Call, CallEvent
from campaigns import clock
from campaigns.models import Agent, Campaign, Message, PhoneNumber, Recipient, StaffCallback, Suppression
from campaigns.transitions.attempt import UNSERVED, settle_message
from campaigns.xfin.schemas import RemoteMessage
from campaigns.xfin.states import Disposition, RemoteState
from tests.calls.agents.texts import MENU, VARIABLES, dialogue
from tests.calls.conftest import opened

pytestmark = pytest.mark.django_db(transaction=True)

HUNG_UP = Close(code=1000, ended_by=Ending.CALLER, reason="The other side hung up.")


@pytest.fixture
def menu(message: Message) -> Agent:
    """The campaign's agent speaks a menu, and the person has all values for it."""
    menu = Agent.objects.create(name="Menu", kind=Agent.Kind.DIALOGUE, configuration=dialogue(MENU))
    Campaign.objects.update(agent=menu)
    Recipient.objects.update(variables=VARIABLES)
    return menu


def hang_up(journal: Journal, call_id: UUID, asked: Identify, keys: str) -> None:
    """One call as the consumer hands it to the journal: started, ended, and never served."""
    page = journal.open(call_id)
    page.log([Entry(kind=EntryKind.START, at_ms=0, text="The call was answered; the stream has started.")])
    page.started(asked)
    page.closed(HUNG_UP, None)
    page.unserved(asked, keys)


def test_nine_is_an_opt_out_by_the_reference_alone(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "9")
    journal.work()
    assert Suppression.objects.get().phone == "+919825112410"
    assert Suppression.objects.get().message_reference == message.reference
    call = Call.objects.get(pk=call_id)
    assert (call.message, call.recipient, call.campaign) == (
        message,
        message.recipient,
        message.recipient.campaign,
    )
    assert (call.stream_sid, call.call_sid, call.reference) == ("MZ1", "CA1", message.reference)
    assert (call.state, call.outcome, call.agent) == ("ended", "opted_out", menu)
    numbers = list(CallEvent.objects.filter(call=call).values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_other_keys_are_the_answers_they_would_have_been(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "1")
    journal.work()
    assert Call.objects.get(pk=call_id).outcome == Recipient.objects.get().outcome != ""
    assert not Suppression.objects.exists()


def test_the_row_holds_what_the_start_gave_though_it_names_nothing_of_ours(
    journal: Journal, call_id: UUID, number: PhoneNumber
) -> None:
    hang_up(journal, call_id, Identify("m-of-another-house", {}, "MZ1", "CA1"), "")
    journal.work()
    call = Call.objects.get(pk=call_id)
    assert (call.stream_sid, call.call_sid, call.reference) == ("MZ1", "CA1", "m-of-another-house")
    assert call.message is None


def test_nine_counts_though_the_agent_cannot_be_used(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    Agent.objects.filter(pk=menu.pk).update(configuration={"nonsense": 1})
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "19")
    journal.work()
    assert Suppression.objects.get().phone == "+919825112410"


def test_nine_counts_though_the_agent_fails_and_the_journal_goes_on(
    journal: Journal, call_id: UUID, message: Message, menu: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **named: object) -> list[Entry]:
        raise ZeroDivisionError

    monkeypatch.setattr(unserved, "results_of", fail)
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "9")
    journal.work()
    assert Suppression.objects.count() == 1
    assert journal.spool_writer.waiting == 0


def test_a_caller_who_calls_us_and_presses_nine_at_once_is_suppressed(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    PhoneNumber.objects.update(inbound_agent=menu)
    hang_up(journal, call_id, Identify("", {"from": "+919825112410"}, "MZ1", "CA1"), "9")
    journal.work()
    assert Suppression.objects.get().source == Suppression.Source.INBOUND


def test_a_caller_who_was_not_served_is_to_be_called_by_staff_once(
    journal: Journal, call_id: UUID, number: PhoneNumber, spools: Path
) -> None:
    hang_up(journal, call_id, Identify("", {"from": "+919825112499"}, "MZ1", "CA1"), "")
    journal.spool_writer.work()
    (path,) = spools.glob("*.jsonl")
    copy = path.read_bytes()
    journal.work()
    row = StaffCallback.objects.get()
    assert (row.phone, row.call, row.source) == ("+919825112499", call_id, "unserved")
    assert row.number == number
    assert Call.objects.get(pk=call_id).caller == "+919825112499"
    StaffCallback.objects.update(state="taken")
    path.with_name(f"{UUID(int=5)}.jsonl").write_bytes(copy)
    store_orphans()
    assert StaffCallback.objects.count() == 1


def test_no_caller_is_called_by_staff_whose_number_is_not_known_or_whom_we_called(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    hang_up(journal, call_id, Identify("", {}, "MZ1", "CA1"), "")
    journal.work()
    other = opened(PhoneNumber.objects.get(), journal.process_id)
    hang_up(journal, other, Identify(message.reference, {}, "MZ2", "CA2"), "")
    journal.work()
    assert not StaffCallback.objects.exists()


def test_stored_twice_it_counts_once(
    journal: Journal, call_id: UUID, message: Message, menu: Agent, spools: Path
) -> None:
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "9")
    journal.spool_writer.work()
    (path,) = spools.glob("*.jsonl")
    copy = path.read_bytes()
    journal.work()
    events = CallEvent.objects.count()
    path.with_name(f"{UUID(int=5)}.jsonl").write_bytes(copy)
    assert store_orphans() > 0
    assert (CallEvent.objects.count(), Suppression.objects.count()) == (events, 1)


def test_its_records_are_read_from_disk_as_they_were_written() -> None:
    at = clock.now()
    started = Started(call_id=UUID(int=7), at=at, stream_sid="MZ1", call_sid="CA1", reference="m-1")
    late = Unserved(
        call_id=UUID(int=7),
        at=at,
        stream_sid="MZ1",
        call_sid="CA1",
        reference="m-1",
        keys="19",
        at_ms=40,
        parameters={"from": "+919825112410"},
    )
    assert [decode(encode(record)) for record in (started, late)] == [started, late]


# --- What XFin calls answered ---------------------------------------------------------------------

CUT = Close(code=1001, ended_by=Ending.SERVER, reason="Our server was stopped during the call.")


def report_answered(message: Message) -> None:
    """XFin says of a message that its call was answered and is over."""
    remote = RemoteMessage(
        id=1,
        phone_number="+919825112410",
        state=RemoteState.DONE,
        raw_state="done",
        disposition=Disposition.ANSWERED,
        raw_reason="",
        duration_s=6,
        tags=(),
        send_on=None,
        values=(),
        templatelanguage=None,
        raw={},
    )
    assert settle_message(message, remote, now=clock.now())


def summed_up(disposition: str) -> Summary:
    """A call's figures; only its disposition matters here."""
    return Summary(
        duration_ms=900,
        frames_in=4,
        frames_out=0,
        heard_ms=0,
        first_audio_ms=None,
        disposition=disposition,
        outcome="",
    )


def serve(journal: Journal, call_id: UUID, message: Message, close: Close, disposition: str) -> None:
    """One call of an attempt that was identified and ended so."""
    page = journal.open(call_id)
    page.identified(Identity(inbound=False, message_id=message.pk, recipient_id=message.recipient_id))
    page.closed(close, summed_up(disposition))
    journal.work()


ENDS = [
    pytest.param(HUNG_UP, "failed", id="no agent"),
    pytest.param(CUT, "dropped", id="our server stopped"),
]


@pytest.mark.parametrize("news_first", [True, False])
@pytest.mark.parametrize(("close", "disposition"), ENDS)
def test_who_was_not_served_is_not_counted_as_answered_and_may_be_called_again(
    journal: Journal, call_id: UUID, message: Message, close: Close, disposition: str, news_first: bool
) -> None:
    Campaign.objects.update(max_attempts=2, retry_gaps=[30])
    Recipient.objects.update(state=Recipient.State.UNDER_WAY, attempts=1)
    if news_first:
        report_answered(message)
    serve(journal, call_id, message, close, disposition)
    if not news_first:
        report_answered(message)
    message.refresh_from_db()
    person = Recipient.objects.get()
    assert (message.state, message.disposition, message.reason) == ("failed", "dropped", UNSERVED)
    assert (person.state, person.disposition, person.outcome) == ("waiting", "dropped", "")
    assert person.due_at is not None


@pytest.mark.parametrize("news_first", [True, False])
def test_who_was_found_out_after_the_end_was_not_served_either(
    journal: Journal, call_id: UUID, message: Message, menu: Agent, news_first: bool
) -> None:
    Campaign.objects.update(max_attempts=2, retry_gaps=[30])
    Recipient.objects.update(state=Recipient.State.UNDER_WAY, attempts=1)
    if news_first:
        report_answered(message)
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "")
    journal.work()
    if not news_first:
        report_answered(message)
    assert (Recipient.objects.get().state, Message.objects.get().disposition) == ("waiting", "dropped")


def test_who_gave_an_answer_before_our_server_stopped_is_done(
    journal: Journal, call_id: UUID, message: Message, menu: Agent
) -> None:
    Recipient.objects.update(state=Recipient.State.UNDER_WAY, attempts=1)
    hang_up(journal, call_id, Identify(message.reference, {}, "MZ1", "CA1"), "1")
    journal.work()
    report_answered(message)
    assert (Recipient.objects.get().state, Message.objects.get().disposition) == ("completed", "answered")


def test_a_second_call_that_was_served_is_an_answer(
    journal: Journal, call_id: UUID, message: Message, number: PhoneNumber
) -> None:
    Recipient.objects.update(state=Recipient.State.UNDER_WAY, attempts=1)
    serve(journal, call_id, message, CUT, "dropped")
    serve(journal, opened(number, journal.process_id), message, HUNG_UP, "answered")
    report_answered(message)
    assert (Recipient.objects.get().state, Message.objects.get().disposition) == ("completed", "answered")
