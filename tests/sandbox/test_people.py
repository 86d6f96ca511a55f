"""Who answers, and what each of them does, as lists of events with their times."""

import random
from collections import Counter

import pytest

from sandbox import people
from sandbox.people import Action, Beep, Casting, HangUp, Heard, Mind, PicksUp, Press, Say, cast, read_cast

SLOTS_A_SECOND = 50


class Call:
    """Plays a prompt to a person slot by slot and keeps what the person does, with its time."""

    def __init__(self, name: str) -> None:
        self.mind, self.slot = Mind(cast()[name], random.Random(1)), 0
        self.did: list[tuple[float, Action]] = []
        self.hear(Heard.PICKED_UP)

    @property
    def now(self) -> float:
        return self.slot / SLOTS_A_SECOND

    def hear(self, event: Heard) -> None:
        actions = self.mind.hears(event, self.now)
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


def test_the_same_seed_number_and_attempt_give_the_same_person() -> None:
    numbers = [f"+9198765{n:05}" for n in range(300)]
    first = [Casting("7").choose(number, 1).name for number in numbers]
    assert first == [Casting("7").choose(number, 1).name for number in reversed(numbers)][::-1]
    assert first != [Casting("8").choose(number, 1).name for number in numbers]
    assert first != [Casting("7").choose(number, 2).name for number in numbers]


def test_weights_set_the_mixture() -> None:
    casting = Casting("7", weights={"busy": 1, "silent": 3})
    met = Counter(casting.choose(f"+9198765{n:05}", 1).name for n in range(1000))
    assert set(met) == {"busy", "silent"}
    assert 2 < met["silent"] / met["busy"] < 4.5


def test_an_assigned_number_is_always_the_same_person() -> None:
    casting = Casting("7", weights={"busy": 1}, assigned={"+919876543210": "opts_out"})
    assert {casting.choose("+919876543210", attempt).name for attempt in range(20)} == {"opts_out"}


def test_the_cast_covers_every_way_of_answering() -> None:
    assert {person.picks_up for person in cast().values()} == set(PicksUp)
    assert len(cast()) >= 12
    assert all(person.ring_s[1] <= 3 for person in cast().values())


@pytest.mark.parametrize(
    "text",
    [
        "- a",
        "x: {about: a, weight: 1, ring_s: [1, 2], picks_up: maybe, script: []}",
        "x: {about: a, weight: 1, ring_s: [1], picks_up: busy, script: []}",
        "x: {about: a, weight: 1, ring_s: [1, 2], picks_up: answer, script: [{dance: 1}]}",
        "x: {about: a, weight: 1, ring_s: [1, 2], picks_up: answer, script: [{wait: -1}]}",
        "x: {weight: 1}",
    ],
)
def test_a_cast_that_cannot_be_read_says_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"x: |mapping"):
        read_cast(text)
