"""The outline: reading order, and what only one key leads to stands behind that key."""

from calls.agents.dialogue.document import Clip
from calls.agents.dialogue.outline import outline, seconds, way
from tests.calls.agents.dialogue.samples import SURVEY, survey


def test_steps_stand_behind_the_ways_that_lead_only_there() -> None:
    assert [(row.depth, row.title, row.ways) for row in outline(survey())] == [
        (0, "Hello", ()),
        (0, "Happy?", ()),
        (1, "Score", ("yes", "no")),
        (2, "good", ("match",)),
        (3, "glad", ("well",)),
        (3, "sad", ("else",)),
        (0, "Goodbye", ()),
        (0, "end", ()),
    ]


def test_what_is_never_reached_comes_last_and_fragments_after_that() -> None:
    lost = {**SURVEY["steps"], "lost": {"kind": "end"}}
    part = {"part": {"start": "inner", "steps": {"inner": {"kind": "return", "exit": "done"}}}}
    rows = outline(survey(steps=lost, fragments=part))
    assert [(row.step_id, row.is_reached) for row in rows[-2:]] == [("lost", False), ("part.inner", True)]


def test_a_loop_is_no_trouble() -> None:
    steps = {**SURVEY["steps"], "sad": {"kind": "set", "outcome": "x", "exits": {"next": "happy"}}}
    assert len(outline(survey(steps=steps))) == len(steps)


def test_how_long_words_take_to_say() -> None:
    assert (seconds(""), seconds("Hi."), seconds("x" * 150), seconds([Clip("a", "y" * 150)])) == (
        0,
        1,
        10,
        10,
    )
    assert seconds("{amount}") == 1


def test_ways_in_words() -> None:
    assert (way("no_input"), way("1"), way("not_there")) == ("no key", "1", "not there")
