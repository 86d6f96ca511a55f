"""PURE: where the caller's audio lies on the call's clock."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from calls.audio.pcm import duration_ms
from calls.conversation.input_buffer import BufferedFrame
from calls.protocol.messages import Media

_TRUST_MS = 500
"""How far the stream's own timestamp may be from the arrival before it is doubted."""
_BURST_MS = 1000
"""What a stalled network or loop had kept back has come within this time. Audio that stays late is on a clock
that stood still, as where silence is not sent: then its arrival counts."""
_GAP_MS = 200
"""A pause in arrival longer than network jitter: the audio belongs after it."""
_MOST_EARLY_MS = 2000
"""Audio this far ahead of real time is not recorded: people speak no faster than time passes."""


class PlacedAudio(NamedTuple):
    """Audio without a break, from `at_ms` on; None: it came impossibly early and is not to be kept."""

    at_ms: int | None
    audio: bytes


class InputTimeline:
    """Positions for caller audio in order of arrival, never overlapping."""

    def __init__(self) -> None:
        self._until_ms = 0
        self._first: tuple[int, int] | None = None
        """Where the first stamped frame was placed, and its timestamp: the offset of the stream's clock."""
        self._late_since: int | None = None

    def place_all(
        self, frames: Sequence[BufferedFrame], at_ms_of: Callable[[float], int]
    ) -> list[PlacedAudio]:
        """Return the audio of frames in order of arrival, joined where one follows on another.

        `at_ms_of`: from seconds to milliseconds on the call's clock.
        """
        found: list[tuple[int | None, list[bytes]]] = []
        for media, at, _ in frames:
            until = self._until_ms
            at_ms = self.place(media, at_ms_of(at))
            if found and at_ms == until and found[-1][0] is not None:
                found[-1][1].append(media.payload)
            else:
                found.append((at_ms, [media.payload]))
        return [PlacedAudio(at_ms, b"".join(audio)) for at_ms, audio in found]

    def place(self, media: Media, arrived_ms: int) -> int | None:
        """Return where this frame begins (ms); None if it comes impossibly early and is not to be kept."""
        length = duration_ms(media.payload)
        by_arrival = max(0, arrived_ms - length)
        at = by_arrival if by_arrival - self._until_ms > _GAP_MS else self._until_ms
        stamp = media.timestamp_ms
        if stamp is not None:
            if self._first is None:
                self._first = (by_arrival, stamp)
            by_stamp = self._first[0] + stamp - self._first[1]
            if self._is_credible(by_stamp - by_arrival, arrived_ms):
                at = max(self._until_ms, by_stamp)
        if at > arrived_ms + _MOST_EARLY_MS:
            return None
        self._until_ms = at + length
        return at

    def restart(self) -> None:
        """Forget the stream's clock: another stream begins, whose timestamps count anew."""
        self._first = self._late_since = None

    def _is_credible(self, ahead_ms: int, arrived_ms: int) -> bool:
        """Audio can not be early; what comes late, all at once, was spoken when its timestamp says."""
        if ahead_ms >= -_TRUST_MS:
            self._late_since = None
            return ahead_ms <= _TRUST_MS
        if self._late_since is None:
            self._late_since = arrived_ms
        return arrived_ms - self._late_since <= _BURST_MS
