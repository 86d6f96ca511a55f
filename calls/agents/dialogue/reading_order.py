"""PURE: the order in which steps and their parts stand in a file: that in which one reads them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from calls.agents.dialogue import document as doc

_KEY_ORDER = "123456780*#"


def reading_order(start: str, steps: Mapping[str, doc.AnyStep]) -> Iterator[str]:
    """Yield the ids of steps, each before those that follow it; then those that no exit leads to."""
    seen, waiting = dict[str, None](), [start]
    while waiting:
        step_id = waiting.pop()
        if step_id in steps and step_id not in seen:
            seen[step_id] = None
            step = steps[step_id]
            ways = sorted(step.exits, key=lambda name: _exit_order(step, name))
            waiting += [step.exits[name] for name in reversed(ways)]
    yield from seen
    yield from sorted(steps.keys() - seen.keys())


def _exit_order(step: doc.AnyStep, name: str) -> tuple[int, int, str]:
    names = step.exit_names()
    if name in _KEY_ORDER:
        return (0, _KEY_ORDER.index(name), name)
    return (1, names.index(name) if name in names else len(names), name)


def step_in_order(raw: dict[str, Any], step: doc.AnyStep) -> dict[str, Any]:
    """Return the JSON of a step: its kind and title first, keys as on a telephone, its exits last."""
    exits = raw.pop("exits", {})
    for name in ("choices", "times", "languages", "values", "brings"):
        if name in raw:
            raw[name] = dict(sorted(raw[name].items(), key=lambda item: _exit_order(step, item[0])))
    first = {name: raw.pop(name) for name in ("kind", "title") if name in raw}
    last = {name: exits[name] for name in sorted(exits, key=lambda name: _exit_order(step, name))}
    return first | raw | ({"exits": last} if last else {})


def words_in_order(words: dict[str, dict[str, Any]], ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the JSON of words in the order of the steps' ids: general ones first, those of no step last."""
    order = [name for name in (doc.GENERAL, *ids) if name in words]
    order += sorted(words.keys() - set(order))
    return {name: dict(sorted(words[name].items())) for name in order}
