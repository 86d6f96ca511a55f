"""Where nodes of a picture lie: neighbours do not touch, lines do not cross without need."""

from itertools import pairwise

from calls.agents.dialogue.layout import (
    GAP,
    HEIGHT,
    MARGIN,
    Node,
    add_line,
    curve,
    ordered,
    paths,
    place_all,
    tops_of,
)


def tree() -> list[Node]:
    """A root with two children, whose children were given in the other order."""
    nodes = [Node("root"), Node("left", layer=1), Node("right", layer=1)]
    nodes += [Node("under right", layer=2), Node("under left", layer=2)]
    for at, to in ((0, 1), (0, 2), (2, 3), (1, 4)):
        add_line(nodes, at, nodes[to].layer, to=to)
    return nodes


def test_children_lie_in_the_order_of_those_above_them() -> None:
    assert ordered(tree()) == [[0], [1, 2], [4, 3]]


def test_neighbours_do_not_touch_and_a_root_is_above_the_middle() -> None:
    nodes = tree()
    layers = ordered(nodes)
    place_all(nodes, layers)
    for layer in layers:
        for left, right in pairwise(nodes[n] for n in layer):
            assert right.x - left.x >= (left.width + right.width) / 2 + GAP - 1e-6
    assert min(node.x - node.width / 2 for node in nodes) == MARGIN
    assert abs(nodes[0].x - (nodes[1].x + nodes[2].x) / 2) < 1


def test_a_line_over_layers_has_points_of_which_the_first_has_the_label() -> None:
    nodes = [Node("top"), Node("far", layer=3)]
    add_line(nodes, 0, 3, label="yes", to=1)
    assert [(node.layer, node.label) for node in nodes[2:]] == [(1, "yes"), (2, "")]
    assert (nodes[0].below, nodes[2].below, nodes[3].below) == ([2], [3], [1])


def test_layers_without_steps_are_lower() -> None:
    nodes = [Node("step"), Node(label="yes", layer=1)]
    first, second, height = tops_of(nodes, [[0], [1]])
    assert first == MARGIN
    assert second - first > HEIGHT > height - second - MARGIN - 24


def test_a_line_goes_straight_down_or_round_two_corners() -> None:
    assert curve(5, 0, 5, bend=20, end=40) == "M5 0V40"
    assert curve(5, 0, 15, bend=20, end=40) == "M5 0V20H15V40"
    assert curve(0, 0, 50, bend=20, end=40) == "M0 0V12Q0 20 8 20H42Q50 20 50 28V40"


def test_lines_to_steps_have_tips() -> None:
    nodes = [Node("top"), Node("far", layer=2)]
    add_line(nodes, 0, 2, label="yes", to=1)
    assert sorted(tip for _, tip in paths(nodes, [0, 50, 100])) == [False, True]
