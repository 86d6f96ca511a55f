"""PURE: the media of one call in figures, second by second and in all. docs/statistics.md explains them.

Every frame is noted here, which is kept short: what can wait is reckoned once a second.
"""

import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate

from calls.audio.pcm import decibels, level_of
from calls.conversation.input_buffer import BufferedFrame

SECOND = 1.0
LATE_MS = 60.0
"""Behind the quickest frame so far: three frames, about what a play-out buffer covers."""
_GAP_MS = 20
"""Audio missing between two frames, by their own timestamps."""
_JUMP_MS = 5_000
"""A timestamp that leaps further says nothing about the network."""
_DRIFT_MS = 0.01
"""A frame: two clocks may differ by half a thousandth without frames counting as late."""
_LEAST_DBFS, _MARGIN_DB, _FIRST_FLOOR_DBFS = -45.0, 9.0, -45.0
"""Speech by level, as `calls.audio.energy_vad` has it."""
_PAUSE_S = 0.3
"""Shorter pauses belong to speech."""
_SETTLING_S = 3.0
"""What was heard of the agent is known a mark later (a second of audio, and a round trip) than what the
caller said."""
_TRIGGER_S = 2.0
"""A key or speech longer ago did not cause this clear."""
_BYTES_PER_MS = 16
_MOST_FRAMES = 250
"""Noted for the figures of a second: five times as many as come in real time. More are only counted."""
_UNKNOWN = math.nan
"""A missing timestamp."""


class _Arrival:
    """How regularly frames come: gaps, late ones, and jitter as in RFC 3550 §6.4.1."""

    def __init__(self) -> None:
        self.gaps = self.late = 0
        self.gap_ms = 0.0
        self.jitter_ms = self.worst_jitter_ms = 0.0
        self._transit = self._quickest = 0.0
        self._until: float | None = None

    def restart(self) -> None:
        """Forget the stream's clock: what comes now is stamped by another one."""
        self._until = None

    def add(self, frames: Iterable[tuple[float, float, int]]) -> None:
        """Count frames, in order: timestamp (ms), arrival (s), size in bytes.

        One whose timestamp is not a number is taken to follow the one before.
        """
        until, before, quickest, jitter = self._until, self._transit, self._quickest, self.jitter_ms
        for given, now, size in frames:
            stamp = (until or 0.0) if math.isnan(given) else given
            end = stamp + size / _BYTES_PER_MS
            transit = now * 1000 - end  # a long frame is sent when its last sample is there, not its first
            change = abs(transit - before)
            if until is None or change > _JUMP_MS:
                quickest = transit
            else:
                if stamp - until >= _GAP_MS:
                    self.gaps += 1
                    self.gap_ms += stamp - until
                jitter += (change - jitter) / 16
                if jitter > self.worst_jitter_ms:
                    self.worst_jitter_ms = jitter
                quickest = min(quickest + _DRIFT_MS, transit)
                if transit - quickest > LATE_MS:
                    self.late += 1
            before, until = transit, end
        self._until, self._transit, self._quickest, self.jitter_ms = until, before, quickest, jitter


class _Sound:
    """When caller and agent could be heard, and the longest time in which neither could."""

    def __init__(self, began: float) -> None:
        self.caller_s = self.agent_s = self.longest_silence_s = 0.0
        self._until = began
        self._caller_until = -1.0
        self._waiting: list[tuple[float, float]] = []

    def caller(self, spans: Iterable[tuple[float, float]]) -> None:
        """Note that the caller spoke from each of these moments to the other, in order."""
        for start, end in spans:
            goes_on = start - self._caller_until <= _PAUSE_S
            begin = self._caller_until if goes_on else start
            self.caller_s += max(0.0, end - begin)
            self._caller_until = max(end, self._caller_until)
            self._waiting.append((begin, end))

    def agent(self, start: float, seconds: float) -> None:
        """Note that the agent was heard for so long."""
        self.agent_s += seconds
        self._waiting.append((start, start + seconds))

    def settle(self, until: float) -> None:
        """Reckon silences that began before `until`."""
        self._waiting.sort()
        kept = []
        for start, end in self._waiting:
            if start > until:
                kept.append((start, end))
                continue
            self.longest_silence_s = max(self.longest_silence_s, start - self._until)
            self._until = max(self._until, end)
        self._waiting = kept

    def silence_until(self, now: float) -> float:
        """Return the longest silence, with one that still lasts, in seconds."""
        return max(self.longest_silence_s, now - self._until)


