"""Recordings as files: written while the call lasts, then filed with a row of their own."""

import hashlib
import logging
import os
import time
from collections.abc import Sequence
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
from calls.conversation.outputs import Side
from calls.models import Call, Recording

log = logging.getLogger(__name__)
LEFTOVER_SECONDS = 60.0
_CLOSE = pcm.SAMPLE_RATE
"""Samples between two pieces that are not worth a system call of their own."""
_CHANNELS = 2
_FRAME = _CHANNELS * pcm.SAMPLE_BYTES
_CHANNEL = {Side.CALLER: 0, Side.AGENT: 1}


class AudioSpan(NamedTuple):
    """PCM of one side from a sample of the recording on."""

    side: Side
    start: int
    pcm: bytes

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.start + len(self.pcm) // pcm.SAMPLE_BYTES


# --- Files ----------------------------------------------------------------------------------------


def path_of(call_id: UUID) -> Path:
    """Where a recording grows."""
    return Path(settings.RECORDING_DIR) / f"{call_id}.wav"


def write_pieces(path: Path, pieces: Sequence[AudioSpan]) -> None:
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


def _neighbours(pieces: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
    """Pieces that lie side by side or follow on closely, to be written at once."""
    groups: list[list[AudioSpan]] = []
    until = 0
    for piece in sorted(pieces, key=attrgetter("start")):
        if groups and piece.start <= until + _CLOSE:
            groups[-1].append(piece)
            until = max(until, piece.end)
        else:
            groups.append([piece])
            until = piece.end
    return groups


def _place(descriptor: int, pieces: Sequence[AudioSpan]) -> None:
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
    return sum(file_or_leave(UUID(path.stem)) for path in found)


def file_or_leave(call_id: UUID) -> bool:
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
