"""PURE: what a bad line does to the frames of one call. Frames and time in, frames out; no I/O, no clock.

Written as `cut`, `loss=20` or `jitter+loss=20+cut=3`: names joined by +, each with its measure if another
than the usual one is wanted. Unlike quirks, which are readings of the documents, none of it should happen.
"""

import json
import math
import random
from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

BURST_EVERY_S = 2.0
MOST_MEASURE = 10_000.0


class LineFault(StrEnum):
    JITTER = "jitter"
    BURSTS = "bursts"
    LOSS = "loss"
    CUT = "cut"
    STOP_THEN_CUT = "stop_then_cut"
    CLOSE_WITHOUT_STOP = "close_without_stop"
    NOT_JSON = "not_json"
    WRONG_TYPES = "wrong_types"
    HUGE_NUMBERS = "huge_numbers"
    BINARY = "binary"
    MEDIA_BEFORE_START = "media_before_start"
    SECOND_START = "second_start"
    STOP_TWICE = "stop_twice"
    READS_NOTHING = "reads_nothing"


USUAL: dict[LineFault, float] = {
    LineFault.JITTER: 100,
    LineFault.BURSTS: 600,
    LineFault.LOSS: 10,
    LineFault.CUT: 1,
    LineFault.STOP_THEN_CUT: 1,
    LineFault.CLOSE_WITHOUT_STOP: 1,
    LineFault.NOT_JSON: 10,
    LineFault.WRONG_TYPES: 10,
    LineFault.HUGE_NUMBERS: 10,
    LineFault.BINARY: 10,
    LineFault.MEDIA_BEFORE_START: 5,
    LineFault.SECOND_START: 1,
    LineFault.STOP_TWICE: 1,
    LineFault.READS_NOTHING: 0,
}
"""The usual measure. jitter: most ms a frame is late. bursts: ms held back, every 2 s. loss: percent of the
audio. cut, stop_then_cut, close_without_stop, second_start, reads_nothing: seconds after start. Garbage:
percent of audio frames with a bad one behind. media_before_start: frames. stop_twice: further stops."""

GARBAGE: dict[LineFault, tuple[str | bytes, ...]] = {
    LineFault.NOT_JSON: ("", "no JSON", "{", '{"event":"media",', "[]", "null", '"media"', "[" * 2000),
    LineFault.WRONG_TYPES: (
        '{"event":7}',
        '{"event":"media","media":"AAAA"}',
        '{"event":"media","media":{"payload":17}}',
        '{"event":"media","sequence_number":[],"media":{"payload":null}}',
        '{"event":"dtmf","dtmf":{"digit":{"digit":"1"}}}',
        '{"event":"mark","mark":[{"name":1}]}',
        '{"event":"start","start":true}',
        '{"event":{"event":"stop"}}',
    ),
    LineFault.HUGE_NUMBERS: (
        '{"event":"media","sequence_number":1e400,"media":{"chunk":-9e999,"payload":"AAA="}}',
        '{"event":"media","sequence_number":' + "9" * 400 + ',"media":{"chunk":0,"payload":"AAA="}}',
        '{"event":"media","sequence_number":1,"media":{"timestamp":' + "9" * 5000 + ',"payload":"AAA="}}',
        '{"event":"dtmf","sequence_number":-18446744073709551617,"dtmf":{"digit":1e308}}',
    ),
    LineFault.BINARY: (b"", b"\x00" * 320, b"\xff\xfe\xfd", b'{"event":"stop","stop":{}}', b"RIFF\x00\x00"),
}
ENDS = (LineFault.CUT, LineFault.STOP_THEN_CUT, LineFault.CLOSE_WITHOUT_STOP)


class Measured(NamedTuple):
    """A fault and its measure."""

    fault: LineFault
    measure: float


