"""What is worked out once for a document: the same for all of its calls, and what it was in each before."""

from typing import Any

from calls.agents.base import BargeIn
from calls.agents.dialogue.asking import answers
from calls.agents.dialogue.plan import Plan, plan_of
from tests.calls.agents.dialogue.documents import dialogue

STEPS: dict[str, Any] = {
    "hello": {"kind": "say", "exits": {"next": "ask"}},
    "ask": {"kind": "yes_no", "barge_in": {"speech": True}, "exits": {"yes": "bye", "no": "bye"}},
}
WORDS: dict[str, Any] = {"hello": {"say": "Hello."}, "ask": {"ask": "1 or 2?"}}


def test_a_document_is_worked_out_once_and_an_equal_one_for_itself() -> None:
    first, second = dialogue(STEPS, WORDS), dialogue(STEPS, WORDS)
    assert first == second
    assert plan_of(first) is plan_of(first)
    assert plan_of(first) is not plan_of(second)


def test_it_knows_steps_keys_and_what_cuts_words() -> None:
    document = dialogue(STEPS, WORDS, barge_in={"speech": False, "key": False})
    plan = Plan(document)
    assert dict(plan.steps) == dict(document.all_steps())
    assert plan.listens
    assert plan.answers == {"ask": answers(document.steps["ask"])}  # type: ignore[arg-type]
    assert plan.cuts["ask"] == (BargeIn(speech=True, key=True), BargeIn(speech=False, key=True))
    assert plan.cuts["hello"] == plan.usual_cuts == (BargeIn(), BargeIn())
