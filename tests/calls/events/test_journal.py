"""The journal: in order, in batches, whatever the database does, and never in the way."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from django.db.transaction import TransactionManagementError
from django.urls import reverse
from pytest_django import Settings

from calls import queries
from calls.conversation.outputs import Close, Ending, Entry, EntryKind, Summary
from calls.events import abandoned, batch_writer, heartbeat, rows
from calls.events.journal import Journal
from calls.events.records import Identified, Logged, Record
from calls.events.spool import Spool
from calls.identification import Identity
from calls.models import Answer, Call, CallEvent, MediaProcess
from calls.reports import answers
from campaigns import clock
from campaigns.appointments import places
from campaigns.models import (
    Appointment,
    Calendar,
    Callback,
    Hold,
    Message,
    Notification,
    OutsideService,
    PhoneNumber,
    Recipient,
    Slot,
    StaffCallback,
    Suppression,
)
from campaigns.rules.results import Answer as Rated
from campaigns.transitions.language import chosen
from tests import cast
from tests.calls.conftest import opened
from tests.campaigns.appointments.clinic import add_slot, assert_books_balance

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
    return Entry.from_json(kind, 20, text, data)


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


def rated(value: str) -> Entry:
    payload = Rated("rate", value, value, "rating", "how")
    return Entry(kind=EntryKind.ANSWER, at_ms=10, text="Rated.", payload=payload)


def test_what_was_heard_of_a_question_is_written_beside_its_latest_answer(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    page = journal.open(call_id)
    page.identified(replace(identity_of(message), version=3))
    page.log([rated("4")])
    page.log([entry(EntryKind.ANSWER, question="other", value="1", label="Yes")])
    page.log([entry(EntryKind.QUESTION, question="rate", heard_ms=900, total_ms=2000, finished=False)])
    page.log([rated("5")])
    page.log([entry(EntryKind.QUESTION, question="rate", heard_ms=2000, total_ms=2000, finished=True)])
    page.log([entry(EntryKind.QUESTION, question="unknown", heard_ms=1, total_ms=2, finished=False)])
    journal.work()

    columns = ("value", "kind", "step", "version", "heard_ms", "question_ms", "heard_whole")
    assert list(Answer.objects.filter(call_id=call_id).order_by("pk").values_list(*columns)) == [
        ("4", "rating", "how", 3, 900, 2000, False),
        ("1", "", "", 3, None, None, None),
        ("5", "rating", "how", 3, 2000, 2000, True),
    ]
    assert Call.objects.get(pk=call_id).version == 3


def test_a_call_back_is_taken_down_with_its_event_and_once_when_both_are_stored_again(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    Recipient.objects.update(attempts=1)
    wish = entry(EntryKind.CALLBACK, when="in 3 days", label="In three days", how="key")
    at, identity = clock.now(), identity_of(message)
    records: list[Record] = [
        Identified(call_id=call_id, at=at, identity=identity),
        Logged(call_id=call_id, at=at, sequence=1, entry=wish),
    ]
    rows.write(records)
    rows.write(records, tried_before=True)
    row = Callback.objects.get()
    assert row.asked_for == at + timedelta(days=3)
    assert (row.recipient_id, row.message_reference) == (message.recipient_id, message.reference)
    assert Call.objects.get(pk=call_id).outcome == "call_back"
    assert Recipient.objects.get(pk=message.recipient_id).outcome == ""
    assert sequences(call_id) == [1]


def test_a_service_is_told_once_by_one_key_however_often_its_event_is_stored(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    shop = OutsideService.objects.create(name="shop", url="https://shop.example/hook")
    told = entry(EntryKind.TELL, service="shop", values={"paid": "yes"})
    at = clock.now()
    records: list[Record] = [
        Identified(call_id=call_id, at=at, identity=identity_of(message)),
        Logged(call_id=call_id, at=at, sequence=1, entry=told),
        Logged(call_id=call_id, at=at, sequence=2, entry=told),
    ]
    rows.write(records)
    rows.write(records, tried_before=True)
    first, second = Notification.objects.order_by("pk")
    assert (first.service, first.values, first.at) == (shop, {"paid": "yes"}, at)
    assert (first.recipient_id, first.reference) == (message.recipient_id, message.reference)
    assert (first.key, second.key) == (uuid5(call_id, "1"), uuid5(call_id, "2"))
    assert sequences(call_id) == [1, 2]


def test_a_service_whose_event_can_not_be_stored_is_not_told(call_id: UUID, message: Message) -> None:
    OutsideService.objects.create(name="shop", url="https://shop.example/hook")
    told = entry(EntryKind.TELL, service="shop", values={"paid": "yes"})
    records: list[Record] = [
        Logged(call_id=call_id, at=clock.now(), sequence=number, entry=told) for number in (1, 1)
    ]
    with pytest.raises(IntegrityError):
        rows.write(records)
    assert not Notification.objects.exists()


def test_a_call_back_whose_event_can_not_be_stored_is_not_taken_down(call_id: UUID, message: Message) -> None:
    wish = entry(EntryKind.CALLBACK, when="in 3 days", label="In three days", how="key")
    at = clock.now()
    twice: list[Record] = [Logged(call_id=call_id, at=at, sequence=1, entry=wish)] * 2
    known = Identified(call_id=call_id, at=at, identity=identity_of(message))
    with pytest.raises(IntegrityError):
        rows.write([known, *twice])
    assert not Callback.objects.exists()
    assert not CallEvent.objects.exists()


def test_a_call_back_for_somebody_unknown_is_logged_and_nothing_else(
    journal: Journal, call_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    journal.open(call_id).log([entry(EntryKind.CALLBACK, when="in 1 hour", label="", how="spoken")])
    journal.work()
    assert not Callback.objects.exists()
    assert "whose campaign we do not know asked to be called back" in caplog.text
    assert sequences(call_id) == [1]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (entry(EntryKind.OPT_OUT, how="key", what="9"), "pressed 9"),
        (entry(EntryKind.OUTCOME, outcome="opted_out", label="No more calls"), "chose “No more calls”"),
    ],
)
def test_whoever_calls_us_and_asks_us_to_stop_is_suppressed(
    journal: Journal, call_id: UUID, message: Message, wish: Entry, words: str
) -> None:
    page = journal.open(call_id)
    page.identified(Identity(recipient_id=message.recipient_id))
    page.log([wish])
    journal.work()
    row = Suppression.objects.get()
    assert (row.phone, row.source, row.message_reference) == ("+919825112410", "inbound", "")
    assert row.reason == f"Asked us to stop: {words} when calling us."
    assert Recipient.objects.get(pk=message.recipient_id).state == Recipient.State.SUPPRESSED


def test_who_wants_a_person_is_entered_with_the_event_by_whom_the_call_is_of(
    journal: Journal, call_id: UUID, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    page, wish = journal.open(call_id), {"about": "The bill", "step": "menu", "how": "key"}
    page.log([entry(EntryKind.PERSON, **wish)])
    journal.work()
    assert "a caller whose number is not known wants a person" in caplog.text
    page.identified(Identity(caller="+919825112499"))
    page.log([entry(EntryKind.PERSON, **wish)])
    page.closed(HUNG_UP, FIGURES)
    journal.work()
    row = StaffCallback.objects.get()
    assert (row.phone, row.about, row.call) == ("+919825112499", "The bill", call_id)
    assert row.campaign is None


def test_a_tag_stands_once_with_its_call_and_finds_it(
    journal: Journal, call_id: UUID, message: Message
) -> None:
    page = journal.open(call_id)
    page.identified(identity_of(message))
    page.log([entry(EntryKind.TAG, tag="bill"), entry(EntryKind.TAG, tag="bill")])
    page.log([entry(EntryKind.TAG, tag="late")])
    page.log([entry(EntryKind.ANSWER, question="menu", value="1", label="Yes")])
    journal.work()
    assert [tag.tag for tag in Call.objects.get(pk=call_id).tags.all()] == ["bill", "late"]
    assert [call.pk for call in queries.calls_found(tag="bill")] == [call_id]
    assert not queries.calls_found(tag="other").exists()
    assert queries.tags_seen() == ["bill", "late"]
    _, row = answers.table(message.recipient.campaign, whole_numbers=False)
    assert row[-1] == "bill;late"
    browser = cast.browser(cast.viewer())
    assert "?tag=bill" in browser.get(reverse("call", args=[call_id])).content.decode()
    assert str(call_id) in browser.get(reverse("calls") + "?tag=bill").content.decode()
    assert str(call_id) not in browser.get(reverse("calls") + "?tag=other").content.decode()
    (shown,) = browser.get("/api/calls/?tags__tag=late").json()["results"]
    assert shown["tags"] == ["bill", "late"]


def test_a_language_that_is_chosen_in_a_call_is_kept_for_its_person(
    journal: Journal, call_id: UUID, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    page = journal.open(call_id)
    page.log([entry(EntryKind.LANGUAGE, language="gu")])
    journal.work()
    assert "chose a language, which is not kept" in caplog.text
    page.identified(identity_of(message))
    page.log([entry(EntryKind.LANGUAGE, language="gu")])
    journal.work()
    assert chosen([message.recipient.phone]) == {message.recipient.phone: "gu"}


def test_an_opt_out_of_somebody_unknown_suppresses_nobody(
    journal: Journal, call_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    journal.open(call_id).log([entry(EntryKind.OPT_OUT, how="key", what="9")])
    journal.work()
    assert not Suppression.objects.exists()
    assert "asked not to be called" in caplog.text
    assert sequences(call_id) == [1]


def work_until_stored(journal: Journal, call_id: UUID, count: int) -> None:
    """Rounds of work, as the journal's thread does them."""
    until = time.monotonic() + 10
    while len(sequences(call_id)) < count or journal.left():
        assert time.monotonic() < until
        journal.work()
        time.sleep(0.05)


