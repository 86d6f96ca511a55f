"""Who answers, and what each of them does, as lists of events with their times."""

import random
from datetime import datetime

import pytest

from sandbox.people import people
from sandbox.people.people import (
    Action,
    Beep,
    HangUp,
    Heard,
    PicksUp,
    Press,
    Say,
    ScriptRunner,
    cast,
    read_cast,
)

SLOTS_A_SECOND = 50


class Call:
    """Plays a prompt to a person slot by slot and keeps what the person does, with its time."""

    def __init__(self, name: str) -> None:
        self.runner, self.slot = ScriptRunner(cast()[name], random.Random(1)), 0
        self.did: list[tuple[float, Action]] = []
        self.hear(Heard.PICKED_UP)

    @property
    def now(self) -> float:
        return self.slot / SLOTS_A_SECOND

    def hear(self, event: Heard) -> None:
        actions = self.runner.hears(event, self.now)
        self.did += [(round(self.now, 2), action) for action in actions]
        if any(isinstance(action, Say | Beep) for action in actions):
            self.hear(Heard.CLIP_DONE)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * SLOTS_A_SECOND)):
            if not self.hung_up:
                self.slot += 1
                self.hear(Heard.NOTHING)

    def agent_speaks(self, seconds: float) -> None:
        self.hear(Heard.SPEECH_STARTED)
        self.wait(seconds)
        self.hear(Heard.SPEECH_ENDED)

    @property
    def hung_up(self) -> bool:
        return any(isinstance(action, HangUp) for _, action in self.did)

    @property
    def keys(self) -> list[str]:
        return [action.digit for _, action in self.did if isinstance(action, Press)]


@pytest.mark.parametrize(("name", "key"), [("presses_one", "1"), ("presses_two", "2"), ("opts_out", "9")])
def test_a_patient_person_presses_after_the_prompt(name: str, key: str) -> None:
    call = Call(name)
    call.wait(0.5)
    call.agent_speaks(4.0)
    assert call.keys == []
    call.wait(3.0)
    assert call.keys == [key]
    [(at, _)] = call.did
    assert 4.5 + people.PROMPT_PAUSE_S < at < 7.0


def test_a_pause_between_two_sentences_is_not_the_end() -> None:
    call = Call("presses_one")
    call.agent_speaks(2.0)
    call.wait(0.6)
    call.agent_speaks(2.0)
    assert call.keys == []
    call.wait(3.0)
    assert call.keys == ["1"]


def test_an_impatient_person_presses_during_the_prompt() -> None:
    call = Call("impatient")
    call.agent_speaks(4.0)
    assert call.keys == ["1"]
    assert call.did[0][0] < 2.5


def test_wrong_key_then_right_after_the_prompt_came_again() -> None:
    call = Call("wrong_then_right")
    call.agent_speaks(3.0)
    call.wait(3.0)
    assert call.keys == ["7"]
    call.agent_speaks(3.0)
    call.wait(3.0)
    assert call.keys == ["7", "1"]


def test_a_silent_person_hangs_up_when_nothing_comes_any_more() -> None:
    call = Call("silent")
    call.agent_speaks(3.0)
    call.wait(14.9)
    assert call.did == []
    call.wait(0.2)
    assert call.did == [(18.0, HangUp("hung up after hearing nothing for 15 seconds"))]


def test_an_agent_that_never_speaks_is_left_alone_in_bounded_time() -> None:
    call = Call("presses_one")
    call.wait(120)
    assert call.keys == ["1"]
    assert call.hung_up
    assert call.now < 60


def test_an_agent_that_never_stops_is_listened_to() -> None:
    call = Call("presses_one")
    call.agent_speaks(100.0)
    assert call.did == []


def test_says_yes_after_the_prompt() -> None:
    call = Call("says_yes")
    call.agent_speaks(3.0)
    call.wait(3.0)
    assert [action for _, action in call.did] == [Say("haan_ji")]


def test_hello_first_then_listens_to_what_was_said_meanwhile() -> None:
    call = Call("says_hello_first")
    call.hear(Heard.SPEECH_STARTED)
    call.wait(3.0)
    call.hear(Heard.SPEECH_ENDED)
    call.wait(3.0)
    assert [action for _, action in call.did] == [Say("hello"), Press("1")]


def test_hangs_up_early() -> None:
    call = Call("hangs_up_early")
    call.agent_speaks(5.0)
    assert call.did == [(2.0, HangUp("hung up"))]


def test_hangs_up_in_the_middle_of_the_prompt() -> None:
    call = Call("hangs_up_mid_prompt")
    call.wait(1.0)
    call.agent_speaks(5.0)
    assert call.did == [(2.5, HangUp("hung up"))]


