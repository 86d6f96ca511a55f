"""The file between the media loop and the database: in order, whole lines only, one owner."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from calls.conversation.outputs import Close, Ending, Entry, EntryKind, Summary
from calls.events import spool
from calls.events.codec import UnknownLineError
from calls.events.records import Closed, Logged
from calls.events.spool import Spool
from campaigns import clock

CALL = UUID(int=7)


def logged(sequence: int, **data: object) -> Logged:
    entry = Entry(kind=EntryKind.NOTE, at_ms=20 * sequence, text=f"Nº {sequence} નમસ્તે", payload=data)
    return Logged(call_id=CALL, at=clock.now(), sequence=sequence, entry=entry)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return spool.path_of(tmp_path / "spool", str(uuid4()))


def test_what_goes_in_comes_out_in_order_and_as_it_was(path: Path) -> None:
    queue = Spool.create(path)
    records = [logged(number, keys=["1", None], share=0.5) for number in range(1, 6)]
    queue.put(records[:2])
    queue.put(records[2:])
    assert queue.waiting == 5
    assert queue.peek(3) == records[:3]
    assert queue.peek(3) == records[:3]
    queue.take()
    assert (queue.peek(9), queue.waiting) == (records[3:], 2)
    queue.take()
    assert queue.peek(9) == []
    assert path.stat().st_size == 0
    queue.close()
    assert not path.exists()


def test_an_end_with_its_figures_comes_out_as_it_was(path: Path) -> None:
    figures = Summary(
        duration_ms=1,
        frames_in=2,
        frames_out=3,
        heard_ms=4,
        first_audio_ms=None,
        disposition="answered",
        outcome="",
        statistics={"gaps": 0, "barge_in_ms": None},
    )
    close = Close(code=None, ended_by=Ending.CALLER, reason="The other side hung up.")
    end = Closed(call_id=CALL, at=clock.now(), close=close, summary=figures, lost=2)
    queue = Spool.create(path)
    queue.put([end])
    assert queue.peek(1) == [end]
    queue.close()


def test_a_line_longer_than_what_is_read_at_once_comes_out(path: Path) -> None:
    queue = Spool.create(path)
    long = logged(1, words="x" * 700_000)
    queue.put([long, logged(2)])
    assert queue.peek(1) == [long]
    queue.close()


def test_what_cannot_be_written_keeps_its_place(path: Path) -> None:
    queue = Spool.create(path)
    queue.put([logged(1), logged(2, bad=object()), logged(3, bad="\ud800")])
    found = queue.peek(9)
    assert [record.sequence for record in found if isinstance(record, Logged)] == [1, 2, 3]
    assert isinstance(found[1], Logged)
    assert "could not be written down" in found[1].entry.text
    queue.close()


def test_a_full_disk_leaves_no_half_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Spool.create(path)
    queue.put([logged(1)])
    size, write = path.stat().st_size, os.pwrite

    def fills_up(descriptor: int, data: bytes, at: int) -> int:
        if at > size:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:10], at)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fills_up)
        with pytest.raises(OSError, match="No space"):
            queue.put([logged(2)])
    assert path.stat().st_size == size
    queue.put([logged(3)])
    assert [record.sequence for record in queue.peek(9) if isinstance(record, Logged)] == [1, 3]
    queue.close()


def test_a_sync_that_fails_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SYNC_SECONDS", 0)
    queue, synced = Spool.create(path), list[int]()

    def fails(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    queue.put([logged(1)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fails)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                queue.sync()
    monkeypatch.setattr(os, "fdatasync", synced.append)
    queue.sync()
    queue.sync()
    assert len(synced) == 1
    queue.close()


def test_a_line_that_is_damaged_costs_only_itself(path: Path) -> None:
    queue = Spool.create(path)
    queue.put([logged(1), logged(2)])
    queue.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"\0\0\0\n" * 3 + lines[0] + b'{"logged": 5}\n' + lines[1] + b'{"logged":{"call')
    (orphan,) = spool.orphans(path.parent)
    found = []
    while batch := orphan.peek(3):
        found += batch
        orphan.take()
    assert [record.sequence for record in found if isinstance(record, Logged)] == [1, 2]
    orphan.remove()
    orphan.close()
    assert not path.exists()


def test_a_line_of_a_newer_version_stays_with_all_that_follows_it(path: Path) -> None:
    queue = Spool.create(path)
    queue.put([logged(1), logged(2), logged(3)])
    queue.close()
    path.write_bytes(path.read_bytes().replace(b'"kind":"note","at_ms":40', b'"kind":"mood","at_ms":40'))
    whole = path.read_bytes()
    (orphan,) = spool.orphans(path.parent)
    assert [record.sequence for record in orphan.peek(9) if isinstance(record, Logged)] == [1]
    orphan.take()
    with pytest.raises(UnknownLineError, match="mood"):
        orphan.peek(9)
    orphan.close()
    assert path.read_bytes() == whole


def test_only_a_file_whose_owner_is_gone_is_an_orphan(path: Path) -> None:
    queue = Spool.create(path)
    queue.put([logged(1)])
    assert list(spool.orphans(path.parent)) == []
    queue.close()
    (orphan,) = spool.orphans(path.parent)
    assert list(spool.orphans(path.parent)) == []
    orphan.remove()
    orphan.close()
    assert not spool.has_files(path.parent)
