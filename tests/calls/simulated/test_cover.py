"""Tests made by the machine: few, and every exit is passed."""

from typing import Any

import pytest

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.simulated.cover import cover
from calls.simulated.exits import exits
from calls.simulated.kept_tests import run
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.simulated.documents import reminder


def with_step(**step: Any) -> DialogueConfiguration:
    """The survey with one step in the place of the rating."""
    return survey(steps=SURVEY["steps"] | {"score": {"exits": {"match": "good"}, **step}})


def asking(**step: Any) -> DialogueConfiguration:
    """The survey with one step in the place of the rating, and no branch behind it."""
    steps = {name: SURVEY["steps"][name] for name in ("hello", "happy", "bye", "end")}
    return survey(steps=steps | {"score": {"exits": {"match": "bye"}, **step}})


def branching(*conditions: dict[str, str], **values: str) -> DialogueConfiguration:
    """The survey, with its branch asking for values of the person."""
    good = SURVEY["steps"]["good"] | {"cases": [{"exit": "well", "when": [*conditions]}]}
    return survey(steps=SURVEY["steps"] | {"good": good}, values=values)


def fetching(condition: dict[str, str], **brings: str) -> DialogueConfiguration:
    """The survey, with its branch asking for what a service answers."""
    good = SURVEY["steps"]["good"] | {"cases": [{"exit": "well", "when": [condition]}]}
    asked = {"kind": "fetch", "service": "bank", "brings": brings, "exits": {"next": "good", "failed": "sad"}}
    score = SURVEY["steps"]["score"] | {"exits": {"match": "asked"}}
    return survey(steps=SURVEY["steps"] | {"good": good, "asked": asked, "score": score})


def recognising() -> DialogueConfiguration:
    """The survey, with digits in the place of the rating by which the caller is looked for."""
    who: dict[str, Any] = {"kind": "recognise", "keyed": "score", "column": "account"}
    who |= {"exits": {"recognised": "bye", "not_recognised": "bye", "failed": "bye"}}
    steps = {name: SURVEY["steps"][name] for name in ("hello", "happy", "bye", "end")}
    digits = {"kind": "digits", "most": 6, "means": "account", "exits": {"match": "who"}}
    return survey(steps=steps | {"score": digits, "who": who})


def condition(value: str, relation: str, to: str = "") -> dict[str, str]:
    return {"value": value, "relation": relation, "to": to}


COVERED = {
    "survey": survey(),
    "reminder": reminder(),
    "reminder that speech cuts": reminder(barge_in={"speech": True, "key": True}),
    "digits": with_step(kind="digits", most=4, least=2),
    "digits without an end key": with_step(kind="digits", most=4, terminator=""),
    "number": with_step(kind="digits", most=3, means="number", lowest=2, highest=120),
    "number, confirmed": with_step(kind="digits", most=3, means="number", confirm=True),
    "date": asking(kind="digits", most=8, means="date"),
    "time": asking(kind="digits", most=4, means="time"),
    "pin": asking(kind="digits", most=6, means="pin"),
    "phone": asking(kind="digits", most=12, means="phone"),
    "a message": asking(kind="record", exits={"recorded": "bye", "failed": "bye"}),
    "a caller who is recognised": recognising(),
    "keys of any moment": survey(
        keys={"person": "0", "repeat": "*"}, exits=SURVEY["exits"] | {"person": "bye"}
    ),
    "hung up": survey(exits=SURVEY["exits"] | {"hung_up": "sad"}),
    "an amount": branching(condition("due", "more_than", "5000"), due="amount"),
    "a date": branching(condition("due", "at_most", "28/02/2026"), due="date"),
    "a text": branching(condition("town", "is", "Pune"), town="text"),
    "known": branching(condition("town", "known"), town="text"),
    "fetched": fetching({"value": "paid", "relation": "is", "to": "yes"}, paid="text"),
    "fetched, an amount": fetching({"value": "due", "relation": "at_least", "to": "500"}, due="amount"),
    "fetched or not": fetching({"value": "due", "relation": "known"}, due="amount"),
    "two at once": branching(
        condition("town", "is", "Pune"), condition("due", "at_least", "100"), town="text", due="amount"
    ),
}


@pytest.mark.parametrize("name", COVERED)
def test_every_exit_is_passed_and_every_test_holds(name: str) -> None:
    document = COVERED[name]
    found = cover(document)
    assert found.uncovered == []
    verdicts = [run(document, test) for _, test in found.tests]
    assert [verdict.difference for verdict in verdicts if not verdict.holds] == []
    passed = {known for verdict in verdicts for known in verdict.passed}
    assert set(found.exits) <= passed
    assert found.exits == exits(document)


@pytest.mark.parametrize("name", COVERED)
def test_no_test_is_needless(name: str) -> None:
    document = COVERED[name]
    found = cover(document)
    passed = [set(run(document, test).passed) & set(found.exits) for _, test in found.tests]
    for number, mine in enumerate(passed):
        others = set().union(*passed[:number], *passed[number + 1 :])
        assert not mine <= others, found.tests[number][0]


def test_names_are_different_and_short() -> None:
    names = [name for name, _ in cover(reminder()).tests]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 120


def test_an_exit_that_no_call_can_take_is_named() -> None:
    never = branching(condition("due", "more_than", "10"), condition("due", "less_than", "5"), due="amount")
    found = cover(never)
    assert found.uncovered == [("good", "well"), ("glad", "next")]


def test_a_change_of_the_dialogue_fails_a_test_that_covered_it() -> None:
    tests = cover(survey()).tests
    steps = SURVEY["steps"] | {"good": SURVEY["steps"]["good"] | {"exits": {"well": "sad", "else": "sad"}}}
    changed = survey(steps=steps)
    differences = {run(changed, test).difference for _, test in tests} - {""}
    assert differences == {"At “Goodbye”: expected the outcome “happy”, came the outcome “unhappy”."}