def test_voicemail_greets_beeps_and_takes_fifteen_seconds() -> None:
    call = Call("voicemail")
    call.wait(40.0)
    assert [action for _, action in call.did[:2]] == [Say("voicemail_greeting"), Beep()]
    assert call.hung_up
    assert 15 < call.now < 25


def test_the_cast_covers_every_way_of_answering() -> None:
    assert {person.picks_up for person in cast().values()} == set(PicksUp)
    assert len(cast()) >= 25
    assert all(person.ring_s[1] <= 3 for person in cast().values())


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "x: {about: a, ring_s: [1, 2], picks_up: maybe, script: []}",
        "x: {about: a, ring_s: [1], picks_up: busy, script: []}",
        "x: {about: a, ring_s: [1, 2], picks_up: answer, script: [{dance: 1}]}",
        "x: {about: a, ring_s: [1, 2], picks_up: answer, script: [{wait: -1}]}",
        "x: {mood: calm}",
        "x: {about: a, mood: merry, ring_s: [1, 2], picks_up: answer, script: []}",
        'x: {about: a, ring_s: [1, 2], picks_up: answer, script: [], hours: {"18-9": {answers: 1}}}',
        'x: {about: a, ring_s: [1, 2], picks_up: answer, script: [], hours: {"9-18": {answers: 2}}}',
        'x: {about: a, ring_s: [1, 2], picks_up: answer, script: [], hours: {"9-18": {}}}',
    ],
)
def test_a_cast_that_cannot_be_read_says_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"x: |mapping"):
        read_cast(text)


NUMBER = "+919876543210"
BY_HOUR = """
x:
  about: Never by day, always in the evening.
  ring_s: [1, 2]
  picks_up: answer
  hours: {"9-18": {answers: 0}, "18-21": {answers: 1, ring_s: [0.2, 0.4]}}
  script: []
"""


@pytest.mark.parametrize(
    ("at", "picks_up", "ring_s"),
    [
        ("08:59", PicksUp.ANSWER, (1, 2)),
        ("09:00", PicksUp.NO_ANSWER, (1, 2)),
        ("17:59", PicksUp.NO_ANSWER, (1, 2)),
        ("18:00", PicksUp.ANSWER, (0.2, 0.4)),
    ],
)
def test_a_person_is_met_as_the_hour_has_it(at: str, picks_up: PicksUp, ring_s: tuple[float, float]) -> None:
    met = read_cast(BY_HOUR)["x"].met(NUMBER, 1, datetime.fromisoformat(f"2026-11-24T{at}:00+05:30"))
    assert (met.picks_up, met.ring_s) == (picks_up, ring_s)


def test_how_often_somebody_answers_is_the_chance_of_the_hour_and_repeats() -> None:
    evening = datetime.fromisoformat("2026-11-24T18:30:00+05:30")
    person = cast()["evenings_only"]
    met = [person.met(f"+9198765{n:05}", 1, evening).picks_up for n in range(1000)]
    assert met.count(PicksUp.ANSWER) == pytest.approx(900, abs=40)
    assert met == [person.met(f"+9198765{n:05}", 1, evening).picks_up for n in range(1000)]


def test_a_mood_hesitates_and_waits() -> None:
    text = "x: {about: a, mood: %s, ring_s: [1, 2], picks_up: answer, script: [{press: '1'}]}"
    unsure, hurried = (read_cast(text % mood)["x"] for mood in ("unsure", "hurried"))
    assert unsure.patience_s > people.DEFAULT_PATIENCE_S > hurried.patience_s
    pressed = {}
    for person in (unsure, hurried):
        runner, now = ScriptRunner(person, random.Random(1)), 0.0
        while not runner.hears(Heard.NOTHING, now):
            now += 0.02
        pressed[person.mood] = now
    assert pressed["unsure"] - pressed["hurried"] == pytest.approx(2.0, abs=0.05)


def test_who_interrupts_speaks_while_the_agent_does() -> None:
    call = Call("interrupts")
    call.agent_speaks(4.0)
    assert [action for _, action in call.did] == [Say("who_is_it")]
    assert call.did[0][0] < 2.0
    call.wait(3.0)
    assert call.keys == ["1"]


def test_who_knows_the_menu_presses_before_the_agent_has_spoken() -> None:
    call = Call("keys_before_the_prompt")
    call.wait(3.0)
    assert call.keys == ["1", "1"]


def test_a_fax_sends_its_tone_and_gives_up() -> None:
    call = Call("fax")
    call.wait(20.0)
    assert [action for _, action in call.did] == [Say("fax_tone"), Say("fax_tone"), HangUp("hung up")]


def test_an_old_person_takes_much_longer_than_another() -> None:
    slow, quick = Call("elderly_slow"), Call("presses_one")
    for call in (slow, quick):
        call.wait(5.0)
        call.agent_speaks(4.0)
        call.wait(12.0)
        assert call.keys == ["1"]
    assert slow.did[-1][0] - quick.did[-1][0] > 5
