"""PURE: the parts of a message that a programme tells one after the other, each after the last was heard."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final, NamedTuple

MOST_PARTS: Final = 20
MOST_REPEATS: Final = 10
VARIABLE: Final = "part"
"""The value of a person's row in which the part's number, from 1, comes to the dialogue."""


class Told(NamedTuple):
    """A part that a person was called for, and how many percent of it were heard; None: no call was held."""

    part: int
    heard: int | None


def following(told: Sequence[Told], *, parts: int, least: int, repeats: int) -> int | str:
    """Return the part that comes next for a person who was called for these, in their order.

    The next one follows a part of which `least` percent was heard; another is repeated, `repeats` times at
    most. Return a sentence instead where none follows: all were heard, or one was not in all its calls.
    """
    if not told:
        return 1
    part = told[-1].part
    calls = list(takewhile(lambda one: one.part == part, reversed(told)))
    if any(one.heard is not None and one.heard >= least for one in calls):
        return part + 1 if part < parts else f"All {parts} parts were heard."
    if len(calls) > repeats:
        times = "once" if len(calls) == 1 else f"{len(calls)} times"
        return f"Part {part} was told {times} and not heard to {least} %; no other part follows."
    return part


def heard_percent(prompts: Sequence[tuple[str, int, int]]) -> int | None:
    """Return how much was heard of what a call said, in percent; None if it said nothing.

    Each prompt comes as its name, the milliseconds heard and those it lasts. Of one that was said again the
    time counts that was heard best.
    """
    best: dict[str, tuple[int, int]] = {}
    for name, heard, lasts in prompts:
        before, _ = best.get(name, (0, 0))
        best[name] = (max(before, heard), lasts) if heard >= before else best[name]
    whole = sum(lasts for _, lasts in best.values())
    return min(100, 100 * sum(heard for heard, _ in best.values()) // whole) if whole else None
