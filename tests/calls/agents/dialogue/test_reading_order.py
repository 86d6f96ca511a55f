"""The order of steps and of their parts in a file."""

from typing import Any

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.reading_order import reading_order, step_in_order, words_in_order


def test_steps_stand_before_those_that_follow_them_and_lost_ones_last() -> None:
    steps: dict[str, doc.AnyStep] = {
        "end": doc.End(),
        "lost": doc.End(),
        "no": doc.Say(exits={"next": "end"}),
        "yes": doc.Say(exits={"next": "end"}),
        "ask": doc.YesNo(exits={"no": "no", "yes": "yes"}),
    }
    assert [*reading_order("ask", steps)] == ["ask", "yes", "end", "no", "lost"]


def test_keys_stand_as_on_a_telephone_and_exits_last() -> None:
    choices = {"0": doc.Choice("None"), "2": doc.Choice("No"), "1": doc.Choice("Yes")}
    raw: dict[str, Any] = {
        "exits": {"no_input": "end", "0": "end", "1": "end"},
        "choices": {"0": {}, "2": {}, "1": {}},
        "title": "Which?",
        "kind": "menu",
    }
    found = step_in_order(raw, doc.Menu(choices=choices))
    assert [*found] == ["kind", "title", "choices", "exits"]
    assert [*found["choices"]] == ["1", "2", "0"]
    assert [*found["exits"]] == ["1", "0", "no_input"]


def test_words_stand_as_their_steps_do() -> None:
    words: dict[str, Any] = {"zoo": {}, "b": {"wrong": "?", "ask": "!"}, "a": {}, "general": {}}
    found = words_in_order(words, ["b", "a"])
    assert ([*found], [*found["b"]]) == (["general", "b", "a", "zoo"], ["ask", "wrong"])
