"""PURE: what platforms are known or feared to do differently, as named switches on the frames of one call.

awaaz-platform.md §2 leaves room (`connected`, numbers as text, an empty stop); an agent lives with all of it.
"""

import re
from enum import StrEnum

_NUMBERS = re.compile(r'"(sequence_number|chunk|sample_rate)":(\d+)')
BURST_FRAMES = 10
LATE_START_S = 0.3


class Quirk(StrEnum):
    CONNECTED_BEFORE = "connected_before"
    CONNECTED_AFTER = "connected_after"
    STRINGS = "strings"
    EMPTY_STOP = "empty_stop"
    LATE_START = "late_start"
    DUPLICATE_KEYS = "duplicate_keys"
    BURSTS = "bursts"


PROFILES: dict[str, frozenset[Quirk]] = {
    "plain": frozenset(),
    "livekit": frozenset({Quirk.CONNECTED_AFTER}),
    "exotel": frozenset({Quirk.CONNECTED_BEFORE, Quirk.STRINGS}),
    "nasty": frozenset(Quirk) - {Quirk.CONNECTED_BEFORE},
}
"""livekit: what its connector saw. exotel: the sibling dialect. nasty: everything that goes together."""


def read(text: str) -> frozenset[Quirk]:
    """Parse profiles and switches, separated by commas. Raises ValueError naming those there are."""
    chosen: set[Quirk] = set()
    for word in filter(None, (part.strip() for part in text.split(","))):
        if word in PROFILES:
            chosen |= PROFILES[word]
        elif word in set(Quirk):
            chosen.add(Quirk(word))
        else:
            known = ", ".join([*PROFILES, *Quirk])
            raise ValueError(f"There is no quirk {word!r}; there are {known}.")
    return frozenset(chosen)


class Shaper:
    """Change the frames of one call as the quirks say."""

    def __init__(self, quirks: frozenset[Quirk]) -> None:
        self._quirks = quirks
        self._burst: list[str] = []

    @property
    def delay_s(self) -> float:
        """Return how many seconds to wait before the start frame."""
        return LATE_START_S if Quirk.LATE_START in self._quirks else 0.0

    def shape(self, frames: list[str]) -> list[str]:
        """Return the frames to send now. Bursts delay audio until ten frames wait or another frame comes."""
        if not self._quirks:
            return frames
        shaped = [after for before in frames for after in self._change(before)]
        if Quirk.BURSTS not in self._quirks:
            return shaped
        self._burst += shaped
        only_audio = all('"event":"media"' in frame[:60] for frame in shaped)
        if only_audio and len(self._burst) < BURST_FRAMES:
            return []
        released, self._burst = self._burst, []
        return released

    def _change(self, frame: str) -> list[str]:
        starts = frame.startswith('{"event":"start"')
        if Quirk.EMPTY_STOP in self._quirks and frame.startswith('{"event":"stop"'):
            frame = re.sub(r'"stop":\{.*\}\}$', '"stop":{}}', frame)
        if Quirk.STRINGS in self._quirks:
            frame = _NUMBERS.sub(r'"\1":"\2"', frame)
        if Quirk.DUPLICATE_KEYS in self._quirks:
            # The last of two counts.
            frame = frame.replace("{", '{"event":"unknown",', 1)
        connected = '{"event":"connected"}'
        before = [connected] if starts and Quirk.CONNECTED_BEFORE in self._quirks else []
        after = [connected] if starts and Quirk.CONNECTED_AFTER in self._quirks else []
        return [*before, frame, *after]
