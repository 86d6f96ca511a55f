"""The log of a real call becomes a script, and the script, held again, becomes the same log."""

import pytest

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation import hold
from calls.conversation.outputs import Entry, EntryKind
from calls.simulated.comparison import replay
from calls.simulated.past_calls import read_log
from calls.simulated.script import At, Do, Input, Person, speaking_ms
from calls.simulated.simulated_call import World
from calls.simulated.worlds import KeptWorld
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.simulated.documents import ASHA, QUESTION, during, press, reminder
from tests.calls.simulated.documents import hold as held
from tests.calls.simulated.real_calls import RealCall

VISITOR = Person(language="en", name="Asha")
DIGITS = {"kind": "digits", "most": 4, "least": 2, "confirm": True, "exits": {"match": "good"}}
NUMBER = survey(
    steps=SURVEY["steps"] | {"score": DIGITS},
    words={
        "en": SURVEY["words"]["en"] | {"score": {"ask": "How many?", "confirm": "{score}, is that right?"}}
    },
)
SCRIPTS: list[tuple[float | str, ...]] = [
    (2.0, "1"),
    (31.0, "1"),
    (31.0, "7", 6.0, "2"),
    (60.0,),
    (14.0, "4", 3.0, "2"),
    (5.0, "stop"),
    (29.2, "stop"),
    (13.0, "7", 0.3, "7", 0.4, "7"),
    (36.0, "3", 1.0, "9"),
    (45.0, "1"),
    (2.0, "7", 9.0, "1", "9"),
    (31.0, "1", 2.0, "stop"),
]
OF_THE_SURVEY: list[tuple[float | str, ...]] = [
    (6.0, "1", 3.0, "4"),
    (6.0, "2", 3.0, "1", "2", "#", 4.0, "1"),
    (6.0, "2", 3.0, "1", "2", 7.0, "2", 3.0, "4", "4", "#", 3.0, "1"),
    (0.5, "1", 0.5, "9", "#"),
    (6.0, "1", 4.0, "1", "stop"),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_a_real_call_replayed_is_the_same_call(script: tuple[float | str, ...]) -> None:
    log = RealCall(reminder(), ASHA.context()).does(*script)
    assert replay(reminder(), ASHA, log) is None


@pytest.mark.parametrize("document", [survey(), NUMBER], ids=["rating", "digits"])
@pytest.mark.parametrize("script", OF_THE_SURVEY, ids=str)
def test_a_survey_replayed_is_the_same_call(
    script: tuple[float | str, ...], document: DialogueConfiguration
) -> None:
    log = RealCall(document, VISITOR.context()).does(*script)
    assert replay(document, VISITOR, log) is None


SPEECH_CUTS = reminder(barge_in={"speech": True, "key": True})


@pytest.mark.parametrize(
    "inputs",
    [
        [Input(do=Do.SAY, speech_ms=900, **during(QUESTION, 400)), press("1")],
        [Input(do=Do.SAY, speech_ms=900, cuts=False, **during(QUESTION, 400)), press("2")],
        [Input(do=Do.SAY, speech_ms=1500), press("3")],
        [press("1", at=At.START)],
        [press("1"), press("9", at=At.END)],
        [Input(do=Do.SAY, speech_ms=60_000, **during("Message", 400)), Input(do=Do.HANG_UP, at=At.THEN)],
    ],
)
def test_a_simulated_call_replayed_is_the_same_call(inputs: list[Input]) -> None:
    course, _ = held(inputs, SPEECH_CUTS)
    assert replay(SPEECH_CUTS, ASHA, course.entries) is None
    again, _ = held(read_log(course.entries).inputs, SPEECH_CUTS)
    assert again.entries == course.entries


def test_an_input_is_told_relative_to_what_was_heard() -> None:
    log = RealCall(reminder(), ASHA.context()).does(2.0, "7", 2.0, "stop")
    pressed, hung_up = read_log(log).inputs
    assert (pressed.at, pressed.prompt, pressed.keys) == (At.DURING, "Opening", "7")
    assert (hung_up.do, hung_up.at, hung_up.prompt) == (Do.HANG_UP, At.DURING, "Not understood")


def test_what_a_caller_hears_while_we_look_up_who_it_is_is_not_part_of_the_dialogue() -> None:
    waiting = [
        Entry(kind=EntryKind.PROMPT, at_ms=1, text="", payload={"name": hold.NAME, "began_ms": 1}),
        Entry(kind=EntryKind.KEY, at_ms=2, text="", payload={"digit": "1", "during": hold.NAME}),
        Entry(kind=EntryKind.HEARD, at_ms=3, text="", payload={"name": hold.NAME, "total_ms": 2}),
        Entry(kind=EntryKind.IDENTIFIED, at_ms=4, text="", payload={}),
    ]
    past = read_log(waiting)
    assert (past.inputs, past.lengths) == ([press("1", at=At.START, after_ms=0)], {})


def test_prompts_take_as_long_as_they_took_then_others_by_their_text() -> None:
    log = RealCall(reminder(), ASHA.context()).does(2.0, "1")
    world = KeptWorld(read_log(log).lengths)
    assert world.length_ms("Opening", "x", "hi") == log_length(log, "Opening")
    assert world.length_ms("Opening", "x", "hi") == speaking_ms("x", "hi")
    assert world.length_ms("New", "x" * 100, "hi") == World().length_ms("New", "x" * 100, "hi")


def log_length(log: list[Entry], name: str) -> object:
    return next(e.data["total_ms"] for e in log if e.kind is EntryKind.HEARD and e.data["name"] == name)


def test_a_prompt_that_could_not_be_spoken_cannot_be_in_the_replay() -> None:
    failed = Entry(
        kind=EntryKind.PROBLEM,
        at_ms=1,
        text="“Message” could not be played. No.",
        payload={"name": "Message"},
    )
    assert KeptWorld(read_log([failed]).lengths).length_ms("Message", "x", "hi") is None
