"""The journal: in order, in batches, whatever the database does, and never in the way."""

import threading
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError

from calls import services
from calls.journal import Journal
from calls.models import Answer, Call, CallEvent, MediaProcess
from calls.records import Identity, Record
from calls.steps import Close, Ending, Entry, EntryKind, Summary
from campaigns import clock
from campaigns.models import Message, PhoneNumber, Recipient, Suppression

pytestmark = pytest.mark.django_db(transaction=True)

HUNG_UP = Close(code=1000, ended_by=Ending.CALLER, reason="The other side hung up.")
FIGURES = Summary(
    duration_ms=8000,
    frames_in=400,
    frames_out=12,
    heard_ms=2400,
    first_audio_ms=90,
    disposition="answered",
    outcome="",
)


def entry(kind: EntryKind = EntryKind.NOTE, text: str = "Something.", **data: object) -> Entry:
    return Entry(kind=kind, at_ms=20, text=text, data=data)


def identity_of(message: Message) -> Identity:
    recipient = message.recipient
    return Identity(
        stream_sid="MZ1",
        call_sid="CA1",
        language="gu",
        inbound=False,
        agent_id=recipient.campaign.agent_id,
        campaign_id=recipient.campaign_id,
        recipient_id=recipient.pk,
        message_id=message.pk,
    )


def sequences(call_id: UUID) -> list[int]:
    return list(CallEvent.objects.filter(call_id=call_id).values_list("sequence", flat=True))


def test_a_call_is_written_down_and_closed(journal: Journal, call_id: UUID, message: Message) -> None:
    page = journal.open(call_id)
    page.log([entry(EntryKind.CONNECTED), entry(EntryKind.START)])
    page.identified(identity_of(message))
    page.log([entry(EntryKind.END, "The other side hung up.")])
    page.closed(HUNG_UP, FIGURES)
    journal.start()
    journal.stop()

    call = Call.objects.get(pk=call_id)
    assert sequences(call_id) == [1, 2, 3]
    assert (call.state, call.ended_by, call.reason) == ("ended", "caller", "The other side hung up.")
    assert (call.stream_sid, call.direction, call.message) == ("MZ1", "outbound", message)
    assert (call.duration_ms, call.frames_in, call.heard_ms) == (8000, 400, 2400)
    assert journal.left() == 0


