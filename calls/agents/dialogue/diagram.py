"""PURE: the picture of a dialogue, drawn from its steps alone: the same steps give the same picture.

Steps lie in layers below each other, each below all that lead to it. A way that skips layers passes through
points of its own, the first of which has its label. A way back up, or far down, is drawn as the name of the
step that it leads to. Sizes are in pixels.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import AnyStep, Document
from calls.agents.dialogue.graph import ways_back
from calls.agents.dialogue.layout import (
    BACK,
    HEIGHT,
    MARGIN,
    WIDTH,
    Node,
    add_line,
    ordered,
    paths,
    place_all,
    tops_of,
)
from calls.agents.dialogue.outline import outline, way

_FAR = 10
"""A way that goes down by more layers is not drawn as a line."""
_LETTER = 7.4
"""The width of a letter of a title at 13 px."""
_NOT_DRAWN = (doc.OPTED_OUT, doc.HUNG_UP)


@dataclass(frozen=True, slots=True)
class Box:
    """A step, by its middle and its top. `tone`: say, key, fin or box; `back`: the end of a way back up."""

    step_id: str
    x: int
    y: int
    width: int
    height: int
    tone: str
    title: str
    under: str = ""

    @property
    def left(self) -> float:
        """Its left edge."""
        return self.x - self.width / 2

    @property
    def title_y(self) -> float:
        """The base line of its title."""
        return self.y + (21 if self.under else self.height / 2 + 4.5)

    @property
    def under_y(self) -> float:
        """The base line of the line below the title."""
        return self.y + 38


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a way out, by its middle and its top."""

    x: int
    y: int
    text: str

    @property
    def width(self) -> float:
        """The width of its frame."""
        return max(24.0, len(self.text) * 7.0 + 14)

    @property
    def left(self) -> float:
        """Its left edge."""
        return self.x - self.width / 2


@dataclass(frozen=True, slots=True)
class Diagram:
    """The picture: boxes, the paths of the ways (SVG path data, whether it has a tip), labels, a sentence."""

    width: int
    height: int
    boxes: Sequence[Box]
    paths: Sequence[tuple[str, bool]]
    labels: Sequence[Label]
    sentence: str


def diagram(document: Document) -> Diagram:
    """Return the picture of a dialogue's steps, without those inside of its fragments.

    That of a fragment is the picture of `editing.inside`.
    """
    rows = [row.step_id for row in outline(document) if row.step_id in document.steps]
    ways = {step_id: _ways(document, step_id) for step_id in rows}
    nodes = _nodes(rows, ways)
    layers = ordered(nodes)
    place_all(nodes, layers)
    tops = tops_of(nodes, layers)
    width = round(max((node.x + node.width / 2 for node in nodes), default=0)) + MARGIN
    boxes = [_box(document, node, tops[node.layer]) for node in nodes if node.step_id or node.back]
    return Diagram(
        width=max(width, WIDTH + 2 * MARGIN),
        height=tops[-1],
        boxes=boxes,
        paths=[*paths(nodes, tops)],
        labels=[Label(round(n.x), tops[n.layer], n.label) for n in nodes if n.label and not n.step_id],
        sentence=_sentence(document, rows, ways),
    )


def _ways(document: Document, step_id: str) -> dict[str, list[str]]:
    """Return the steps that follow a step, each with the names of the ways that lead there."""
    step, found = document.steps[step_id], defaultdict[str, list[str]](list)
    for name in step.exit_names():
        target = document.target(step_id, step, name)
        if target in document.steps and name not in _NOT_DRAWN:
            found[target].append(name)
    return found


def _label(names: Sequence[str]) -> str:
    """Return the ways of one line in words: the first two at most; empty where there is one way on."""
    if [*names] == [doc.NEXT]:
        return ""
    if {*names} == {doc.NO_INPUT, doc.NO_MATCH}:
        return "no answer"
    said = [way(name) for name in names if name not in (doc.NO_INPUT, doc.NO_MATCH)] or [way(names[0])]
    most = 5 if all(len(name) == 1 for name in said) else 2
    return ", ".join(said[:most]) + (" …" if len(said) > most or len(names) > len(said) else "")


