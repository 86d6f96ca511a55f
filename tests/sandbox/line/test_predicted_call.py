"""What is predicted without audio is what a `ScriptRunner` does that hears an ordinary agent."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.line.leg import Ended
from sandbox.line.predicted_call import ANSWER_S, CLIP_S, PROMPT_S, predict
from sandbox.people.people import HangUp, Heard, Person, PicksUp, Press, Say, ScriptRunner, cast, read_cast

NUMBER = "+919876543210"
TEN = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
"""10:00 in IST."""
TICK_S = 0.02
ANSWERING = [replace(p, hours=()) for p in cast().values() if p.picks_up is PicksUp.ANSWER]


def played(person: Person) -> tuple[str, bool, float]:
    """Run a script against an agent that answers each act. Returns keys, whether it hung up, and when."""
    runner, digits, silent_at, now = ScriptRunner(person, random.Random(1)), "", PROMPT_S, 0.0
    actions = [*runner.hears(Heard.PICKED_UP, 0.0), *runner.hears(Heard.SPEECH_STARTED, 0.0)]
    acted = False
    while now < 120:
        for action in actions:
            if isinstance(action, HangUp):
                return digits, True, now
            digits += action.digit if isinstance(action, Press) else ""
            runner.hears(Heard.SPEECH_STARTED, now)
            if isinstance(action, Say):
                now += CLIP_S
                actions += runner.hears(Heard.CLIP_DONE, now)
            acted, silent_at = True, now + ANSWER_S
        actions, now = runner.hears(Heard.NOTHING, now), now + TICK_S
        if now - TICK_S < silent_at <= now:
            if acted and not runner._script:
                return digits, False, now
            actions += runner.hears(Heard.SPEECH_ENDED, now)
    raise AssertionError("This call has no end.")


@pytest.mark.parametrize("person", ANSWERING, ids=lambda person: person.name)
def test_it_goes_as_the_persons_mind_would_have_it(person: Person) -> None:
    predicted = predict(person, NUMBER, 1, TEN)
    digits, hung_up, seconds = played(person)
    assert predicted.digits == digits
    assert (predicted.how is Ended.PERSON_HUNG_UP) == hung_up
    assert predicted.talk.total_seconds() == pytest.approx(seconds, abs=2.5)


@pytest.mark.parametrize(
    ("name", "how"),
    [("busy", Ended.BUSY), ("no_answer", Ended.NO_ANSWER), ("switched_off", Ended.SWITCHED_OFF)],
)
def test_who_does_not_pick_up_only_rings(name: str, how: Ended) -> None:
    predicted, began = predict(cast()[name], NUMBER, 1, TEN), datetime(2026, 11, 24, tzinfo=UTC)
    assert (predicted.how, predicted.talk, predicted.answered_at(began)) == (how, timedelta(0), None)
    assert predicted.ends_at(began) == began + predicted.ring
    low, high = cast()[name].ring_s
    assert low <= predicted.ring.total_seconds() <= high


def test_the_same_call_goes_the_same_way_again_and_the_next_attempt_another() -> None:
    person = cast()["wrong_then_right"]
    assert predict(person, NUMBER, 1, TEN) == predict(person, NUMBER, 1, TEN)
    assert predict(person, NUMBER, 1, TEN) != predict(person, NUMBER, 2, TEN)
    assert predict(person, NUMBER, 1, TEN).digits == "71"


def test_every_key_of_a_step_is_pressed() -> None:
    text = 'p: {about: "", ring_s: [1, 1], picks_up: answer, script: [{press: "120#"}]}'
    assert predict(read_cast(text)["p"], NUMBER, 1, TEN).digits == "120#"


def test_who_is_not_there_at_this_hour_does_not_answer() -> None:
    text = 'p: {about: "", ring_s: [1, 1], picks_up: answer, script: [], hours: {"9-18": {answers: 0}}}'
    person = read_cast(text)["p"]
    assert predict(person, NUMBER, 1, TEN).how is Ended.NO_ANSWER
    assert predict(person, NUMBER, 1, TEN + timedelta(hours=10)).how is Ended.PERSON_HUNG_UP
