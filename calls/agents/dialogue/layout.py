"""PURE: where the boxes, points and labels of a picture lie, so that few lines cross and none touch.

Nodes lie in layers; an index into the list of nodes stands for a node. Sizes are in pixels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT, GAP = 136, 48, 14
BACK, MARGIN = 120, 8
_POINT, _ROW = 40, 46
"""The width of a point without a label; what lies between two layers."""
_BEND = 18
"""How far above a layer its ways come in from the side."""
_SWEEPS = 6


@dataclass(slots=True)
class Node:
    """A step, a point that a way passes (`label`: its name), or the end of a way that is no line (`back`)."""

    step_id: str = ""
    label: str = ""
    back: str = ""
    is_down: bool = False
    layer: int = 0
    x: float = 0.0
    below: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Its width in pixels."""
        if self.step_id:
            return WIDTH
        return BACK if self.back else max(_POINT, round(len(self.label) * 7.0 + 22))


def add_line(
    nodes: list[Node], at: int, layer: int, *, label: str = "", back: str = "", to: int = -1
) -> None:
    """Add the points between a step and the layer that its way leads to."""
    source = at
    for between in range(nodes[source].layer + 1, layer + bool(back)):
        name = label if at == source else ""
        nodes.append(Node(label=name, back=back if between == layer else "", layer=between))
        _join(nodes, at, len(nodes) - 1)
        at = len(nodes) - 1
    if to >= 0:
        _join(nodes, at, to)


def _join(nodes: Sequence[Node], upper: int, lower: int) -> None:
    nodes[upper].below.append(lower)
    nodes[lower].above.append(upper)


def ordered(nodes: Sequence[Node]) -> list[list[int]]:
    """Return the nodes of each layer from left to right, so that few lines cross."""
    layers: list[list[int]] = [[] for _ in range(max((node.layer for node in nodes), default=-1) + 1)]
    for number in _from_above(nodes):
        layers[nodes[number].layer].append(number)
    place = {number: spot for layer in layers for spot, number in enumerate(layer)}
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            beside = {n: nodes[n].above if sweep % 2 == 0 else nodes[n].below for n in layer}
            middles = {n: _middle(beside[n], place, place[n]) for n in layer}
            layer.sort(key=middles.__getitem__)
            place |= {number: spot for spot, number in enumerate(layer)}
    return layers


def _from_above(nodes: Sequence[Node]) -> Iterator[int]:
    """Yield the nodes in the order of a walk in depth, branches in their order."""
    seen = set[int]()
    for start in range(len(nodes)):
        waiting = [start]
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                yield number
                waiting += reversed(nodes[number].below)


def _middle(
    numbers: Sequence[int],
    place: Mapping[int, float],
    else_at: float,
    *,
    weights: Mapping[int, int] | None = None,
) -> float:
    """Return the mean of the places of some nodes; `else_at` if there are none."""
    whole = sum(weights[n] if weights else 1 for n in numbers)
    return sum(place[n] * (weights[n] if weights else 1) for n in numbers) / whole if whole else else_at


def _weight(nodes: Sequence[Node], number: int) -> int:
    """Return how much a node pulls: steps, and points that alone lead to one, more than lines that pass."""
    node = nodes[number]
    alone = len(node.below) == 1 and len(nodes[node.below[0]].above) == 1 and nodes[node.below[0]].step_id
    return 8 if node.step_id or alone else 1


def place_all(nodes: Sequence[Node], layers: Sequence[Sequence[int]]) -> None:
    """Set the middle of each node: near the middle of those it hangs on, as far as its neighbours allow."""
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            at = {m: nodes[m].x for n in layer for m in (nodes[n].above if down else nodes[n].below)}
            weights = {m: _weight(nodes, m) for m in at}
            wanted = [
                _middle(nodes[n].above if down else nodes[n].below, at, nodes[n].x, weights=weights)
                for n in layer
            ]
            _spread(nodes, layer, wanted)
    least = min((node.x - node.width / 2 for node in nodes), default=0.0)
    for node in nodes:
        node.x += MARGIN - least


def _spread(nodes: Sequence[Node], layer: Sequence[int], wanted: Sequence[float]) -> None:
    """Put the nodes of a layer as near to where they are wanted as they go side by side.

    Neighbours that would touch form a block, which lies at the mean of what its members want.
    """
    blocks: list[tuple[float, list[tuple[int, float]]]] = []
    for number, want in zip(layer, wanted, strict=True):
        block = [(number, 0.0)]
        centre = want
        while blocks:
            left, (last, shift) = blocks[-1][0], blocks[-1][1][-1]
            if left + shift + _apart(nodes, last, block[0][0]) <= centre + block[0][1]:
                break
            before, members = blocks.pop()
            shift = members[-1][1] + _apart(nodes, members[-1][0], block[0][0]) - block[0][1]
            joined = [*members, *((one, offset + shift) for one, offset in block)]
            pull, more = (sum(_weight(nodes, one) for one, _ in part) for part in (members, block))
            block, centre = joined, (before * pull + (centre - shift) * more) / (pull + more)
        blocks.append((centre, block))
    for centre, block in blocks:
        for number, offset in block:
            nodes[number].x = centre + offset


def _apart(nodes: Sequence[Node], left: int, right: int) -> float:
    return (nodes[left].width + nodes[right].width) / 2 + GAP


def tops_of(nodes: Sequence[Node], layers: Sequence[Sequence[int]]) -> list[int]:
    """Return the top of each layer, and the height of the whole."""
    tops, y = [], MARGIN
    for layer in layers:
        tops.append(y)
        y += HEIGHT + _ROW if any(nodes[n].step_id for n in layer) else 22 + _ROW - 16
    return [*tops, y - _ROW + MARGIN + 24]


def paths(nodes: Sequence[Node], tops: Sequence[int]) -> Iterator[tuple[str, bool]]:
    """Yield the SVG path of each line, and whether it has a tip."""
    for upper in nodes:
        for number in upper.below:
            lower = nodes[number]
            x, to = round(upper.x), round(lower.x)
            y = tops[upper.layer] + (HEIGHT if upper.step_id else 22 if upper.label else 0)
            end = tops[lower.layer] + (24 if lower.back and not lower.label else 0)
            tip = bool(lower.step_id or lower.back)
            yield curve(x, y, to, bend=tops[lower.layer] - _BEND, end=end - (2 if tip else 0)), tip
        if upper.label and upper.back:
            x = round(upper.x)
            yield f"M{x} {tops[upper.layer] + 22}V{tops[upper.layer] + 24}", False


def curve(x: int, y: int, to: int, *, bend: int, end: int) -> str:
    """Return the SVG path from (x, y) to (to, end), which goes sideways at the height of `bend`."""
    if x == to:
        return f"M{x} {y}V{end}"
    side = 8 if to > x else -8
    if abs(to - x) < 16:
        return f"M{x} {y}V{bend}H{to}V{end}"
    return f"M{x} {y}V{bend - 8}Q{x} {bend} {x + side} {bend}H{to - side}Q{to} {bend} {to} {bend + 8}V{end}"
