"""PURE: what every way through a graph goes through."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

Node = tuple[str, str]
"""A step (id, ""), or the ways from a step to another one (id, id of that one); ("", "") before the first."""


def dominators(root: Node, graph: Mapping[Node, Sequence[Node]]) -> dict[Node, Node]:
    """Return for each node that is reached the nearest one that every way from the root to it goes through.

    The order is that of a walk in depth. Cooper, Harvey and Kennedy: A Simple, Fast Dominance Algorithm.
    """
    order = in_reverse_postorder(root, graph)
    place = {node: number for number, node in enumerate(order)}
    came_from: dict[Node, list[Node]] = defaultdict(list)
    for node in order:
        for target in graph.get(node, ()):
            came_from[target].append(node)
    above = {root: root}
    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            nearest = _nearest((one for one in came_from[node] if one in above), above, place)
            changed |= above.get(node) != nearest
            above[node] = nearest
    return {node: above[node] for node in order}


def _nearest(nodes: Iterable[Node], above: Mapping[Node, Node], place: Mapping[Node, int]) -> Node:
    first, *others = nodes
    for other in others:
        while first != other:
            if place[first] > place[other]:
                first = above[first]
            else:
                other = above[other]
    return first


def in_reverse_postorder(root: Node, graph: Mapping[Node, Sequence[Node]]) -> list[Node]:
    """Return the nodes that are reached, each before those after it but where the graph goes in a circle."""
    done, seen, waiting = list[Node](), {root}, [(root, iter(reversed(graph.get(root, ()))))]
    while waiting:
        node, targets = waiting[-1]
        target = next((one for one in targets if one not in seen), None)
        if target is None:
            done.append(node)
            waiting.pop()
        else:
            seen.add(target)
            waiting.append((target, iter(reversed(graph.get(target, ())))))
    return done[::-1]