def test_an_answer_an_outcome_and_an_opt_out_act_with_their_event(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    page = journal.open(call_id)
    page.identified(identity_of(message))
    page.log([entry(EntryKind.ANSWER, question="menu", value="1", label="Yes, on time")])
    page.log([entry(EntryKind.OUTCOME, outcome="confirmed", label="Will pay")])
    page.log([entry(EntryKind.OPT_OUT, how="key", what="9")])
    journal.work()

    answer = Answer.objects.get(call_id=call_id)
    assert (answer.question, answer.value, answer.recipient_id) == ("menu", "1", message.recipient_id)
    assert Recipient.objects.get(pk=message.recipient_id).outcome == "confirmed"
    assert Call.objects.get(pk=call_id).outcome == "confirmed"
    suppression = Suppression.objects.get()
    assert suppression.phone == "+919825112410"
    assert suppression.message_reference == message.reference


def test_an_opt_out_of_somebody_unknown_suppresses_nobody(
    journal: Journal, call_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    journal.open(call_id).log([entry(EntryKind.OPT_OUT, how="key", what="9")])
    journal.work()
    assert not Suppression.objects.exists()
    assert "asked not to be called" in caplog.text
    assert sequences(call_id) == [1]


class FailingServices:
    """The real writer behind a database that is away for a while."""

    def __init__(self, failures: int, *, after: bool = False) -> None:
        self.failures, self.after = failures, after
        self.write_really = services.write

    def write(self, records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
        if self.failures == 0:
            return self.write_really(records, tried_before=tried_before)
        self.failures -= 1
        if self.after:
            self.write_really(records, tried_before=tried_before)
        raise OperationalError("server closed the connection")


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_database_that_fails_costs_nothing_and_doubles_nothing(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    failing = FailingServices(2 if not after else 1, after=after)
    monkeypatch.setattr(services, "write", failing.write)
    page = journal.open(call_id)
    page.log([entry(EntryKind.ANSWER, question="q", value=str(number), label="") for number in range(5)])
    journal.work()
    assert sequences(call_id) == [1, 2, 3, 4, 5]
    assert list(Answer.objects.values_list("value", flat=True)) == ["0", "1", "2", "3", "4"]


def test_taking_down_never_waits_for_a_stuck_database(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()

    def write(records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
        stuck.wait(5)
        return write_really(records, tried_before=tried_before)

    write_really = services.write
    monkeypatch.setattr(services, "write", write)
    journal.start()
    page = journal.open(call_id)
    began = time.perf_counter()
    for _ in range(1000):
        page.log([entry()])
        page.doing(str(_))
    assert time.perf_counter() - began < 0.5
    stuck.set()
    journal.stop()
    assert sequences(call_id)[-2:] == [1000, 1001]


def test_too_much_is_turned_away_counted_and_told(number: PhoneNumber, call_id: UUID) -> None:
    journal = Journal(capacity=10)
    page = journal.open(call_id)
    page.log([entry() for _ in range(30)])
    page.log([entry(EntryKind.OUTCOME, outcome="confirmed", label="Yes")])
    page.closed(HUNG_UP, FIGURES)
    journal.work()
    assert page.lost == 20
    assert sequences(call_id) == list(range(1, 13))
    assert "20 events" in Call.objects.get(pk=call_id).reason


def test_a_call_that_cannot_be_stored_harms_no_other(
    journal: Journal, call_id: UUID, number: PhoneNumber
) -> None:
    other = services.open_call(number.pk, process_id=journal.process_id, now=clock.now())
    bad, good = journal.open(other), journal.open(call_id)
    bad.log([entry(EntryKind.NOTE, reason=object())])
    good.log([entry()])
    bad.closed(HUNG_UP, FIGURES)
    good.closed(HUNG_UP, FIGURES)
    journal.open(uuid4()).log([entry()])
    journal.work()
    assert sequences(call_id) == [1, 2]
    assert set(Call.objects.values_list("state", flat=True)) == {"ended"}
    assert journal.left() == 0


def test_a_call_closed_by_somebody_else_stays_closed_and_its_line_is_told(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    told: list[bool] = []
    page = journal.open(call_id)
    page.on_closed_elsewhere = lambda: told.append(True)
    page.identified(identity_of(message))
    page.log([entry()])
    journal.work()
    MediaProcess.objects.update(alive_at=clock.now().replace(year=2020))
    assert services.close_abandoned(clock.now()) == [call_id]

    page.log([entry(), entry(EntryKind.OPT_OUT, how="key", what="9")])
    journal.work()
    page.closed(HUNG_UP, FIGURES)
    journal.work()
    call = Call.objects.get(pk=call_id)
    assert (call.state, call.ended_by) == ("ended", "server")
    assert sequences(call_id) == [1, 2]
    assert told == [True]
    assert Suppression.objects.filter(phone="+919825112410").exists()


def test_what_it_does_is_stored_once_a_second_at_most(journal: Journal, call_id: UUID) -> None:
    page = journal.open(call_id)
    page.doing("agent speaks: opening")
    page.doing("agent speaks: amount")
    journal.work()
    assert Call.objects.get(pk=call_id).doing == "agent speaks: amount"
    page.doing("waiting for a key")
    journal.work()
    assert Call.objects.get(pk=call_id).doing == "agent speaks: amount"


def test_when_the_process_ends_no_call_of_it_stays_open(journal: Journal, call_id: UUID) -> None:
    journal.register()
    journal.open(call_id).log([entry()])
    journal.stop()
    call = Call.objects.get(pk=call_id)
    assert (call.state, call.ended_by) == ("ended", "server")
    assert CallEvent.objects.filter(call=call).last() is not None
    assert list(call.events.values_list("kind", flat=True)) == ["note", "end"]
    assert MediaProcess.objects.get(pk=journal.process_id).stopped_at is not None


def test_a_process_with_calls_gives_signs_of_life(journal: Journal) -> None:
    journal.register()
    row = MediaProcess.objects.get(pk=journal.process_id)
    assert row.stopped_at is None
    assert abs((clock.now() - row.alive_at).total_seconds()) < 5
