"""Recordings: stereo WAV, caller left, agent as heard right; written while the call runs.

The media loop collects pieces and hands them over about once a second; one thread a process puts them in
their place in a file. The header is right after every block, so what a killed process leaves can be played,
and is filed later by `file_leftovers`.
"""

import hashlib
import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core.files import File, locks
from django.core.files.storage import default_storage
from django.db import Error as DatabaseFailure
from django.db import connection

from calls.audio import pcm, wav
from calls.backroom import Backroom
from calls.models import Call, Recording
from calls.steps import Recorded, Side

log = logging.getLogger(__name__)

SAMPLES_PER_MS = pcm.SAMPLE_RATE // 1000
BLOCK_BYTES = 2 * pcm.SAMPLE_RATE * pcm.SAMPLE_BYTES
"""Handed over at once: a second of both sides."""
CAPACITY_BYTES = 64 * 1024 * 1024
"""May wait while the disk is slow; beyond that the recording gets a gap, and the log says so."""
LEFTOVER_SECONDS = 60.0
_CLOSE = pcm.SAMPLE_RATE
"""Samples between two pieces that are not worth a system call of their own."""
_CHANNELS = 2
_FRAME = _CHANNELS * pcm.SAMPLE_BYTES
_CHANNEL = {Side.CALLER: 0, Side.AGENT: 1}


class Stretch(NamedTuple):
    """PCM of one side from a sample of the recording on."""

    side: Side
    start: int
    pcm: bytes

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.start + len(self.pcm) // pcm.SAMPLE_BYTES


@dataclass(frozen=True, slots=True)
class _Block:
    call_id: UUID
    pieces: list[Stretch]
    size: int
    last: bool


@dataclass(slots=True)
class _Run:
    """Audio of one side without a break; positions in samples."""

    side: Side
    start: int
    audio: bytearray

    @property
    def end(self) -> int:
        """Where the next piece begins, if it follows this one."""
        return self.start + len(self.audio) // pcm.SAMPLE_BYTES


class Recorder:
    """One call's recording, on the side of the media loop. Nothing here waits."""

    def __init__(self, desk: "RecordingDesk", call_id: UUID) -> None:
        self._desk, self._call_id = desk, call_id
        self._runs: list[_Run] = []
        self._latest: dict[Side, _Run] = {}
        self._size = 0

    def add(self, pieces: Iterable[Recorded]) -> None:
        """Take what was said and heard. Neighbours are joined at once, so that no frame is held.

        Pieces come in whole milliseconds and end at any sample: what is off by one follows on, or every
        seam would click.
        """
        for piece in pieces:
            audio, run = piece.pcm, self._latest.get(piece.side)
            start = piece.at_ms * SAMPLES_PER_MS
            if run is None or abs(start - run.end) > SAMPLES_PER_MS:
                run = self._latest[piece.side] = _Run(piece.side, start, bytearray())
                self._runs.append(run)
            run.audio += audio
            self._size += len(audio)
        if self._size >= BLOCK_BYTES:
            self._hand_over(last=False)

    def finish(self) -> None:
        """The call is over: file what there is."""
        self._hand_over(last=True)

    def _hand_over(self, *, last: bool) -> None:
        joined = [Stretch(run.side, run.start, bytes(run.audio)) for run in self._runs]
        self._desk.put(_Block(self._call_id, joined, self._size, last))
        self._runs, self._size = [_Run(run.side, run.end, bytearray()) for run in self._latest.values()], 0
        self._latest = {run.side: run for run in self._runs}


