"""`make echo`: our own prompt from a loudspeaker in a room must not cut itself, people must be heard over it.

The detector of a live call, with WebRTC's gate and silero, listens to lines that are made here from seeds
(`bench/echo/cases.py`). Ends with a line of figures and exits with 1 if one of them is missed. docs/bench.md.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.echo import cases
from bench.echo.listen import listen
from calls.speech.vad_models import SileroModel

MOST_CUT_PERCENT: Final = 10.0
LEAST_QUIET_PERCENT: Final = 85.0
MOST_NOISES_PERCENT: Final = 2.0
"""Before there was a canceller: a cough and a piece of music, of 100 coughs, doors, music and noises."""
_NOISES: Final = ("cough", "slam", "music", "noise")


@dataclass(slots=True)
class Tally:
    """What was heard on lines of one kind."""

    lines: int = 0
    cut: int = 0
    """Prompts cut before the person had begun to speak."""
    found_ms: list[int] = field(default_factory=list)
    """From the first sound of speech to the cut."""
    frame_us: list[float] = field(default_factory=list)

    def add(self, case: cases.Case, model: SileroModel) -> None:
        """Listen to one line and count it."""
        heard = listen(case.caller, case.prompt, model)
        self.lines += 1
        self.frame_us += heard.frame_us
        began, ended = case.speech_ms or (sys.maxsize, sys.maxsize)
        first = heard.cuts[0] if heard.cuts else None
        if first is not None and first < began:
            self.cut += 1
        elif first is not None and first <= ended:
            self.found_ms.append(first - began)

    def row(self, kind: str) -> str:
        """Return one line of the table."""
        times = ""
        if self.found_ms:
            p50, p99 = np.percentile(self.found_ms, (50, 99))
            times = f", found {len(self.found_ms)} after {p50:.0f} ms (p99 {p99:.0f})"
        middle, mean, p99_us = (
            np.median(self.frame_us),
            np.mean(self.frame_us),
            np.percentile(self.frame_us, 99),
        )
        cost = f"a frame {middle:.0f} µs, mean {mean:.0f}, p99 {p99_us:.0f}"
        return f"{kind:16} {self.lines:3} lines, cut {self.cut}{times}; {cost}"


@dataclass(frozen=True, slots=True)
class Figures:
    """The last line."""

    rooms: int
    cut_percent: float
    quiet_speech_found_percent: float
    noises_cut_percent: float

    def missed(self) -> list[str]:
        """Return the figures that are beyond their bounds, in words; empty if none is."""
        bounds = (
            (self.cut_percent > MOST_CUT_PERCENT, f"cut_percent is over {MOST_CUT_PERCENT:g}"),
            (
                self.quiet_speech_found_percent < LEAST_QUIET_PERCENT,
                f"quiet_speech_found_percent is under {LEAST_QUIET_PERCENT:g}",
            ),
            (
                self.noises_cut_percent > MOST_NOISES_PERCENT,
                f"noises_cut_percent is over {MOST_NOISES_PERCENT:g}",
            ),
        )
        return [text for is_missed, text in bounds if is_missed]

    def __str__(self) -> str:
        return (
            f"rooms={self.rooms} cut_percent={self.cut_percent:.1f} "
            f"quiet_speech_found_percent={self.quiet_speech_found_percent:.1f} "
            f"noises_cut_percent={self.noises_cut_percent:.1f}"
        )


def lines(*, rooms: int, others: int) -> Iterator[cases.Case]:
    """Yield every line: `rooms` of echo alone, and `others` in units of 20 noises, 80 of quiet speech."""
    yield from cases.room_lines(rooms)
    yield from cases.talk_over_lines(2 * others, echoes=True)
    yield from cases.talk_over_lines(others, echoes=False)
    yield from cases.quiet_speech_lines(4 * others)
    yield from cases.noise_lines(others)


def measure(made: Iterable[cases.Case], model: SileroModel) -> dict[str, Tally]:
    """Return a tally for each kind of line, in order of the first of each."""
    tallies: dict[str, Tally] = {}
    for case in made:
        tallies.setdefault(case.kind, Tally()).add(case, model)
    return tallies


def figures_of(tallies: dict[str, Tally]) -> Figures:
    """Return the figures of a whole run."""
    rooms, quiet = tallies["room"], tallies["quiet_speech"]
    noises = [tallies[kind] for kind in _NOISES]
    return Figures(
        rooms=rooms.lines,
        cut_percent=100 * rooms.cut / rooms.lines,
        quiet_speech_found_percent=100 * len(quiet.found_ms) / quiet.lines,
        noises_cut_percent=100 * sum(tally.cut for tally in noises) / sum(tally.lines for tally in noises),
    )


def main() -> int:
    """Return 0 if every figure is within its bounds, else 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument(
        "--others", type=int, default=20, help="lines with coughs; the other kinds go with it"
    )
    asked = parser.parse_args()
    tallies = measure(lines(rooms=asked.rooms, others=asked.others), SileroModel())
    for kind, tally in tallies.items():
        print(tally.row(kind))
    figures = figures_of(tallies)
    for text in figures.missed():
        print(text)
    print(figures)
    return 1 if figures.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
