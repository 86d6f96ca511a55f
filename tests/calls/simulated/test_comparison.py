"""A past call beside the same call with a draft: the first difference, and whether more is known."""

from typing import Any

import pytest

from calls.conversation.outputs import Entry, EntryKind
from calls.simulated.comparison import Difference, DifferenceKind, compare, replay
from calls.simulated.kept_tests import KeptTest, hold
from calls.simulated.script import Input, Person
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.simulated.documents import HANG_UP, press

ASHA = Person(language="en", name="Asha")


def log(*inputs: Input) -> list[Entry]:
    return hold(survey(), KeptTest(person=ASHA, inputs=[*inputs]))[0].entries


def changed(step: str, **fields: Any) -> Any:
    """The survey, with fields of a step replaced."""
    return survey(steps=SURVEY["steps"] | {step: SURVEY["steps"][step] | fields})


def difference(draft: Any, *inputs: Input) -> Difference:
    found = replay(draft, ASHA, log(*inputs))
    assert found
    return found


def test_a_call_that_goes_the_same_way_has_no_difference() -> None:
    assert replay(survey(), ASHA, log(press("1"), press("5"))) is None


def test_another_outcome_is_known_where_the_person_did_nothing_more() -> None:
    found = difference(changed("glad", outcome="delighted"), press("1"), press("5"))
    assert found.kind is DifferenceKind.OUTCOME
    assert found.sentence == (
        "At “Score”, after key 5: the outcome “happy” came; now it would be the outcome “delighted”."
    )
    assert (found.before, found.after, found.is_known) == ("happy", "delighted", True)


def test_another_prompt_before_a_key_leaves_open_what_the_person_would_have_done() -> None:
    found = difference(changed("happy", title="Content?"), press("1"), press("5"))
    assert found.kind is DifferenceKind.PROMPT
    assert found.sentence == "At “Happy?”: “Happy?” came; now it would be “Content?”."
    assert (found.before, found.after, found.is_known) == ("happy", "", False)


def test_a_key_that_means_another_thing() -> None:
    found = difference(changed("score", highest=3), press("1"), press("5"))
    assert found.kind is DifferenceKind.KEY
    assert "the answer “5” to “score” came" in found.sentence


def opting_out() -> Any:
    steps = SURVEY["steps"] | {
        "happy": SURVEY["steps"]["happy"] | {"exits": {"yes": "score", "no": "stop"}},
        "stop": {"kind": "opt_out", "exits": {"next": "bye"}},
    }
    return survey(steps=steps)


def test_an_opt_out_that_would_be_new() -> None:
    found = difference(opting_out(), press("2"), press("1"))
    assert found.kind is DifferenceKind.OPT_OUT_NEW


def test_an_opt_out_that_would_be_missed() -> None:
    was = hold(opting_out(), KeptTest(person=ASHA, inputs=[press("2")]))[0].entries
    found = replay(survey(), ASHA, was)
    assert found
    assert found.kind is DifferenceKind.OPT_OUT_MISSED
    assert found.before == "opted_out"


def test_another_end() -> None:
    found = difference(changed("bye", exits={"next": "happy"}), press("1"), press("5"))
    assert found.kind in (DifferenceKind.END, DifferenceKind.PROMPT)
    assert compare(log(press("1"), HANG_UP)[:-1], log(press("1"), HANG_UP)) == Difference(
        kind=DifferenceKind.END,
        sentence="At “Score”: nothing more came; now it would be the end by the other side.",
        is_known=False,
        before="",
        after="",
    )


@pytest.mark.parametrize("kind", [EntryKind.NOTE, EntryKind.PROBLEM, EntryKind.STATS])
def test_what_the_person_neither_hears_nor_does_makes_no_difference(kind: EntryKind) -> None:
    before = log(press("1"), press("5"))
    noted = Entry(kind=kind, at_ms=1, text="Something.")
    assert compare(before, [noted, *before]) is None
