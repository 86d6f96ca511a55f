"""What every way through a graph goes through."""

from calls.agents.dialogue.dominators import dominators, in_reverse_postorder


def test_dominators_of_a_known_graph() -> None:
    def node(name: str) -> tuple[str, str]:
        return name, ""

    ways = {"r": "ab", "a": "c", "b": "c", "c": "de", "d": "f", "e": "f", "f": "c"}
    graph = {node(name): [node(to) for to in targets] for name, targets in ways.items()}
    found = dominators(node("r"), graph)
    above = {name[0]: over[0] for name, over in found.items()}
    assert above == {"r": "r", "a": "r", "b": "r", "c": "r", "d": "c", "e": "c", "f": "c"}


def test_nodes_stand_before_those_behind_them() -> None:
    graph = {("r", ""): [("a", ""), ("b", "")], ("a", ""): [("c", "")], ("b", ""): [("c", "")]}
    order = [name for name, _ in in_reverse_postorder(("r", ""), graph)]
    assert (order[0], order[-1], sorted(order)) == ("r", "c", ["a", "b", "c", "r"])
    assert in_reverse_postorder(("b", ""), graph) == [("b", ""), ("c", "")]
