"""Accepted records go to disk, then to the database; where one of the two fails they stay where they are."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from pytest_django import Settings

from calls.conversation.outputs import Entry, EntryKind
from calls.events.records import Logged, Record
from calls.events.spool import Spool
from calls.events.spool_writer import SpoolWriter
from campaigns import clock


@pytest.fixture
def writer() -> Iterator[SpoolWriter]:
    writer = SpoolWriter(UUID(int=1), capacity=3, interval=0.1)
    yield writer
    writer.close()


def accept(writer: SpoolWriter, *numbers: int) -> None:
    for number in numbers:
        entry = Entry(kind=EntryKind.NOTE, at_ms=0, text="Something.")
        writer.put(Logged(call_id=UUID(int=7), at=clock.now(), sequence=number, entry=entry))


class Store:
    """Keeps what it is given; as a database whose reply is lost while `fails` is set."""

    def __init__(self) -> None:
        self.got: list[tuple[list[int], bool]] = []
        self.fails = False

    def __call__(self, batch: list[Record], in_doubt: bool) -> None:
        self.got.append(([record.sequence for record in batch if isinstance(record, Logged)], in_doubt))
        if self.fails:
            raise ConnectionError


def drain(writer: SpoolWriter, store: Store) -> int:
    """How often there was time for other work between two batches."""
    pauses: list[None] = []
    writer.drain(store, between=lambda: pauses.append(None))
    return len(pauses)


def test_records_move_to_disk_and_are_drained_once(writer: SpoolWriter, spools: Path) -> None:
    accept(writer, 1, 2, 3)
    assert writer.is_full
    assert (writer.in_memory, writer.waiting) == (3, 3)
    writer.work()
    assert (writer.in_memory, writer.waiting) == (0, 3)
    (file,) = spools.glob("*.jsonl")
    assert file.read_bytes().count(b"\n") == 3
    store = Store()
    assert drain(writer, store) == 1
    assert drain(writer, store) == 0
    assert store.got == [([1, 2, 3], False)]
    assert (writer.waiting, file.stat().st_size) == (0, 0)


def test_a_batch_that_fails_stays_and_is_in_doubt(writer: SpoolWriter) -> None:
    store = Store()
    store.fails = True
    accept(writer, 1)
    writer.work()
    with pytest.raises(ConnectionError):
        drain(writer, store)
    store.fails = False
    accept(writer, 2)
    writer.work()
    drain(writer, store)
    accept(writer, 3)
    writer.work()
    drain(writer, store)
    assert store.got == [([1], False), ([1, 2], True), ([3], False)]


def test_what_an_earlier_start_left_may_be_stored_already(writer: SpoolWriter) -> None:
    accept(writer, 1)
    writer.work()
    writer.close()
    accept(writer, 2)
    writer.work()
    store = Store()
    drain(writer, store)
    assert store.got == [([1, 2], True)]


def test_while_the_disk_fails_records_go_from_memory_after_those_on_disk(
    writer: SpoolWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Spool, records: object) -> None:
        raise OSError(28, "No space left on device")

    store = Store()
    accept(writer, 1)
    writer.work()
    monkeypatch.setattr(Spool, "put", full)
    accept(writer, 2)
    writer.work()
    assert (writer.in_memory, writer.spares_statistics) == (1, True)
    drain(writer, store)
    assert [numbers for numbers, _ in store.got] == [[1], [2]]
    assert writer.waiting == 0


def test_statistics_are_left_out_while_too_much_waits(writer: SpoolWriter, settings: Settings) -> None:
    settings.JOURNAL_SPOOL_MB = 0.0001
    accept(writer, 1)
    writer.work()
    assert writer.spares_statistics
    drain(writer, Store())
    writer.work()
    assert not writer.spares_statistics