def _nodes(rows: Sequence[str], ways: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Node]:
    """Return the steps in order with their layers, then the points of ways and the ends of ways back."""
    back = set(ways_back(rows, ways))
    forward = {s: {t: n for t, n in ways[s].items() if (s, t) not in back} for s in rows}
    into: dict[str, int] = defaultdict(int)
    for targets in forward.values():
        for target in targets:
            into[target] += 1
    layers = _layers(rows, forward, into)
    nodes = [Node(step_id, layer=layers[step_id]) for step_id in rows]
    place = {step_id: number for number, step_id in enumerate(rows)}
    for source in rows:
        for target, names in ways[source].items():
            label = "" if len(ways[source]) == 1 and len(names) == 1 else _label(names)
            if (source, target) in back or layers[target] - layers[source] > _FAR:
                add_line(nodes, place[source], layers[source] + 1, label=label, back=target)
                nodes[-1].is_down = (source, target) not in back
            else:
                add_line(nodes, place[source], layers[target], label=label, to=place[target])
    return nodes


def _layers(
    rows: Sequence[str], forward: Mapping[str, Mapping[str, Sequence[str]]], into: Mapping[str, int]
) -> dict[str, int]:
    """Return the layer of each step; a labelled way has a layer for its label."""
    layers, left = dict.fromkeys(rows, 0), dict(into)
    waiting = [step_id for step_id in rows if not into.get(step_id)]
    while waiting:
        source = waiting.pop()
        for target, names in forward[source].items():
            apart = 1 if len(forward[source]) == 1 and not _label(names) else 2
            layers[target] = max(layers[target], layers[source] + apart)
            left[target] -= 1
            if not left[target]:
                waiting.append(target)
    return layers


def _box(document: Document, node: Node, y: int) -> Box:
    if node.back:
        title = document.steps[node.back].title or node.back
        arrow = "↓" if node.is_down else "↑"
        return Box(node.back, round(node.x), y + 24, BACK, 24, "back", _clipped(f"{arrow} {title}", BACK))
    step = document.steps[node.step_id]
    title = _clipped(step.title or node.step_id, WIDTH)
    return Box(node.step_id, round(node.x), y, WIDTH, HEIGHT, tone(step), title, under(step))


def _clipped(text: str, width: int) -> str:
    most = int(width / _LETTER)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def tone(step: AnyStep) -> str:
    """Return the colour of a step: `say` speaks, `key` asks, `fin` ends, `box` does neither."""
    if isinstance(step, doc.Ask | doc.Digits) or "ask" in step.SPOKEN:
        return "key"
    if isinstance(step, doc.End | doc.Return):
        return "fin"
    return "say" if step.SPOKEN else "box"


_UNDER = {
    doc.Say: "says",
    doc.Menu: "asks for a key",
    doc.YesNo: "yes or no",
    doc.Rating: "asks for a rating",
    doc.ChooseLanguage: "asks the language",
    doc.Later: "asks when to call",
    doc.Digits: "takes digits",
    doc.Branch: "decides",
    doc.Set: "notes",
    doc.OptOut: "never call again",
    doc.Sub: "runs a part",
    doc.Return: "goes back",
    doc.End: "hangs up",
}


def under(step: AnyStep) -> str:
    """Return in two or three words what a step does."""
    if isinstance(step, doc.Sub) and step.fragment:
        return _clipped(f"runs {step.fragment.replace('_', ' ')}", WIDTH)
    return _UNDER.get(type(step), str(step.__struct_config__.tag).replace("_", " "))


def _sentence(
    document: Document, rows: Sequence[str], ways: Mapping[str, Mapping[str, Sequence[str]]]
) -> str:
    """Return what the picture shows, for people who do not see it."""
    said = []
    for step_id in rows:
        title = document.steps[step_id].title or step_id
        on = [
            f"{way(names[0])} to {document.steps[target].title or target}"
            for target, names in ways[step_id].items()
        ]
        said.append(f"{title}: {', '.join(on)}." if on else f"{title}: the end.")
    return " ".join(said)
