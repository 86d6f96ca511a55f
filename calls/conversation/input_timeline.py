"""PURE: where the caller's audio lies on the call's clock."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from calls.audio.pcm import exact_ms
from calls.conversation.input_buffer import BufferedFrame
from calls.protocol.messages import Media

_TRUST_MS = 500
"""How far the stream's own timestamp may be from the arrival before it is doubted."""
_BURST_MS = 1000
"""What a stalled network or loop had kept back has come within this time. Audio that stays late is on a clock
that stood still, as where silence is not sent: then its arrival counts."""
_GAP_MS = 200
"""A pause in arrival longer than network jitter: the audio belongs after it."""
_MOST_EARLY_MS = 100
"""Audio this far ahead of real time is not kept: people speak no faster than time passes. What is placed too
late once would push all that follows, and our own echo would lie where it is not looked for."""
_SAME_CLOCK_MS = 10_000
"""Timestamps of the first frames that lie further from each other are of no clock."""


class PlacedAudio(NamedTuple):
    """Audio without a break, from `at_ms` on; None: it came impossibly early and is not to be kept."""

    at_ms: int | None
    audio: bytes


class InputTimeline:
    """Positions for caller audio in order of arrival, never overlapping."""

    def __init__(self) -> None:
        self._until_ms = 0.0
        """Not rounded: thousands of frames of half a millisecond would lie on top of each other."""
        self._offset_ms: float | None = None
        """Where the stream's clock is zero, by its quickest frame so far: audio comes late, never early."""
        self._is_first = True
        self._late_since: int | None = None

    def place_all(
        self, frames: Sequence[BufferedFrame], at_ms_of: Callable[[float], int]
    ) -> list[PlacedAudio]:
        """Return the audio of frames in order of arrival, joined where one follows on another.

        `at_ms_of`: from seconds to milliseconds on the call's clock.
        """
        arrived = [at_ms_of(frame.at) for frame in frames]
        if is_first := self._is_first:
            self._set_out(frames, arrived)
        found: list[tuple[float | None, list[bytes]]] = []
        for frame, arrived_ms in zip(frames, arrived, strict=True):
            until = self._until_ms
            at_ms = self.place(frame.media, arrived_ms, may_pause=not is_first)
            if found and at_ms == until and found[-1][0] is not None:
                found[-1][1].append(frame.media.payload)
            else:
                found.append((at_ms, [frame.media.payload]))
        return [PlacedAudio(None if at_ms is None else int(at_ms), b"".join(audio)) for at_ms, audio in found]

    def place(self, media: Media, arrived_ms: int, *, may_pause: bool = True) -> float | None:
        """Return where this frame begins (ms); None if it comes impossibly early and is not to be kept.

        `may_pause`: without a timestamp, a frame long after the one before may lie behind a pause.
        """
        length = exact_ms(media.payload)
        by_arrival = arrived_ms - length
        at = by_arrival if by_arrival - self._until_ms > _GAP_MS and may_pause else self._until_ms
        if media.timestamp_ms is not None:
            by_stamp = self._by_stamp(media.timestamp_ms, by_arrival, arrived_ms)
            if by_stamp is not None and by_stamp + length <= 0:
                return None  # spoken before the call began: it was kept back until then
            at = at if by_stamp is None else max(self._until_ms, by_stamp)
        self._is_first = False
        if at > by_arrival + _MOST_EARLY_MS:
            return None
        self._until_ms = at + length
        return at

    def _set_out(self, frames: Sequence[BufferedFrame], arrived: Sequence[int]) -> None:
        """Place the beginning by the quickest of the first frames: all of them may have been kept back."""
        until, first = 0.0, frames[0].media.timestamp_ms
        starts: list[float] = []
        for frame, arrived_ms in zip(frames, arrived, strict=True):
            length, stamp = exact_ms(frame.media.payload), frame.media.timestamp_ms
            since = until if stamp is None or first is None else stamp - first
            if abs(since - until) < _SAME_CLOCK_MS:
                starts.append(arrived_ms - length - since)
            until += length
        if first is not None:
            self._offset_ms = min(starts) - first
        elif frames:
            self._until_ms = max(self._until_ms, min(starts))

    def _by_stamp(self, stamp: int, by_arrival: float, arrived_ms: int) -> float | None:
        """Return where the stream's clock places a frame; None if it is not credible.

        Audio can not be early; what comes late, all at once, was spoken when its timestamp says.
        """
        if self._offset_ms is None:
            self._offset_ms = by_arrival - stamp
        ahead_ms = self._offset_ms + stamp - by_arrival
        if ahead_ms >= -_TRUST_MS:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = arrived_ms
        late_ms = 0 if self._late_since is None else arrived_ms - self._late_since
        if ahead_ms > _TRUST_MS or late_ms > _BURST_MS:
            return None
        self._offset_ms = min(self._offset_ms, by_arrival - stamp)
        return self._offset_ms + stamp

    def restart(self) -> None:
        """Forget the stream's clock: another stream begins, whose timestamps count anew."""
        self._offset_ms = self._late_since = None
        self._is_first = True
