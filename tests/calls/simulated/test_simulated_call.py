"""Calls in virtual time: what is pressed when, and what comes of it."""

import pytest

from calls.agents import base
from calls.agents.requests import Failed, Request
from calls.conversation.outputs import Ending, Entry, EntryKind
from calls.simulated.script import At, Do, Input
from calls.simulated.simulated_call import Course, SimulatedCall, World, results
from tests.calls.simulated.documents import ASHA, HANG_UP, QUESTION, WAIT, during, hold, press, reminder

SPEECH_CUTS = {"barge_in": {"speech": True, "key": True}}


def names(course: Course) -> list[str]:
    return [spoken.name for spoken in course.spoken if spoken.over.heard_ms]


def test_a_key_after_the_question_is_the_answer() -> None:
    course, route = hold([press("1")])
    assert results(course.entries) == {
        "outcome": "will_pay",
        "answers": {"payment": "1"},
        "opted_out": False,
        "call_back": "",
        "person": "",
        "tags": [],
    }
    assert names(course) == ["Opening", "Message", QUESTION, "Reply"]
    assert (course.ended_by, course.reason) == (Ending.AGENT, "We hung up after the reply.")
    assert route.passed == [("opening", "next"), ("message", "next"), ("question", "1"), ("reply_1", "next")]


def test_a_key_while_words_are_said_cuts_them_all() -> None:
    course, _ = hold([press("1", **during("Opening", 1200))])
    heard = [(spoken.name, spoken.over.heard_ms) for spoken in course.spoken]
    assert heard[:3] == [("Opening", 1200), ("Message", 0), (QUESTION, 0)]
    assert heard[3][0] == "Reply"
    assert results(course.entries)["outcome"] == "will_pay"


def test_what_is_waited_for_is_the_next_words() -> None:
    course, _ = hold([WAIT, press("2")])
    assert names(course) == ["Opening", "Message", QUESTION, "Message", QUESTION, "Reply"]
    assert results(course.entries)["outcome"] == "needs_time"


def test_the_second_time_of_a_prompt_is_meant_where_it_is_said() -> None:
    course, _ = hold([press("2", **during(QUESTION, 100, time=2))])
    assert names(course) == ["Opening", "Message", QUESTION, "Message", QUESTION, "Reply"]


def test_an_input_after_a_prompt_comes_when_that_is_over() -> None:
    course, _ = hold([press("3", at=At.AFTER, prompt="Message", after_ms=40)])
    [key] = [entry for entry in course.entries if entry.kind is EntryKind.KEY]
    [over] = [
        entry for entry in course.entries if entry.data.get("name") == "Message" and "ended" in entry.data
    ]
    assert key.at_ms == over.at_ms + 40


def test_a_person_who_says_nothing_hears_goodbye() -> None:
    course, route = hold([])
    assert names(course)[-1] == "Goodbye"
    assert course.resting_at == "question"
    assert ("question", "no_input") in route.passed


def test_hanging_up_in_the_middle_is_the_persons_end() -> None:
    course, route = hold([Input(do=Do.HANG_UP, **during("Message", 700))])
    assert (course.ended_by, names(course)) == (Ending.CALLER, ["Opening", "Message"])
    assert course.spoken[1].over.heard_ms == 700
    assert ("", "hung_up") in route.passed


def test_several_keys_are_pressed_one_after_the_other() -> None:
    course, _ = hold([press("72")])
    keys = [entry.at_ms for entry in course.entries if entry.kind is EntryKind.KEY]
    assert keys[1] == keys[0] + 300
    assert results(course.entries)["outcome"] == "needs_time"


def test_a_key_before_the_first_word_counts() -> None:
    course, _ = hold([press("9", at=At.START)])
    assert results(course.entries)["opted_out"] is True
    assert names(course) == ["No further calls"]


def test_nine_when_the_line_is_closed_still_counts() -> None:
    course, _ = hold([press("1"), press("9", at=At.END)])
    assert results(course.entries)["opted_out"] is True
    assert course.entries[-1].kind is not EntryKind.END


def test_an_input_whose_moment_never_comes_is_said_to_be_left() -> None:
    course, _ = hold([press("1"), press("2", **during("Nothing of the kind", 0))])
    assert [given.keys for given in course.unplayed] == ["2"]
    assert course.played == 1


def test_speech_cuts_what_it_may_cut_and_the_question_is_asked_again() -> None:
    speaks = Input(do=Do.SAY, speech_ms=900, **during(QUESTION, 400))
    course, _ = hold([speaks, press("1")], reminder(**SPEECH_CUTS))
    assert names(course) == ["Opening", "Message", QUESTION, QUESTION, "Reply"]
    kinds = [entry.kind for entry in course.entries]
    assert kinds.count(EntryKind.SPEECH) == 2
    assert EntryKind.CLEAR in kinds


def test_speech_that_is_not_listened_to_changes_nothing() -> None:
    course, _ = hold([Input(do=Do.SAY, speech_ms=900, **during(QUESTION, 400)), press("1")])
    assert names(course) == ["Opening", "Message", QUESTION, "Reply"]
    assert course.played == 2


class Mute(World):
    """Has no voice for one prompt."""

    def length_ms(self, name: str, text: str, language: str) -> int | None:
        return None if name == "Message" else super().length_ms(name, text, language)


def test_words_without_a_voice_end_the_call_as_failed() -> None:
    course, _ = hold([press("1")], world=Mute())
    assert results(course.entries)["outcome"] == "not_spoken"
    assert names(course)[-1] == "Sorry"


class Asks:
    """An agent that asks the world and says what came of it."""

    wants_audio = wants_speech = False

    def __init__(self) -> None:
        self.told: list[base.AgentEvent] = []

    def handle(self, event: base.AgentEvent) -> list[base.Action]:
        self.told.append(event)
        if isinstance(event, base.CallStarted):
            return [base.Perform("paid", Request(), seconds=2.0)]
        return [base.HangUp("Told.")] if isinstance(event, base.Performed) else []


class Silent(World):
    """Never replies."""

    def reply(self, name: str, request: Request) -> None:
        return None


@pytest.mark.parametrize(
    ("world", "reason"), [(World(), "Nothing answers"), (Silent(), "no reply within 2 s")]
)
def test_what_is_asked_of_the_world_is_answered_or_late(world: World, reason: str) -> None:
    agent = Asks()
    course = SimulatedCall(agent, ASHA.context(), world=world).run([])
    performed = agent.told[-1]
    assert isinstance(performed, base.Performed)
    assert isinstance(performed.reply, Failed)
    assert reason in performed.reply.reason
    assert course.reason == "Told."


class Deaf:
    """An agent that does nothing at all."""

    wants_audio = wants_speech = False

    def handle(self, event: base.AgentEvent) -> list[base.Action]:
        return []


def test_a_call_in_which_nothing_happens_ends_at_the_limit() -> None:
    course = SimulatedCall(Deaf(), ASHA.context(), world=World()).run([])
    assert (course.ended_by, course.entries[-1].at_ms) == (Ending.LIMIT, 600_000)


def test_the_same_script_gives_the_same_call() -> None:
    def entries() -> list[Entry]:
        return hold([press("7"), WAIT, press("4"), press("2"), HANG_UP])[0].entries

    assert entries() == entries()
