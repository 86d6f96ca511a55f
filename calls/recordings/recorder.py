"""Recordings: stereo WAV, caller left, agent as heard right; written while the call runs.

The media loop collects pieces and hands them over about once a second; one thread a process puts them in
their place in a file. The header is right after every block, so what a killed process leaves can be played,
and is filed later by `file_leftovers`.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.db import connection

from calls.audio import pcm
from calls.background import BackgroundWorker
from calls.conversation.outputs import Recorded, Side
from calls.recordings.files import AudioSpan, file_leftovers, file_or_leave, path_of, write_pieces

log = logging.getLogger(__name__)

SAMPLES_PER_MS = pcm.SAMPLE_RATE // 1000
BLOCK_BYTES = 2 * pcm.SAMPLE_RATE * pcm.SAMPLE_BYTES
"""Handed over at once: a second of both sides."""
CAPACITY_BYTES = 64 * 1024 * 1024
"""May wait while the disk is slow; beyond that the recording gets a gap, and the log says so."""


LOOK_SECONDS = 300.0
"""Between two looks at what ended processes left on this machine."""


@dataclass(frozen=True, slots=True)
class _Block:
    call_id: UUID
    pieces: list[AudioSpan]
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
        """Return the sample where the next piece begins, if it follows this one."""
        return self.start + len(self.audio) // pcm.SAMPLE_BYTES


class Recorder:
    """One call's recording, on the side of the media loop. Nothing here waits."""

    def __init__(self, recording_writer: "RecordingWriter", call_id: UUID) -> None:
        self._writer, self._call_id = recording_writer, call_id
        self._runs: list[_Run] = []
        self._latest: dict[Side, _Run] = {}
        self._size = 0
        self._is_told = False

    def take_trouble(self) -> bool:
        """Return whether audio of this recording is lost, because the disk is slow or fails; True once."""
        if self._is_told or not self._writer.lost_some_of(self._call_id):
            return False
        self._is_told = True
        return True

    def add(self, pieces: Iterable[Recorded]) -> None:
        """Accept what was said and heard. Neighbours are joined at once, so that no frame's object is kept.

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
        """Hand over what is left, and have the recording filed: the call is over."""
        self._hand_over(last=True)

    def _hand_over(self, *, last: bool) -> None:
        joined = [AudioSpan(run.side, run.start, bytes(run.audio)) for run in self._runs]
        self._writer.put(_Block(self._call_id, joined, self._size, last))
        self._runs, self._size = [_Run(run.side, run.end, bytearray()) for run in self._latest.values()], 0
        self._latest = {run.side: run for run in self._runs}


class RecordingWriter(BackgroundWorker):
    """Writes the recordings of one process, in a thread of its own, and files those that are finished."""

    def __init__(self, *, capacity: int = CAPACITY_BYTES) -> None:
        super().__init__(interval=0.2)
        self._blocks: deque[_Block] = deque()
        self._capacity = capacity
        self._waiting = 0
        self.lost = self._logged_losses = 0
        self._to_file: deque[UUID] = deque()
        self._next_look = 0.0
        self._incomplete: set[UUID] = set()
        """Calls on the line of whose recordings something is lost."""

    def lost_some_of(self, call_id: UUID) -> bool:
        """Return whether something of this call's recording is lost. May be asked from any thread."""
        return call_id in self._incomplete

    def put(self, block: _Block) -> None:
        """Accept a block; audio that is too much is left out, the end never."""
        if self._waiting + block.size > self._capacity:
            self.lost += 1
            self._incomplete.add(block.call_id)
            block = _Block(block.call_id, [], 0, block.last)
        self._waiting += block.size
        self._blocks.append(block)

    def work(self) -> None:
        """Write what is waiting and file what is finished."""
        while self._blocks:
            block = self._blocks.popleft()
            self._waiting -= block.size
            try:
                write_pieces(path_of(block.call_id), block.pieces)
            except OSError as error:
                log.error("Call %s: the recording could not be written: %s", block.call_id, error.strerror)
                self._incomplete.add(block.call_id)
            if block.last:
                self._incomplete.discard(block.call_id)
                self._to_file.append(block.call_id)
        for _ in range(len(self._to_file)):
            file_or_leave(self._to_file.popleft())
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            try:
                file_leftovers()  # of ended processes: on a machine for calls alone no worker does it
            except DatabaseFailure as error:
                log.warning("Recordings that were left are filed later (%s).", type(error).__name__)
                connection.close()
        if self.lost > self._logged_losses:
            log.error("%d s of recordings are lost, the disk is too slow.", self.lost - self._logged_losses)
            self._logged_losses = self.lost

    def finish(self) -> None:
        """Write and file for the last time; what can't be filed now stays for `file_leftovers`."""
        self.work()

    def left(self) -> int:
        """Return how many blocks and recordings wait."""
        return len(self._blocks) + len(self._to_file)


recording_writer = RecordingWriter()
"""The recording writer of this process."""
