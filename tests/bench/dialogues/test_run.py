"""`make dialogues` in short: some people of one dialogue over real sockets; and that it can miss."""

from dataclasses import replace

import pytest

from bench.dialogues import ready
from bench.dialogues.people import Case, cases
from bench.dialogues.run import Figures, difference, wrong
from bench.dialogues.services import answer
from sandbox.line.leg import Ended, Ending

GOOD = Figures(dialogues=1, languages=2, people=6, calls=12, right_outcomes=12, exits=40, exits_covered=40)
AGENT = Ending(Ended.AGENT_ENDED, "It ended.")
NAME = "attendance"


def of(kind: str) -> Case:
    return next(case for case in cases(NAME) if case.language == "en" and case.person.name == kind)


def test_the_line() -> None:
    assert str(GOOD) == (
        "dialogues=1 languages=2 people=6 calls=12 right_outcomes=12 exits=40 exits_covered=40"
    )
    assert GOOD.is_good


@pytest.mark.parametrize(
    "missed",
    [{"right_outcomes": 11}, {"exits_covered": 39}, {"people": 5}, {"languages": 1}],
    ids=lambda missed: next(iter(missed)),
)
def test_a_figure_that_is_missed_fails_the_run(missed: dict[str, int]) -> None:
    assert not replace(GOOD, **missed).is_good


def test_a_call_is_right_only_with_its_end_outcome_and_answers() -> None:
    case = of("presses_one")
    came = {"outcome": "ill", "answers": {"reason": "1"}}
    assert difference(case, AGENT, came) == ""
    assert "outcome" in difference(case, AGENT, came | {"outcome": "heard"})
    assert "answers" in difference(case, AGENT, came | {"answers": {}})
    assert "person_hung_up" in difference(case, Ending(Ended.PERSON_HUNG_UP, "Tired."), came)
    assert "None" in difference(case, AGENT, None)


def test_the_services_answer_as_the_dialogues_need() -> None:
    assert answer("/payments", {"loan": "PAID-1"}) == {"paid": "yes"}
    assert answer("/payments", {"loan": "A-17"}) == {"paid": "no"}
    assert answer("/payments", {"loan": "FAIL-1"}) is None
    assert answer("/billing", {"account": "999999"}) == {}


def test_exits_of_a_ready_dialogue_are_counted_and_passed() -> None:
    count, missing = ready.covered(NAME, "en")
    assert count > 10
    assert missing == []


@pytest.mark.system
@pytest.mark.timeout(400)
def test_people_over_real_sockets_bring_what_they_must_and_what_they_do_not_is_told() -> None:
    right = [of("presses_one"), of("opts_out")]
    never = replace(of("impatient"), outcome="well")
    found = wrong([*right, never], [NAME])
    assert list(found) == [never.name]
    assert "The outcome is “ill”, not “well”" in found[never.name]
