"""PURE: what a bad line does to the frames of one call. Frames and time in, frames out; no I/O, no clock.

Written as `cut`, `loss=20` or `jitter+loss=20+cut=3`: names joined by +, each with its measure if another
than the usual one is wanted. Unlike quirks, which are readings of the documents, none of it should happen.
"""

import json
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
    """The faults of a text, each at most once. ValueError says what there is."""
    found: dict[LineFault, Measured] = {}
    for word in filter(None, (part.strip() for part in text.split("+"))):
        name, given, measure = word.partition("=")
        if name not in set(LineFault):
            raise ValueError(f"There is no fault {name[:40]!r}; there are {', '.join(LineFault)}.")
        fault = LineFault(name)
        found[fault] = Measured(fault, _measure(measure) if given else USUAL[fault])
    return tuple(found.values())


def _measure(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST_MEASURE:
        raise ValueError(f"A number from 0 to {MOST_MEASURE:g} was expected, not {text[:40]!r}.")
    return value


def write(faults: Iterable[Measured]) -> str:
    """The text that `read` reads."""
    return "+".join(f"{fault.fault}={fault.measure:g}" for fault in faults)


class BadLine:
    """The line of one call. `pass_on` is called at least once in 20 ms, and late frames leave with it."""

    def __init__(self, faults: Iterable[Measured], luck: random.Random) -> None:
        self._faults = dict(faults)
        self._luck = luck
        self._opened_at: float | None = None
        self._start = ""
        self._waiting: deque[tuple[float, str | bytes]] = deque()

    @property
    def is_deaf(self) -> bool:
        """Whether the far end will stop to take frames from the socket."""
        return LineFault.READS_NOTHING in self._faults

    def end_due(self, now: float) -> LineFault | None:
        """The fault that ends the call now: one of ENDS."""
        return next((fault for fault in ENDS if self._is_due(fault, now)), None)

    def reads(self, now: float) -> bool:
        """Whether the far end still takes frames from the socket."""
        return not self._is_due(LineFault.READS_NOTHING, now)

    def pass_on(self, frames: list[str], now: float) -> list[str | bytes]:
        """What really leaves now, late frames of before included. Order is kept."""
        if not self._faults:
            return list(frames)
        for frame in frames:
            late = self._late_s(now) if _is(frame, "media") else 0.0
            self._waiting += [(now + late, one) for one in self._spoil(frame, now)]
            if _is(frame, "stop"):
                return self._all()
        return self._due(now)

    def _all(self) -> list[str | bytes]:
        """After a stop there is no later call of ours, so everything leaves."""
        left = [frame for _, frame in self._waiting]
        self._waiting.clear()
        return left

    def _due(self, now: float) -> list[str | bytes]:
        leaving: list[str | bytes] = []
        while self._waiting and self._waiting[0][0] <= now:
            leaving.append(self._waiting.popleft()[1])
        return leaving

    def _late_s(self, now: float) -> float:
        late = self._luck.uniform(0, self._faults.get(LineFault.JITTER, 0.0)) / 1000
        held = self._faults.get(LineFault.BURSTS, 0.0) / 1000
        into = (now - (self._opened_at or now)) % BURST_EVERY_S
        return max(late, held - into)

    def _spoil(self, frame: str, now: float) -> list[str | bytes]:
        if _is(frame, "start"):
            return self._opening(frame, now)
        if _is(frame, "media"):
            return self._spoil_audio(frame, now)
        if _is(frame, "stop"):
            return [frame] * (1 + round(self._faults.get(LineFault.STOP_TWICE, 0)))
        return [frame]

    def _opening(self, start: str, now: float) -> list[str | bytes]:
        self._opened_at, self._start = now, start
        sid = json.loads(start)["stream_sid"]
        media = {"event": "media", "sequence_number": 0, "stream_sid": sid, "media": {"payload": "AAA="}}
        early = [json.dumps(media)] * round(self._faults.get(LineFault.MEDIA_BEFORE_START, 0))
        return [*early, start]

    def _spoil_audio(self, frame: str, now: float) -> list[str | bytes]:
        sent: list[str | bytes] = [] if self._happens(LineFault.LOSS) else [frame]
        sent += [self._luck.choice(bad) for fault, bad in GARBAGE.items() if self._happens(fault)]
        if self._is_due(LineFault.SECOND_START, now):
            del self._faults[LineFault.SECOND_START]
            sent.append(self._start)
        return sent

    def _happens(self, fault: LineFault) -> bool:
        return self._luck.uniform(0, 100) < self._faults.get(fault, 0.0)

    def _is_due(self, fault: LineFault, now: float) -> bool:
        after = self._faults.get(fault)
        return after is not None and self._opened_at is not None and now - self._opened_at >= after


def _is(frame: str, event: str) -> bool:
    """Whether a frame is of this event: quirks may have put another member before it."""
    return f'"event":"{event}"' in frame[:80]
