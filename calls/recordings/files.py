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
    """PCM (int16 mono, 8 kHz) of one side; `start` is its first sample's place in the recording."""

    side: Side
    start: int
    pcm: bytes

    @property
    def end(self) -> int:
        """Return the sample after the last."""
        return self.start + len(self.pcm) // pcm.SAMPLE_BYTES


# --- Files ----------------------------------------------------------------------------------------


def path_of(call_id: UUID) -> Path:
    """Return where a recording grows while its call lasts, on this machine's disk."""
    return Path(settings.RECORDING_DIR) / f"{call_id}.wav"


def write_pieces(path: Path, pieces: Sequence[AudioSpan]) -> None:
    """Put pieces in their places in the stereo file at `path`, and set its header right. Raises OSError."""
    spoken = [piece for piece in pieces if piece.pcm]
    if not spoken:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for group in _neighbours(spoken):
            first = group[0].start
            offset = wav.HEADER_BYTES + first * _FRAME
            both = bytearray((max(piece.end for piece in group) - first) * _FRAME)
            there = os.pread(descriptor, len(both), offset)  # samples between the pieces stay as they are
            both[: len(there)] = there
            samples = np.frombuffer(both, dtype="<i2").reshape(-1, _CHANNELS)
            for piece in group:
                place = slice(piece.start - first, piece.end - first)
                samples[place, _CHANNEL[piece.side]] = pcm.to_array(piece.pcm)
            os.pwrite(descriptor, both, offset)
        size = os.fstat(descriptor).st_size - wav.HEADER_BYTES
        os.pwrite(descriptor, wav.header(size, channels=_CHANNELS), 0)
    finally:
        os.close(descriptor)


def _neighbours(pieces: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
    """Return the pieces in groups that lie side by side or follow on closely, each to be written at once."""
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


def stored_name(call_id: UUID, started_at: datetime) -> str:
    """Return a recording's name in storage. Every try takes the same: the next one and an erasure find it."""
    return f"recordings/{started_at.astimezone(UTC):%Y/%m/%d}/{call_id}.wav"


def file_recording(call_id: UUID) -> None:
    """Move a finished recording into storage, with its row. Repeatable.

    Raises `OSError`, `django.db.Error`, `Call.DoesNotExist`. Whatever it raises and wherever it is killed,
    the original stays until the row and the stored file are both there.
    """
    path = path_of(call_id)
    if not path.exists():
        return
    with path.open("rb") as original:
        # `recording_writer` and `file_leftovers`, or two of those, would replace each other's file.
        if not locks.lock(original, locks.LOCK_EX | locks.LOCK_NB):
            raise BlockingIOError("Somebody else files it.")
        row = Recording.objects.filter(call_id=call_id).first()
        # A row without a name: its file was purged, and must not come back.
        is_done = row and (not row.file.name or default_storage.exists(row.file.name))
        if not is_done and (frames := _mend(path)):
            _store(call_id, path, row=row, frames=frames)
        path.unlink(missing_ok=True)


def _mend(path: Path) -> int:
    """Set the header right where a full disk or a `kill -9` kept it from being. Return how many frames."""
    size = max(0, path.stat().st_size - wav.HEADER_BYTES)
    header = wav.header(size - size % _FRAME, channels=_CHANNELS)
    with path.open("r+b") as file:
        if file.read(wav.HEADER_BYTES) != header:
            file.truncate(wav.HEADER_BYTES + size - size % _FRAME)
            file.seek(0)
            file.write(header)
    return size // _FRAME


def _store(call_id: UUID, path: Path, *, row: Recording | None, frames: int) -> None:
    """Store the audio, then write its row. Raises as `file_recording` does.

    A failure of the database does not tell whether the row was written: the reply may be what was lost. So
    the stored file stays, and the next try finds its row or replaces it.
    """
    name = (row and row.file.name) or stored_name(call_id, Call.objects.get(pk=call_id).started_at)
    duration_ms, wanted = frames * 1000 // pcm.SAMPLE_RATE, True
    try:
        default_storage.delete(name)  # what an earlier try left there
        with path.open("rb") as audio:
            sha256 = hashlib.file_digest(audio, "sha256").hexdigest()
            audio.seek(0)
            saved = default_storage.save(name, File(audio))
        if saved != name:  # an erasure would not find it under another name
            default_storage.delete(saved)
            raise FileExistsError(f"{name} is taken.")
        if not path.exists():
            wanted = False
        elif row:  # without a name it has been purged since it was read
            named = Recording.objects.filter(call_id=call_id).exclude(file="")
            wanted = bool(named.update(sha256=sha256, duration_ms=duration_ms))
        else:
            Recording.objects.create(call_id=call_id, file=name, sha256=sha256, duration_ms=duration_ms)
    finally:
        # Only an erasure takes the original away meanwhile: nothing may come back behind it.
        if not (wanted and path.exists()):
            default_storage.delete(name)


def file_leftovers() -> int:
    """File what ended processes left on this machine. Return how many recordings that were.

    A file was left if it is untouched for a minute and its call has ended. Ages of files are the machine's
    time, not that of `campaigns.clock`.
    """
    left = []
    for path in Path(settings.RECORDING_DIR).glob("*.wav"):
        try:
            call_id = UUID(path.stem)
            untouched = time.time() - path.stat().st_mtime
        except (ValueError, OSError):
            continue
        if untouched > LEFTOVER_SECONDS and Call.objects.filter(pk=call_id, state=Call.State.ENDED).exists():
            left.append(call_id)
    return sum(file_or_leave(call_id) for call_id in left)


def file_or_leave(call_id: UUID) -> bool:
    """File a recording; return False if it can't be filed now: it waits for `file_leftovers`."""
    try:
        file_recording(call_id)
    except (DatabaseFailure, OSError, Call.DoesNotExist) as error:
        log.warning("Call %s: its recording is filed later (%s).", call_id, type(error).__name__)
        connection.close()  # it may be broken, and outside of requests Django does not replace it
        return False
    return True