class FailingServices:
    """The real writer behind a database that is away for a while."""

    def __init__(
        self, failures: int, *, after: bool = False, error: type[Exception] = OperationalError
    ) -> None:
        self.failures, self.after, self.error = failures, after, error
        self.write_really = rows.write

    def write(self, records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
        if self.failures == 0:
            return self.write_really(records, tried_before=tried_before)
        self.failures -= 1
        if self.after:
            self.write_really(records, tried_before=tried_before)
        raise self.error("server closed the connection")


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_database_that_fails_costs_nothing_and_doubles_nothing(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    failing = FailingServices(2 if not after else 1, after=after)
    monkeypatch.setattr(rows, "write", failing.write)
    page = journal.open(call_id)
    page.log([entry(EntryKind.ANSWER, question="q", value=str(number), label="") for number in range(5)])
    work_until_stored(journal, call_id, 5)
    assert sequences(call_id) == [1, 2, 3, 4, 5]
    assert list(Answer.objects.values_list("value", flat=True)) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "error",
    [
        InternalError,  # a primary that became a standby, a full disk: "read-only transaction", 25006
        ProgrammingError,
        NotSupportedError,
        InterfaceError,
        DatabaseError,
        TransactionManagementError,
    ],
)
def test_no_state_of_the_database_costs_an_event(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    failing = FailingServices(3, error=error)
    monkeypatch.setattr(rows, "write", failing.write)
    page = journal.open(call_id)
    page.log([entry(), entry()])
    page.closed(HUNG_UP, FIGURES)
    work_until_stored(journal, call_id, 3)
    assert sequences(call_id) == [1, 2, 3]
    assert Call.objects.get(pk=call_id).state == "ended"


def test_a_sign_of_life_that_is_not_taken_is_tried_again_and_not_ten_times_a_second(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[UUID] = []

    def read_only(process_id: UUID, *_: object) -> None:
        tries.append(process_id)
        raise InternalError("cannot execute UPDATE in a read-only transaction")

    monkeypatch.setattr(heartbeat, "give_sign_of_life", read_only)
    for _ in range(10):
        journal.work()
    assert tries == [journal.process_id]


@pytest.mark.parametrize("error", [DataError, IntegrityError, ValueError, LookupError])
def test_records_that_are_refused_cost_their_own_call_its_events_and_do_not_block(
    journal: Journal,
    call_id: UUID,
    number: PhoneNumber,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    poisoned = opened(number, journal.process_id)
    write_really = rows.write

    def write(records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
        if any(isinstance(record, Logged) and record.call_id == poisoned for record in records):
            raise error("as often as it is tried")
        return write_really(records, tried_before=tried_before)

    monkeypatch.setattr(rows, "write", write)
    for call in (poisoned, call_id):
        page = journal.open(call)
        page.log([entry()])
        page.closed(HUNG_UP, FIGURES)
    journal.work()
    assert (sequences(poisoned), sequences(call_id)) == ([], [1, 2])
    assert set(Call.objects.values_list("state", flat=True)) == {"ended"}


def test_taking_down_never_waits_for_a_stuck_database(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()

    def write(records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
        stuck.wait(5)
        return write_really(records, tried_before=tried_before)

    write_really = rows.write
    monkeypatch.setattr(rows, "write", write)
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


def test_the_figures_of_a_call_of_hours_crowd_out_nothing(journal: Journal, call_id: UUID) -> None:
    page = journal.open(call_id)
    page.log([entry(EntryKind.STATS)] * 6000)
    page.log([entry(EntryKind.KEY)] * 10)
    assert (page.lost, journal.accepted) == (0, 6010)
    page.log([entry()] * 6000)
    assert (page.lost, journal.accepted) == (1010, 11_000)


def test_a_call_that_cannot_be_stored_harms_no_other(
    journal: Journal, call_id: UUID, number: PhoneNumber
) -> None:
    other = opened(number, journal.process_id)
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
    journal: Journal, call_id: UUID, message: Message, watched: None
) -> None:
    told: list[bool] = []
    page = journal.open(call_id)
    page.on_closed_elsewhere = lambda: told.append(True)
    page.identified(identity_of(message))
    page.log([entry()])
    journal.work()
    MediaProcess.objects.update(alive_at=clock.now().replace(year=2020))
    assert abandoned.close_abandoned(clock.now()) == [call_id]

    page.log([entry(), entry(EntryKind.OPT_OUT, how="key", what="9")])
    journal.work()
    page.closed(HUNG_UP, FIGURES)
    journal.work()
    call = Call.objects.get(pk=call_id)
    assert (call.state, call.ended_by) == ("ended", "server")
    assert list(call.events.values_list("sequence", "kind")) == [
        (1, "note"),
        (2, "end"),
        (3, "note"),
        (4, "opt_out"),
        (5, "end"),
    ]
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


# --- The database is away -------------------------------------------------------------------------


class Outage:
    """The real writer, behind a database that is stopped and started again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_on = True
        monkeypatch.setattr(rows, "write", self.guard(rows.write))
        for name in ("give_sign_of_life", "set_doing", "process_stopped"):
            monkeypatch.setattr(heartbeat, name, self.guard(getattr(heartbeat, name)))

    def guard(self, really: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            if self.is_on:
                raise OperationalError("connection refused")
            return really(*args, **named)

        return call

    def ends(self) -> None:
        self.is_on = False


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch, call_id: UUID) -> Outage:
    return Outage(monkeypatch)


def test_an_outage_leaves_events_on_disk_and_in_order(
    journal: Journal, call_id: UUID, outage: Outage, spools: Path
) -> None:
    page = journal.open(call_id)
    for number in range(700):
        page.log([entry(text=f"{number}")])
        if number % 100 == 0:
            journal.work()
    journal.work()
    assert journal.left() == 0
    (file,) = spools.glob("*.jsonl")
    assert file.read_bytes().count(b"\n") == 700
    assert file.stat().st_mode & 0o077 == 0

    outage.ends()
    work_until_stored(journal, call_id, 700)
    assert list(CallEvent.objects.filter(call_id=call_id).values_list("text", flat=True)) == [
        str(number) for number in range(700)
    ]
    assert file.stat().st_size == 0
    assert (journal.accepted, journal.stored) == (700, 700)
    journal.stop()
    assert not file.exists()


def test_what_a_killed_process_left_is_stored_once_by_another(
    call_id: UUID, message: Message, outage: Outage
) -> None:
    killed = Journal()
    page = killed.open(call_id)
    page.identified(identity_of(message))
    page.log([entry(EntryKind.ANSWER, question="menu", value="1", label="Yes")])
    page.log([entry(EntryKind.OUTCOME, outcome="confirmed", label="Will pay")])
    page.log([entry(EntryKind.OPT_OUT, how="key", what="9")])
    page.closed(HUNG_UP, FIGURES)
    killed.work()
    assert batch_writer.store_orphans() == 0, "its lock holds while the process lives"
    assert killed.stop()

    with pytest.raises(OperationalError):
        batch_writer.store_orphans()
    outage.ends()
    assert batch_writer.store_orphans() == 6
    assert batch_writer.store_orphans() == 0
    assert sequences(call_id) == [1, 2, 3, 4]
    call = Call.objects.get(pk=call_id)
    assert (call.state, call.ended_by, call.outcome, call.frames_in) == ("ended", "caller", "confirmed", 400)
    assert Answer.objects.filter(call=call, recipient=message.recipient).count() == 1
    assert Suppression.objects.filter(phone="+919825112410").count() == 1


def test_whoever_stores_what_another_left_goes_on_giving_signs_of_life(
    journal: Journal, call_id: UUID, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is taken for dead meanwhile, and its calls are closed."""
    killed = Journal()
    killed.open(call_id).log([entry()] * 6)
    killed.work()
    killed.stop()
    outage.ends()
    done: list[str] = []
    for module, name in ((rows, "write"), (heartbeat, "give_sign_of_life")):
        monkeypatch.setattr(module, name, noted(name, getattr(module, name), done))
    monkeypatch.setattr(batch_writer, "BATCH", 2)
    monkeypatch.setattr("calls.events.journal.HEARTBEAT", 0)
    journal.work()
    assert done == ["give_sign_of_life"] + ["write", "give_sign_of_life"] * 3
    assert sequences(call_id) == [1, 2, 3, 4, 5, 6]


def noted(name: str, really: Callable[..., object], done: list[str]) -> Callable[..., object]:
    def call(*args: object, **named: object) -> object:
        done.append(name)
        return really(*args, **named)

    return call


def test_a_spool_that_was_stored_in_part_is_stored_the_rest(
    call_id: UUID, message: Message, outage: Outage, spools: Path
) -> None:
    killed = Journal()
    page = killed.open(call_id)
    page.identified(identity_of(message))
    page.log([entry(EntryKind.ANSWER, question="q", value=str(number), label="") for number in range(300)])
    killed.work()
    (file,) = spools.glob("*.jsonl")
    whole = file.read_bytes()
    outage.ends()
    work_until_stored(killed, call_id, 300)
    killed.stop()

    more = whole.splitlines()[-1].replace(b'"sequence":300', b'"sequence":301') + b"\n"
    file.write_bytes(whole + more + b'{"logged":{"call_id":"cut o')
    batch_writer.store_orphans()
    assert sequences(call_id) == list(range(1, 302))
    assert Answer.objects.count() == 301
    assert not file.exists()


def test_what_a_newer_version_left_waits_for_a_process_that_knows_it(
    call_id: UUID, message: Message, outage: Outage, spools: Path, caplog: pytest.LogCaptureFixture
) -> None:
    killed = Journal()
    page = killed.open(call_id)
    page.identified(identity_of(message))
    page.log([entry(), entry(EntryKind.ANSWER, question="menu", value="1", label="Yes"), entry()])
    killed.work()
    killed.stop()
    (file,) = spools.glob("*.jsonl")
    outage.ends()
    known = file.read_bytes()
    file.write_bytes(known.replace(b'"kind":"answer"', b'"kind":"reply"'))
    for _ in range(2):
        batch_writer.store_orphans()
    assert sequences(call_id) == [1]
    assert caplog.text.count("written by a newer version") == 1
    assert file.name in caplog.text
    assert file.read_bytes() != known

    batch_writer.of_newer_versions.clear()  # as in a process of that version
    file.write_bytes(known)
    batch_writer.store_orphans()
    assert sequences(call_id) == [1, 2, 3]
    assert not file.exists()


def test_a_call_given_up_for_dead_gets_its_events_behind_that_end(
    call_id: UUID, message: Message, outage: Outage, watched: None, spools: Path
) -> None:
    killed = Journal()
    page = killed.open(call_id)
    page.identified(identity_of(message))
    page.log([entry(), entry(EntryKind.ANSWER, question="menu", value="1", label="Yes")])
    killed.work()
    killed.stop()
    (file,) = spools.glob("*.jsonl")
    whole = file.read_bytes()
    outage.ends()
    MediaProcess.objects.update(alive_at=clock.now().replace(year=2020))
    assert abandoned.close_abandoned(clock.now()) == [call_id]

    for _ in range(2):
        file.write_bytes(whole)
        batch_writer.store_orphans()
    events = CallEvent.objects.filter(call_id=call_id)
    assert list(events.values_list("sequence", "kind")) == [(1, "end"), (2, "note"), (3, "answer")]
    assert Answer.objects.count() == 1
    call = Call.objects.get(pk=call_id)
    assert (call.state, call.ended_by, call.message) == ("ended", "server", message)


def test_past_the_limit_only_statistics_are_left_out(
    journal: Journal, call_id: UUID, outage: Outage, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JOURNAL_SPOOL_MB = 0.01
    page = journal.open(call_id)
    for _ in range(200):
        page.log([entry(EntryKind.STATS), entry()])
        journal.work()
    assert journal.left_out > 0
    assert "per-second statistics are left out" in caplog.text
    outage.ends()
    work_until_stored(journal, call_id, 400 - journal.left_out)
    kinds = list(CallEvent.objects.filter(call_id=call_id).values_list("kind", flat=True))
    assert kinds.count("note") == 200
    assert kinds.count("stats") == 200 - journal.left_out
    assert sequences(call_id) == list(range(1, len(kinds) + 1))

    journal.work()
    page.log([entry(EntryKind.STATS)])
    journal.work()
    assert CallEvent.objects.filter(call_id=call_id).latest("sequence").kind == "stats"
    journal.register()
    (notice,) = queries.journal_notices(clock.now())
    assert f"{journal.left_out} " in notice.text


def test_what_was_left_out_in_an_outage_is_on_the_page_after_it(
    journal: Journal, call_id: UUID, outage: Outage, settings: Settings
) -> None:
    settings.JOURNAL_SPOOL_MB = 0
    page = journal.open(call_id)
    page.log([entry()])
    journal.work()
    page.log([entry(EntryKind.STATS)])
    assert journal.left_out == 1
    with pytest.raises(OperationalError):
        journal.register()
    outage.ends()
    journal.register()
    (notice,) = queries.journal_notices(clock.now())
    assert "1 " in notice.text


def test_what_is_on_disk_is_stored_before_what_is_in_memory(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes events again just when the database was about to get those of the memory."""
    page, put_really, disk = journal.open(call_id), Spool.put, {"full": False}

    def put(self: Spool, records: Sequence[Record]) -> None:
        if disk["full"]:
            raise OSError(28, "No space left on device")
        put_really(self, records)

    def other_thread(*args: object) -> list[Record]:
        """Between the look at the empty spool and the look into memory."""
        page.log([entry()])
        journal.spool_writer.work()
        page.closed(HUNG_UP, FIGURES)
        disk["full"] = True
        journal.spool_writer.work()
        return []

    monkeypatch.setattr(Spool, "put", put)
    page.log([entry()])
    journal.work()
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "peek", other_thread)
        journal.work()
    disk["full"] = False
    journal.work()
    journal.work()
    assert sequences(call_id) == [1, 2, 3]


def test_a_disk_that_takes_nothing_leaves_the_database(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Spool, records: Sequence[Record]) -> None:
        raise OSError(28, "No space left on device")

    page = journal.open(call_id)
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "put", full)
        page.log([entry(), entry()])
        journal.work()
        assert sequences(call_id) == [1, 2]
        page.log([entry(EntryKind.STATS)])
        assert journal.left_out == 1
    page.log([entry()])
    journal.work()
    assert sequences(call_id) == [1, 2, 3]


def test_a_disk_that_fails_after_it_took_events_gets_them_once(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """EIO and ENOSPC may be told as late as by fsync."""

    def fails(self: Spool) -> None:
        raise OSError(5, "Input/output error")

    page = journal.open(call_id)
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "sync", fails)
        page.log([entry(), entry()])
        journal.spool_writer.work()
        journal.spool_writer.work()
        assert journal.left() == 0
        page.log([entry(EntryKind.STATS)])
        assert journal.left_out == 1
        page.log([entry()])
        journal.work()
        assert sequences(call_id) == [1, 2, 3]
    assert caplog.text.count("The disk fails (Input/output error)") == 1
    page.closed(HUNG_UP, FIGURES)
    journal.work()
    assert sequences(call_id) == [1, 2, 3, 4]
    assert journal.accepted == journal.stored == 4
    assert Call.objects.get(pk=call_id).state == "ended"


def test_while_the_database_hangs_events_reach_the_disk(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch, spools: Path
) -> None:
    stuck, write_really = threading.Event(), rows.write

    def write(records: Sequence[Record], *, tried_before: bool = False) -> set[UUID]:
        stuck.wait(10)
        return write_really(records, tried_before=tried_before)

    monkeypatch.setattr(rows, "write", write)
    journal.start()
    page = journal.open(call_id)
    page.log([entry(text="first")])
    time.sleep(0.4)
    page.log([entry(text="second")])
    until = time.monotonic() + 5
    while not any(b"second" in file.read_bytes() for file in spools.glob("*.jsonl")):
        assert time.monotonic() < until
        time.sleep(0.05)
    stuck.set()
    journal.stop()
    assert sequences(call_id) == [1, 2, 3]


def test_after_an_outage_nobody_takes_a_process_for_dead(journal: Journal, call_id: UUID) -> None:
    now = clock.now()
    assert abandoned.close_abandoned(now) == []
    after = now + timedelta(seconds=60)
    assert abandoned.close_abandoned(after) == []
    for seconds in range(5, 15, 5):
        assert abandoned.close_abandoned(after + timedelta(seconds=seconds)) == []
    assert abandoned.close_abandoned(after + timedelta(seconds=15)) == [call_id]


# --- clocks that jump -----------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_during_a_call_changes_neither_its_length_nor_its_end(
    journal: Journal, call_id: UUID, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    began = time.monotonic()
    page = journal.open(call_id)
    jumped = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(clock, "now", lambda: jumped)
    time.sleep(0.2)
    page.closed(HUNG_UP, None)
    lasted = time.monotonic() - began + 0.001  # whole milliseconds are stored
    journal.work()
    call = Call.objects.get(pk=call_id)
    assert call.ended_at is not None
    assert call.duration_ms is not None
    assert 0.2 <= (call.ended_at - call.started_at).total_seconds() <= lasted
    assert 200 <= call.duration_ms <= 1000 * lasted


def test_a_call_that_does_not_end_by_itself_is_ended_by_its_own_process(
    journal: Journal, call_id: UUID, settings: Settings
) -> None:
    told: list[bool] = []
    page = journal.open(call_id)
    page.on_closed_elsewhere = lambda: told.append(True)
    journal.work()
    assert Call.objects.get(pk=call_id).state == "live"
    settings.MAX_CALL_SECONDS = settings.CALL_MARGIN_SECONDS = 0
    journal.work()
    call = Call.objects.get(pk=call_id)
    assert (call.state, call.ended_by, told) == ("ended", "limit", [True])
    assert "longer than any call may be" in call.reason


def test_a_row_that_no_connection_holds_is_closed_at_the_second_look(
    journal: Journal, call_id: UUID, number: PhoneNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.events.journal.ORPHAN_INTERVAL", 0.0)
    held = opened(number, journal.process_id)
    journal.open(held)
    journal.work()
    assert Call.objects.filter(state="live").count() == 2
    journal.work()
    journal.work()
    states = dict(Call.objects.values_list("pk", "state"))
    assert states == {call_id: "ended", held: "live"}


@pytest.fixture
def slots() -> list[Slot]:
    """Two slots of one place each, tomorrow and the day after."""
    calendar = Calendar.objects.create(name="Eye clinic")
    return [add_slot(calendar, clock.now() + timedelta(days=day)) for day in (1, 2)]


def takes(slot: Slot | None) -> Entry:
    """The entry of a person who takes a slot, or gives their appointment back."""
    chosen = str(slot.pk) if slot else ""
    return entry(EntryKind.BOOKING, calendar="Eye clinic", slot=chosen, label="Tomorrow")


def test_a_slot_is_booked_moved_and_given_back_with_its_entry(
    journal: Journal, call_id: UUID, message: Message, slots: list[Slot]
) -> None:
    first, second = slots
    assert places.hold(first.pk, calendar_id=first.calendar_id, call=call_id, now=clock.now())
    page = journal.open(call_id)
    page.identified(identity_of(message))
    page.log([takes(first)])
    journal.work()
    booked = Appointment.objects.get()
    assert (booked.state, booked.phone, booked.name) == ("booked", "+919825112410", "Meena")
    assert (booked.message_reference, booked.call) == (message.reference, call_id)
    page.log([takes(second)])
    journal.work()
    page.log([takes(None)])
    journal.work()
    states = list(Appointment.objects.order_by("pk").values_list("slot", "state"))
    assert states == [(first.pk, "moved"), (second.pk, "cancelled")]
    assert sequences(call_id) == [1, 2, 3]
    assert_books_balance()


def test_a_batch_that_is_stored_twice_books_once(
    journal: Journal, call_id: UUID, message: Message, slots: list[Slot]
) -> None:
    batch: list[Record] = [
        Identified(call_id=call_id, at=clock.now(), identity=identity_of(message)),
        Logged(call_id=call_id, at=clock.now(), sequence=1, entry=takes(slots[0])),
    ]
    rows.write(batch)
    rows.write(batch, tried_before=True)
    assert Appointment.objects.get().state == Appointment.State.BOOKED
    assert_books_balance()


def test_a_booking_that_comes_too_late_is_shown_and_costs_no_event(
    journal: Journal,
    call_id: UUID,
    message: Message,
    slots: list[Slot],
    caplog: pytest.LogCaptureFixture,
) -> None:
    places.hold(slots[0].pk, calendar_id=slots[0].calendar_id, call=uuid4(), now=clock.now())
    page = journal.open(call_id)
    page.identified(identity_of(message))
    page.log([takes(slots[0]), entry(text="Goodbye."), takes(None)])
    wrong = {"calendar": "Dentist", "slot": "0", "label": ""}
    page.log([entry(EntryKind.BOOKING, **wrong), entry(EntryKind.BOOKING, **wrong | {"slot": "x"})])
    journal.work()
    assert Appointment.objects.get().state == Appointment.State.NOT_BOOKED
    assert sequences(call_id) == [1, 2, 3, 4, 5]
    for said in ("call the person back", "to give back", "no such calendar", "no number"):
        assert said in caplog.text


@pytest.mark.parametrize("ended_by_us", [True, False])
def test_a_call_that_ends_without_booking_holds_nothing(
    journal: Journal, call_id: UUID, slots: list[Slot], ended_by_us: bool
) -> None:
    places.hold(slots[0].pk, calendar_id=slots[0].calendar_id, call=call_id, now=clock.now())
    if ended_by_us:
        journal.open(call_id).closed(HUNG_UP, FIGURES)
        journal.work()
    else:
        heartbeat.process_stopped(journal.process_id, clock.now())
        assert abandoned.close_abandoned(clock.now()) == [call_id]
    assert not Hold.objects.exists()
    assert_books_balance()