class RecordingDesk(Backroom):
    """Writes the recordings of one process."""

    def __init__(self, *, capacity: int = CAPACITY_BYTES) -> None:
        super().__init__(interval=0.2)
        self._blocks: deque[_Block] = deque()
        self._capacity = capacity
        self._waiting = 0
        self.lost = self._lost_said = 0
        self._to_file: deque[UUID] = deque()

    def put(self, block: _Block) -> None:
        """Accept a block; audio that is too much is left out, the end never."""
        if self._waiting + block.size > self._capacity:
            self.lost += 1
            block = _Block(block.call_id, [], 0, block.last)
        self._waiting += block.size
        self._blocks.append(block)

    def work(self) -> None:
        """Write what is waiting and file what is finished."""
        while self._blocks:
            block = self._blocks.popleft()
            self._waiting -= block.size
            self._write(block)
        for _ in range(len(self._to_file)):
            _file_or_leave(self._to_file.popleft())
        if self.lost > self._lost_said:
            log.error("%d s of recordings are lost, the disk is too slow.", self.lost - self._lost_said)
            self._lost_said = self.lost

    def finish(self) -> None:
        """The last time; what can't be filed now stays for `file_leftovers`."""
        self.work()

    def left(self) -> int:
        """Blocks and recordings waiting."""
        return len(self._blocks) + len(self._to_file)

    def _write(self, block: _Block) -> None:
        try:
            write_pieces(path_of(block.call_id), block.pieces)
        except OSError as error:
            log.error("Call %s: the recording could not be written: %s", block.call_id, error.strerror)
        if block.last:
            self._to_file.append(block.call_id)


# --- Files ----------------------------------------------------------------------------------------


def path_of(call_id: UUID) -> Path:
    """Where a recording grows."""
    return Path(settings.RECORDING_DIR) / f"{call_id}.wav"


def write_pieces(path: Path, pieces: Sequence[Stretch]) -> None:
    """Put pieces in their places in the stereo file at `path`, and its header right. Raises OSError."""
    spoken = [piece for piece in pieces if piece.pcm]
    if not spoken:
        return
    descriptor = _open(path)
    try:
        for together in _neighbours(spoken):
            _place(descriptor, together)
        size = os.fstat(descriptor).st_size - wav.HEADER_BYTES
        os.pwrite(descriptor, wav.header(size, channels=_CHANNELS), 0)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:  # the first recording ever
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def _neighbours(pieces: Sequence[Stretch]) -> list[list[Stretch]]:
    """Pieces that lie side by side or follow on closely, to be written at once."""
    groups: list[list[Stretch]] = []
    until = 0
    for piece in sorted(pieces, key=attrgetter("start")):
        if groups and piece.start <= until + _CLOSE:
            groups[-1].append(piece)
            until = max(until, piece.end)
        else:
            groups.append([piece])
            until = piece.end
    return groups


def _place(descriptor: int, pieces: Sequence[Stretch]) -> None:
    """Write the sides of a stretch, and leave what else is there as it is."""
    first = pieces[0].start
    offset = wav.HEADER_BYTES + first * _FRAME
    both = bytearray((max(piece.end for piece in pieces) - first) * _FRAME)
    there = os.pread(descriptor, len(both), offset)
    both[: len(there)] = there
    samples = np.frombuffer(both, dtype="<i2").reshape(-1, _CHANNELS)
    for piece in pieces:
        samples[piece.start - first : piece.end - first, _CHANNEL[piece.side]] = pcm.to_array(piece.pcm)
    os.pwrite(descriptor, both, offset)


def stored_name(call_id: UUID, started_at: datetime) -> str:
    """A recording's place in storage. Every try takes the same, so that the next and an erasure find it."""
    return f"recordings/{started_at.astimezone(UTC):%Y/%m/%d}/{call_id}.wav"


def file_recording(call_id: UUID) -> None:
    """Move a finished recording into storage, with its row. Repeatable.

    Raises OSError, DatabaseFailure, Call.DoesNotExist. Whatever it raises and wherever it is killed, the
    original stays until the row and the stored file are both there.
    """
    path = path_of(call_id)
    if not path.exists():
        return
    with path.open("rb") as original:
        # The desk and a pass for leftovers, or two passes, would replace each other's file.
        if not locks.lock(original, locks.LOCK_EX | locks.LOCK_NB):
            raise BlockingIOError("Somebody else files it.")
        _file_alone(call_id, path)


