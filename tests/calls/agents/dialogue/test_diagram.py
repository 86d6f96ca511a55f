"""The picture of a dialogue: every step once, nothing on top of another, the same each time."""

import time
from itertools import combinations

import pytest

from calls.agents.dialogue import editing
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.diagram import Box, diagram
from tests.calls.agents.dialogue.samples import SURVEY, survey

LOOP = {**SURVEY["steps"], "sad": {"kind": "set", "outcome": "x", "exits": {"next": "happy"}}}


def wide(keys: int) -> DialogueConfiguration:
    """A menu each key of which leads to words of its own."""
    document = editing.blank(DialogueConfiguration, ["en"])
    for _ in range(keys):
        document, _ = editing.add(document, "menu", after="question", exit_name="1")
    return document


def overlap(one: Box, other: Box) -> bool:
    apart = abs(one.x - other.x) >= (one.width + other.width) / 2
    return not apart and one.y < other.y + other.height and other.y < one.y + one.height


@pytest.mark.parametrize("document", [survey(), survey(steps=LOOP), wide(6)], ids=["survey", "loop", "wide"])
def test_every_step_is_drawn_once_inside_and_beside_the_others(document: DialogueConfiguration) -> None:
    picture = diagram(document)
    steps = [box for box in picture.boxes if box.tone != "back"]
    assert sorted(box.step_id for box in steps) == sorted(document.steps)
    assert all(box.left >= 0 and box.left + box.width <= picture.width for box in picture.boxes)
    assert all(box.y + box.height <= picture.height for box in picture.boxes)
    assert not [pair for pair in combinations(picture.boxes, 2) if overlap(*pair)]
    assert diagram(document) == picture


def test_each_step_lies_below_those_that_lead_to_it() -> None:
    at = {box.step_id: box.y for box in diagram(survey()).boxes}
    for step_id, step in survey().steps.items():
        for name in step.exit_names():
            assert at[survey().target(step_id, step, name)] > at[step_id]


def test_ways_have_their_names_and_the_picture_a_sentence() -> None:
    picture = diagram(survey())
    assert [label.text for label in picture.labels].count("no answer") == 2
    assert {"well", "otherwise", "yes, no"} <= {label.text for label in picture.labels}
    assert picture.sentence.startswith("Hello: then to Happy?. Happy?: yes to Score, no key to Goodbye.")


def test_a_way_back_up_is_the_name_of_its_step() -> None:
    backs = [box for box in diagram(survey(steps=LOOP)).boxes if box.tone == "back"]
    assert [(box.step_id, box.title) for box in backs] == [("happy", "↑ Happy?")]


def test_a_dialogue_of_many_steps_is_drawn_while_one_waits() -> None:
    document = editing.blank(DialogueConfiguration, ["en"])
    for number in range(120):
        document, _ = editing.add(document, "yes_no" if number % 3 else "say", after="hello")
    began = time.process_time()
    picture = diagram(document)
    assert len([box for box in picture.boxes if box.tone != "back"]) == 124
    assert picture.width < 2000, "what goes straight on stays in one column"
    assert time.process_time() - began < 5
