"""A dialogue as data."""

from typing import Any

import msgspec
import pytest

from calls.agents.dialogue import document as doc
from tests.calls.agents.dialogue.documents import dialogue

ASK: dict[str, Any] = {"kind": "yes_no", "exits": {"yes": "bye", "no": "bye"}}


@pytest.mark.parametrize(
    ("step", "exits"),
    [
        (doc.Say(), ("next",)),
        (doc.Menu(choices={"1": doc.Choice("A"), "2": doc.Choice("B")}), ("1", "2", "no_input", "no_match")),
        (doc.YesNo(), ("yes", "no", "no_input", "no_match")),
        (doc.Rating(), ("match", "no_input", "no_match")),
        (doc.Digits(most=4), ("match", "no_input", "no_match")),
        (doc.Later(times={"1": doc.Time("", "")}), ("1", "full", "no_input", "no_match")),
        (doc.Branch(cases=[doc.Case("a", []), doc.Case("a", []), doc.Case("b", [])]), ("a", "b", "else")),
        (doc.Sub(fragment="f", returns=["x"]), ("x",)),
        (doc.Return(exit="x"), ()),
        (doc.Slot(calendar="c"), ("match", "none", "no_input", "no_match", "failed")),
        (doc.Appointment(calendar="c"), ("match", "none", "failed")),
        (doc.Cancel(calendar="c"), ("next",)),
        (doc.Fetch(service="s"), ("next", "failed")),
        (doc.Tell(service="s"), ("next",)),
        (doc.End(), ()),
    ],
)
def test_each_step_has_its_ways_out(step: doc.AnyStep, exits: tuple[str, ...]) -> None:
    assert step.exit_names() == exits


def test_an_exit_leads_where_the_step_says_else_where_the_dialogue_says() -> None:
    fragment = {
        "start": "ask",
        "steps": {"ask": ASK | {"exits": {"yes": "done"}}, "done": {"kind": "return", "exit": "x"}},
    }
    document = dialogue({"ask": ASK}, {}, fragments={"part": fragment})
    steps = dict(document.all_steps())
    assert list(steps) == ["ask", "bye", "end", "part.ask", "part.done"]
    assert document.target("ask", steps["ask"], "no_input") == "bye"
    assert document.target("part.ask", steps["part.ask"], "yes") == "part.done"
    assert document.target("part.ask", steps["part.ask"], "no_input") == "bye"
    assert document.target("part.ask", steps["part.ask"], "no") == ""


def test_what_it_asks_and_sets_are_values_of_its_own() -> None:
    steps = {
        "ask": ASK,
        "rate": {"kind": "rating", "question": "How?"},
        "sum": {"kind": "digits", "most": 4, "value": "total"},
        "set": {"kind": "set", "values": {"a": "1", "b": "2"}},
    }
    assert dialogue(steps, {}).own_values() == {"ask", "How?", "total", "a", "b", "today"}


def test_speech_is_listened_to_if_it_may_cut_anything() -> None:
    assert not dialogue({"ask": ASK}, {}).listens_to_speech()
    assert dialogue({"ask": ASK | {"barge_in": {"speech": True}}}, {}).listens_to_speech()
    assert dialogue({"ask": ASK}, {}, barge_in={"speech": True}).listens_to_speech()


def test_what_is_as_usual_is_not_written() -> None:
    assert msgspec.to_builtins(doc.End()) == {"kind": "end"}


def test_a_slot_brings_its_place_day_and_time() -> None:
    document = dialogue({"slot": {"kind": "slot", "calendar": "c", "question": "visit"}}, {})
    assert document.own_values() == {"visit", "key", "place", "day", "time", "today"}