class MediaStats:
    """One call's figures. Times are seconds of the clock that `began` is on."""

    def __init__(self, began: float) -> None:
        self.due = began + SECOND
        """When `second` is to be asked for next."""
        self._began = self._last = began
        self._arrival, self._sound = _Arrival(), _Sound(began)
        self.frames_in = self.frames_out = 0
        self._heard_bytes = self._queue = self._most_queued = 0
        self._before: dict[str, float] = {}
        # Of the frames of a second, one value each. No frame is kept: that would keep, and walk through,
        # a second of every call's audio.
        self._stamps, self._times = array("d"), array("d")
        self._sizes, self._levels = array("L"), array("L")
        self._floors = deque([_FIRST_FLOOR_DBFS], maxlen=3)
        self._trigger: float | None = None
        self._barge_ins: list[float] = []

    # --- what happens ---

    def add_frames(self, frames: Sequence[BufferedFrame]) -> None:
        """Note frames of caller audio, in order."""
        self.frames_in += len(frames)
        noted = frames[: max(0, _MOST_FRAMES - len(self._times))]
        self._times.extend([frame.at for frame in noted])
        self._levels.extend([frame.level for frame in noted])
        self._sizes.extend([len(frame.media.payload) for frame in noted])
        stamps = [frame.media.timestamp_ms for frame in noted]
        self._stamps.extend([_UNKNOWN if stamp is None else stamp for stamp in stamps])

    def restart_stream(self) -> None:
        """Note that another stream begins: its timestamps count anew."""
        self._evaluate()
        self._arrival.restart()

    def add_agent_audio(self, start: float, size: int) -> None:
        """Note that `size` bytes of agent audio were heard from `start` on."""
        self._heard_bytes += size
        self._sound.agent(start, size / _BYTES_PER_MS / 1000)

    @property
    def heard_ms(self) -> int:
        """Return how much agent audio was heard, in milliseconds."""
        return self._heard_bytes // _BYTES_PER_MS

    def on_trigger(self, at: float) -> None:
        """Note that the caller did something that may interrupt: a key was pressed, speech began."""
        self._trigger = at

    def on_clear(self, now: float) -> None:
        """Note that our audio was cleared; what triggered it gives the latency."""
        if self._trigger is not None and now - self._trigger <= _TRIGGER_S:
            self._barge_ins.append(now - self._trigger)
        self._trigger = None

    def record_queue_depth(self, depth: int) -> None:
        """Record the send queue's length, in frames; the longest counts."""
        if depth > self._queue:
            self._queue = depth

    # --- the figures ---

    def second(self, now: float) -> dict[str, int | float]:
        """Return the figures since the last call (`seconds`: how long ago that was). JSON-ready."""
        self._evaluate()
        self._sound.settle(now - _SETTLING_S)
        totals = {
            "in": self.frames_in,
            "out": self.frames_out,
            "gaps": self._arrival.gaps,
            "late": self._arrival.late,
            "caller_ms": self._sound.caller_s * 1000,
            "agent_ms": self._sound.agent_s * 1000,
        }
        since = {name: value - self._before.get(name, 0) for name, value in totals.items()}
        self._before = totals
        figures = {"seconds": round(now - self._last, 2), **{k: round(v) for k, v in since.items()}}
        figures |= {"jitter_ms": round(self._arrival.jitter_ms, 1), "queue": self._queue}
        self._most_queued, self._queue = max(self._most_queued, self._queue), 0
        self._last, self.due = now, now + SECOND
        return figures

    def totals(self, now: float) -> dict[str, int | float | None]:
        """Return the figures of the whole call, as far as it has come. JSON-ready; may be asked again."""
        self._evaluate()
        self._sound.settle(now)
        seconds = max(now - self._began, 0.001)
        return {
            "gaps": self._arrival.gaps,
            "gap_ms": round(self._arrival.gap_ms),
            "late": self._arrival.late,
            "jitter_ms": round(self._arrival.worst_jitter_ms, 1),
            "longest_silence_ms": round(self._sound.silence_until(now) * 1000),
            "caller_share": round(min(1.0, self._sound.caller_s / seconds), 3),
            "agent_share": round(min(1.0, self._sound.agent_s / seconds), 3),
            "barge_ins": len(self._barge_ins),
            "barge_in_ms": round(max(self._barge_ins) * 1000) if self._barge_ins else None,
            "queue": max(self._most_queued, self._queue),
        }

    def _evaluate(self) -> None:
        """Look at what came since the last time, all frames at once; speech is found by level."""
        if not self._times:
            return
        self._arrival.add(zip(self._stamps, self._times, self._sizes, strict=True))
        least = level_of(max(_LEAST_DBFS, min(self._floors) + _MARGIN_DB))
        self._floors.append(decibels(min(self._levels)))
        if max(self._levels) > least:  # the frames lie without gaps before the arrival of the last
            seconds = [size / _BYTES_PER_MS / 1000 for size in self._sizes]
            began = self._times[-1] - sum(seconds)
            ends = [began + until for until in accumulate(seconds)]
            loud = zip(ends, seconds, self._levels, strict=True)
            self._sound.caller((end - length, end) for end, length, level in loud if level > least)
        for noted in (self._stamps, self._times, self._sizes, self._levels):
            del noted[:]
