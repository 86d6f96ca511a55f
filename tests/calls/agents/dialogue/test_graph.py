"""The ways through a dialogue."""

from typing import Any

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.graph import (
    cut_off,
    edges,
    ends_without_outcome,
    fragments_that_run_themselves,
    loops_without_a_wait,
    no_way_out,
    reachable,
)
from tests.calls.agents.dialogue.documents import dialogue

ASK: dict[str, Any] = {"kind": "yes_no", "exits": {"yes": "bye", "no": "ask"}}
FRAGMENT = {
    "start": "inner",
    "steps": {
        "inner": {"kind": "yes_no", "exits": {"yes": "good", "no": "bad"}},
        "good": {"kind": "return", "exit": "done"},
        "bad": {"kind": "return", "exit": "done"},
    },
}


def with_fragment() -> DialogueConfiguration:
    run = {"kind": "sub", "fragment": "part", "returns": ["done"], "exits": {"done": "bye"}}
    return dialogue({"run": run}, {}, fragments={"part": FRAGMENT})


def test_an_exit_and_a_default_lead_on() -> None:
    assert edges(dialogue({"ask": ASK}, {}))["ask"] == {"bye", "ask"}


def test_what_only_a_closed_exit_leads_to_is_cut_off() -> None:
    steps = {"ask": ASK | {"exits": {"yes": "thanks", "no": "sorry"}}, "thanks": {"kind": "say"}}
    document = dialogue({**steps, "sorry": {"kind": "say"}}, {})
    assert cut_off(document, {"ask": frozenset({"yes"})}) == {"thanks"}
    assert cut_off(document, {}) == set()
    assert cut_off(document, {"ask": frozenset({"yes", "no"})}) == {"thanks", "sorry"}


def test_the_ways_lead_through_a_fragment_and_back() -> None:
    ways = edges(with_fragment())
    assert ways["run"] == {"part.inner"}
    assert ways["part.inner"] == {"part.good", "part.bad", "bye"}
    assert ways["part.good"] == {"bye"}


def test_what_hanging_up_9_and_a_person_lead_to_is_reached() -> None:
    lost = {"kind": "say", "exits": {"next": "end"}}
    steps = {"ask": ASK, "left": lost, "lost": lost}
    document = dialogue(steps, {}, exits={"no_input": "bye", "no_match": "bye", "hung_up": "left"})
    assert reachable(document) == {"ask", "bye", "end", "left"}


def test_a_loop_that_asks_is_none_and_one_that_does_not_is() -> None:
    assert loops_without_a_wait(dialogue({"ask": ASK}, {})) == []
    one = {"kind": "say", "exits": {"next": "two"}}
    two = {"kind": "branch", "cases": [{"exit": "on", "when": []}], "exits": {"on": "end", "else": "one"}}
    assert loops_without_a_wait(dialogue({"one": one, "two": two}, {})) == ["one", "two"]


def test_steps_from_which_no_end_is_reached() -> None:
    for_ever = {"kind": "yes_no", "exits": dict.fromkeys(("yes", "no", "no_input", "no_match"), "ask")}
    assert no_way_out(dialogue({"ask": for_ever}, {})) == ["ask"]
    assert no_way_out(dialogue({"ask": ASK}, {})) == []


def test_a_fragment_that_comes_to_itself_through_another() -> None:
    def running(other: str) -> dict[str, Any]:
        return {"start": "one", "steps": {"one": {"kind": "sub", "fragment": other, "returns": []}}}

    fragments = {"left": running("right"), "right": running("left"), "third": running("left")}
    document = dialogue({"end": {"kind": "end"}}, {}, fragments=fragments)
    assert fragments_that_run_themselves(document) == ["left", "right"]


def test_many_fragments_that_each_run_the_next_one_twice_are_looked_at_once() -> None:
    def running(number: int) -> dict[str, Any]:
        sub = {"kind": "sub", "fragment": f"f{number + 1}", "returns": []}
        return {"start": "one", "steps": {"one": sub, "two": sub}}

    fragments = {f"f{number}": running(number) for number in range(200)}  # 2**200 ways through them
    document = dialogue({"end": {"kind": "end"}}, {}, fragments=fragments)
    assert fragments_that_run_themselves(document) == []


def test_an_end_is_without_outcome_if_every_question_can_be_answered_on_the_way_to_it() -> None:
    menu = {"kind": "menu", "choices": {"1": {"label": "A", "outcome": "a"}, "2": {"label": "B"}}}
    both = menu | {"exits": {"1": "bye", "2": "bye"}}
    assert ends_without_outcome(dialogue({"ask": both}, {})) == ["end"]
    reach = {"kind": "set", "outcome": "b", "exits": {"next": "bye"}}
    reached = menu | {"exits": {"1": "bye", "2": "reach"}}
    assert ends_without_outcome(dialogue({"ask": reached, "reach": reach}, {})) == []
