"""PURE: the steps of a dialogue in the order in which one reads them, indented behind keys that lead on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import AnyStep, Document, Prompt
from calls.agents.dialogue.dominators import Node, dominators
from calls.agents.dialogue.wording import texts

WAYS: Final[Mapping[str, str]] = {
    doc.NEXT: "then",
    doc.MATCH: "answered",
    doc.NO_INPUT: "no key",
    doc.NO_MATCH: "wrong keys",
    doc.ELSE: "otherwise",
    doc.FAILED: "it fails",
    doc.RECORDED: "recorded",
    doc.RECOGNISED: "recognised",
    doc.NOT_RECOGNISED: "not recognised",
    doc.FULL: "no more calls",
    doc.OPTED_OUT: "after 9",
    doc.HUNG_UP: "hung up",
    doc.PERSON: "wants a person",
}
"""The ways out of a step in words; a key is its own word."""
_CHARACTERS_A_SECOND = 15.0
"""Of speech by espeak at its usual pace; the estimate is for people who write, not for the call."""
_VALUE_CHARACTERS = 14
"""A value in words is about as long."""
MOST_DEPTH = 3
_ROOT: Node = ("", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A step in the outline. `ways`: the ways out that lead to it and nowhere else, if it begins a branch."""

    step_id: str
    step: AnyStep
    depth: int = 0
    ways: tuple[str, ...] = ()
    is_reached: bool = True

    @property
    def title(self) -> str:
        """The step's name for people."""
        return self.step.title or self.step_id


def way(name: str) -> str:
    """Return a way out in words."""
    return WAYS.get(name, name.replace("_", " "))


def seconds(prompt: Prompt) -> int:
    """Return about how many seconds it takes to say a prompt."""
    count = 0
    for text in texts(prompt):
        plain = text.split("{")
        count += len(plain[0]) + sum(_VALUE_CHARACTERS + len(part.partition("}")[2]) for part in plain[1:])
    return round(count / _CHARACTERS_A_SECOND) or (1 if count else 0)


def outline(document: Document) -> list[Row]:
    """Return a row for each step: those that a call may come to, the others, then those of fragments."""
    rows = _rows(document, document.start, document.steps, "")
    for name, fragment in document.fragments.items():
        rows += _rows(document, fragment.start, fragment.steps, f"{name}.")
    return rows


def _rows(document: Document, start: str, steps: Mapping[str, AnyStep], before: str) -> list[Row]:
    ways: dict[Node, list[Node]] = {}
    for step_id, step in steps.items():
        targets = (document.target(f"{before}{step_id}", step, name) for name in step.exit_names())
        inner = dict.fromkeys(target.rpartition(".")[2] for target in targets)
        ways[step_id, ""] = [(target, "") for target in inner if target in steps]
    ways[_ROOT] = [(start, ""), *((target, "") for target in document.exits.values() if not before)]
    graph: dict[Node, list[Node]] = {_ROOT: ways[_ROOT]}
    for node, after in ways.items():
        if node != _ROOT:
            graph[node] = [(node[0], to[0]) for to in after] if len(after) > 1 else after
            graph |= {(node[0], to[0]): [to] for to in after if len(after) > 1}
    rows = [
        Row(f"{before}{step_id}", steps[step_id], min(depth, MOST_DEPTH), by)
        for step_id, depth, by in _walk(document, graph, steps, before)
    ]
    seen = {row.step_id for row in rows}
    left = (step_id for step_id in steps if f"{before}{step_id}" not in seen)
    return rows + [Row(f"{before}{step_id}", steps[step_id], is_reached=False) for step_id in left]


def _walk(
    document: Document, graph: Mapping[Node, list[Node]], steps: Mapping[str, AnyStep], before: str
) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield the id of each step, its depth and the ways that lead to it, down the tree of dominators."""
    above = dominators(_ROOT, graph)
    below: dict[Node, list[Node]] = defaultdict(list)
    for node, over in above.items():
        if node != _ROOT:
            below[over].append(node)
    waiting: list[tuple[Node, int, tuple[str, ...]]] = [(_ROOT, 0, ())]
    while waiting:
        node, depth, ways = waiting.pop()
        inner = 0
        if node[1]:
            step_id, step = f"{before}{node[0]}", steps[node[0]]
            names = (
                n for n in step.exit_names() if document.target(step_id, step, n) == f"{before}{node[1]}"
            )
            ways, inner = tuple(names), 1
        elif node != _ROOT:
            yield node[0], depth, ways
            ways = ()
        after = sorted(below[node], key=lambda child: not child[1])
        waiting += [(child, depth + inner, ways) for child in reversed(after)]
