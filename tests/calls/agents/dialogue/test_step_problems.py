"""What is wrong with one step, whatever stands around it."""

from typing import Any

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.step_problems import key_problems, step_problems
from tests.calls.agents.dialogue.documents import dialogue

DOCUMENT = dialogue({"ask": {"kind": "yes_no", "exits": {"yes": "bye", "no": "bye"}}}, {})


def wrong(step: doc.AnyStep) -> list[str]:
    return [*step_problems(DOCUMENT, step)]


def test_a_step_without_problems_has_none() -> None:
    assert wrong(doc.Say()) == wrong(doc.YesNo()) == wrong(doc.End(disposition="x" * 20)) == []


def test_bounds_of_questions_and_of_their_kind_are_both_checked() -> None:
    found = wrong(doc.Rating(lowest=3, highest=2, asked=6))
    assert found == [
        "It is asked 1 to 5 times.",
        "A rating is by one key, from 0 to 8: 9 means “do not call me again”.",
    ]


def test_a_branch_compares_values_that_are_known_with_something() -> None:
    condition: Any = doc.Condition(value="lost", relation=doc.Relation.IS, to=" ")
    found = wrong(doc.Branch(cases=[doc.Case(exit="a", when=[condition])]))
    assert found == [
        "It asks for the value “lost”, which the dialogue does not know.",
        "It compares “lost” with nothing.",
    ]


def test_keys_of_a_telephone_but_9() -> None:
    assert [*key_problems("0128*#")] == []
    assert [*key_problems(["9", "10"])] == [
        "Key 9 always means “do not call me again” and can't mean anything else.",
        "“10” is no key; use one of 0 to 8, * and #.",
    ]
