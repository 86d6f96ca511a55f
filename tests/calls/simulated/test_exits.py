"""Which exits tests must pass."""

from calls.simulated.exits import exits
from tests.calls.agents.dialogue.samples import SURVEY, survey


def test_each_step_has_its_exits_and_each_question_the_opt_out() -> None:
    found = exits(survey())
    assert [name for step, name in found if step == "happy"] == [
        "yes",
        "no",
        "no_input",
        "no_match",
        "opted_out",
    ]
    assert [name for step, name in found if step == "good"] == ["well", "else"]
    assert ("", "hung_up") not in found


def digits(**fields: object) -> list[str]:
    steps = SURVEY["steps"] | {"score": {"kind": "digits", "most": 2, "exits": {"match": "good"}, **fields}}
    return [name for step, name in exits(survey(steps=steps)) if step == "score"]


def test_digits_that_may_be_any_have_no_exit_for_wrong_ones() -> None:
    assert digits() == ["match", "no_input", "opted_out"]
    assert "no_match" in digits(least=2)
    assert "no_match" in digits(confirm=True)
    assert "no_match" in digits(means="number", highest=31)
    assert "no_match" not in digits(means="number")


def test_a_key_for_a_person_is_an_exit_of_each_question_that_does_not_use_it() -> None:
    exits_of = exits(survey(keys={"person": "0"}, exits=SURVEY["exits"] | {"person": "bye"}))
    assert [step for step, name in exits_of if name == "person"] == ["happy", "score"]
    exits_of = exits(survey(keys={"person": "1"}, exits=SURVEY["exits"] | {"person": "bye"}))
    assert [step for step, name in exits_of if name == "person"] == []


def test_what_is_done_when_a_person_hangs_up_is_an_exit() -> None:
    assert ("", "hung_up") in exits(survey(exits=SURVEY["exits"] | {"hung_up": "sad"}))