def _file_alone(call_id: UUID, path: Path) -> None:
    row = Recording.objects.filter(call_id=call_id).first()
    if not (row and _is_done(row)) and (frames := _mend(path)):
        _store(call_id, path, row=row, frames=frames)
    path.unlink(missing_ok=True)


def _is_done(row: Recording) -> bool:
    """The stored file is there, or is gone on purpose: purging leaves a row without a name."""
    return not row.file.name or default_storage.exists(row.file.name)


def _mend(path: Path) -> int:
    """Set the header right where a full disk or a `kill -9` kept it from being; how many frames there are."""
    size = max(0, path.stat().st_size - wav.HEADER_BYTES)
    header = wav.header(size - size % _FRAME, channels=_CHANNELS)
    with path.open("r+b") as file:
        if file.read(wav.HEADER_BYTES) != header:
            file.truncate(wav.HEADER_BYTES + size - size % _FRAME)
            file.seek(0)
            file.write(header)
    return size // _FRAME


def _store(call_id: UUID, path: Path, *, row: Recording | None, frames: int) -> None:
    """Store the audio, then see to its row.

    A failure of the database does not tell whether the row was written: the reply may be what was lost. So
    the stored file stays, and the next try finds its row or replaces it.
    """
    name = (row and row.file.name) or stored_name(call_id, Call.objects.get(pk=call_id).started_at)
    duration_ms, wanted = frames * 1000 // pcm.SAMPLE_RATE, True
    try:
        sha256 = _replace(name, path)
        wanted = path.exists() and _write_row(call_id, name, sha256, duration_ms, again=row is not None)
    finally:
        # Nobody but an erasure takes the original away meanwhile: nothing may come back behind it.
        if not (wanted and path.exists()):
            default_storage.delete(name)


def _replace(name: str, path: Path) -> str:
    """Store under this very name, whatever an earlier try left there; the checksum. Raises OSError."""
    default_storage.delete(name)
    with path.open("rb") as audio:
        sha256 = hashlib.file_digest(audio, "sha256").hexdigest()
        audio.seek(0)
        saved = default_storage.save(name, File(audio))
    if saved != name:  # without a row, nobody would find it under another name
        default_storage.delete(saved)
        raise FileExistsError(f"{name} is taken.")
    return sha256


def _write_row(call_id: UUID, name: str, sha256: str, duration_ms: int, *, again: bool) -> bool:
    """Say what is stored; False if the row has been purged since somebody looked."""
    if again:
        rows = Recording.objects.filter(call_id=call_id).exclude(file="")
        return bool(rows.update(sha256=sha256, duration_ms=duration_ms))
    Recording.objects.create(call_id=call_id, file=name, sha256=sha256, duration_ms=duration_ms)
    return True


def file_leftovers() -> int:
    """File what ended processes left on this machine; how many recordings that were."""
    folder = Path(settings.RECORDING_DIR)
    found = [path for path in folder.glob("*.wav") if _is_leftover(path)] if folder.is_dir() else []
    return sum(_file_or_leave(UUID(path.stem)) for path in found)


def _file_or_leave(call_id: UUID) -> bool:
    """One that can't be filed now waits for `file_leftovers`, and holds up no other."""
    try:
        file_recording(call_id)
    except (DatabaseFailure, OSError, Call.DoesNotExist) as error:
        log.warning("Call %s: its recording is filed later (%s).", call_id, type(error).__name__)
        connection.close()  # it may be broken, and outside of requests nobody else would open a new one
        return False
    return True


def _is_leftover(path: Path) -> bool:
    """Untouched for a while, and its call has ended; ages of files are the machine's time, not ours."""
    try:
        call_id = UUID(path.stem)
        untouched = time.time() - path.stat().st_mtime
    except (ValueError, OSError):
        return False
    return untouched > LEFTOVER_SECONDS and Call.objects.filter(pk=call_id, state=Call.State.ENDED).exists()


desk = RecordingDesk()
"""The recording desk of this process."""