def read(text: str) -> tuple[Measured, ...]:
    """Parse the faults of a text; of two of the same name the last counts.

    Raises ValueError for an unknown name (naming those there are) or a measure outside 0 to 10000.
    """
    found: dict[LineFault, Measured] = {}
    for word in filter(None, (part.strip() for part in text.split("+"))):
        name, given, measure = word.partition("=")
        if name not in set(LineFault):
            raise ValueError(f"There is no fault {name[:40]!r}; there are {', '.join(LineFault)}.")
        fault = LineFault(name)
        try:
            value = float(measure) if given else USUAL[fault]
        except ValueError:
            value = -1.0
        if not 0 <= value <= MOST_MEASURE:
            raise ValueError(f"A number from 0 to {MOST_MEASURE:g} was expected, not {measure[:40]!r}.")
        found[fault] = Measured(fault, value)
    return tuple(found.values())


def write(faults: Iterable[Measured]) -> str:
    """Return the text from which `read` gives the same faults."""
    return "+".join(f"{fault.fault}={fault.measure:g}" for fault in faults)


class BadLine:
    """Apply the faults to the frames of one call. Call `pass_on` every 20 ms: late frames leave with it."""

    def __init__(self, faults: Iterable[Measured], luck: random.Random) -> None:
        self._faults = dict(faults)
        self._luck = luck
        self._opened_at: float | None = None
        self._start = ""
        self._waiting: deque[tuple[float, str | bytes]] = deque()

    @property
    def will_stop_reading(self) -> bool:
        """Return whether the far end will stop taking frames from the socket at some time."""
        return LineFault.READS_NOTHING in self._faults

    def end_due(self, now: float) -> LineFault | None:
        """Return the fault of ENDS that ends the call now, None if none does."""
        return next((fault for fault in ENDS if self._is_due(fault, now)), None)

    def reads(self, now: float) -> bool:
        """Return whether the far end still takes frames from the socket."""
        return not self._is_due(LineFault.READS_NOTHING, now)

    def pass_on(self, frames: list[str], now: float) -> list[str | bytes]:
        """Return what leaves now, in order: these frames with the faults applied, and late ones of before."""
        if not self._faults:
            return list(frames)
        leaves_until = now
        for frame in frames:
            late_s = 0.0
            if _is(frame, "media"):
                jitter_s = self._luck.uniform(0, self._faults.get(LineFault.JITTER, 0.0)) / 1000
                since_burst_s = (now - (self._opened_at or now)) % BURST_EVERY_S
                late_s = max(jitter_s, self._faults.get(LineFault.BURSTS, 0.0) / 1000 - since_burst_s)
            self._waiting += [(now + late_s, one) for one in self._spoil(frame, now)]
            if _is(frame, "stop"):
                # `pass_on` is not called again after a stop, so late frames leave with it.
                leaves_until = math.inf
                break
        leaving: list[str | bytes] = []
        while self._waiting and self._waiting[0][0] <= leaves_until:
            leaving.append(self._waiting.popleft()[1])
        return leaving

    def _spoil(self, frame: str, now: float) -> list[str | bytes]:
        """Return what is sent in place of a frame, leaving delays aside."""
        if _is(frame, "start"):
            self._opened_at, self._start = now, frame
            sid = json.loads(frame)["stream_sid"]
            media = {"event": "media", "sequence_number": 0, "stream_sid": sid, "media": {"payload": "AAA="}}
            early = [json.dumps(media)] * round(self._faults.get(LineFault.MEDIA_BEFORE_START, 0))
            return [*early, frame]
        if _is(frame, "media"):
            sent: list[str | bytes] = [] if self._happens(LineFault.LOSS) else [frame]
            sent += [self._luck.choice(bad) for fault, bad in GARBAGE.items() if self._happens(fault)]
            if self._is_due(LineFault.SECOND_START, now):
                del self._faults[LineFault.SECOND_START]
                sent.append(self._start)
            return sent
        if _is(frame, "stop"):
            return [frame] * (1 + round(self._faults.get(LineFault.STOP_TWICE, 0)))
        return [frame]

    def _happens(self, fault: LineFault) -> bool:
        return self._luck.uniform(0, 100) < self._faults.get(fault, 0.0)

    def _is_due(self, fault: LineFault, now: float) -> bool:
        after = self._faults.get(fault)
        return after is not None and self._opened_at is not None and now - self._opened_at >= after


def _is(frame: str, event: str) -> bool:
    """Return whether a frame is of this event; quirks may have put another member before it."""
    return f'"event":"{event}"' in frame[:80]
