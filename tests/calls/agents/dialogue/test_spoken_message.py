"""A message that the person speaks: when it begins, what ends it, and when there is none."""

from typing import Any

import pytest

from calls.agents import base
from calls.agents.dialogue.spoken_message import LEAST, LONGEST, QUIET, TONE
from calls.audio import pcm
from campaigns.rules.results import WANTS_PERSON
from tests.calls.agents.dialogue.documents import dialogue
from tests.calls.agents.dialogue.phone import Call

KEPT = base.EndMessage("wish", "wish", kept=True)


def taking(**fields: Any) -> Call:
    """A call that asks for a message, and has staff call back if there is one."""
    step = {"kind": "record", "exits": {"recorded": "thanks", "no_input": "bye", "failed": "bye"}, **fields}
    thanks, ring = {"kind": "say", "exits": {"next": "ring"}}, {"kind": "person", "exits": {"next": "bye"}}
    words = {"wish": {"ask": "Speak.", "ask_2": "Speak now.", "silent": "Nothing came."}}
    words["thanks"] = {"say": "Thanks."}
    return Call(dialogue({"wish": step, "thanks": thanks, "ring": ring}, words))


def tones(call: Call) -> list[base.Play]:
    return [action for action in call.log if isinstance(action, base.Play)]


def test_it_is_recorded_from_the_tone_until_the_key() -> None:
    call = taking()
    call.after("over")
    (tone,) = tones(call)
    assert (tone.name, tone.barge_in, pcm.duration_ms(tone.pcm)) == (TONE, base.NO_BARGE_IN, 300)
    assert not any(isinstance(action, base.BeginMessage) for action in call.log)
    call.after("over")
    assert call.log[-4:] == [
        base.BeginMessage(),
        base.StartTimer(LONGEST, 60.0),
        base.StartTimer(LEAST, 1.0),
        base.StartTimer(QUIET, 6.0),
    ]
    assert call.after("speaks", "key 1", "key #") == ["Thanks."]
    assert call.results() == [KEPT]
    assert not call.agent.wants_speech


def test_silence_after_speech_ends_it_and_is_not_kept() -> None:
    call = taking(silence_seconds=2)
    assert call.after("over", "over", "speaks", "quiet", "speaks", "quiet", f"timer {QUIET}") == ["Thanks."]
    assert call.results() == [base.EndMessage("wish", "wish", kept=True, quiet_s=2.0)]


@pytest.mark.parametrize("timer", [LONGEST, "key #"])
def test_at_its_longest_and_by_the_key_the_speech_until_then_is_kept(timer: str) -> None:
    call = taking()
    event = timer if timer.startswith("key") else f"timer {timer}"
    assert call.after("over", "over", "speaks", event) == ["Thanks."]
    assert call.results() == [KEPT]


def test_without_speech_it_is_asked_for_once_more_and_then_given_up() -> None:
    call = taking()
    assert call.after("over", "over", f"timer {QUIET}") == ["Nothing came.", "Speak now."]
    assert call.after("heard", f"timer {QUIET}") == ["Bye."]
    assert [result.kept for result in call.results() if isinstance(result, base.EndMessage)] == [False, False]
    call.after("heard")
    assert call.hang_up == base.HangUp("We hung up after goodbye: no message was spoken.")


@pytest.mark.parametrize(("before", "kept"), [([], False), ([f"timer {LEAST}"], True)])
def test_the_key_without_speech_ends_a_message_after_a_second(before: list[str], kept: bool) -> None:
    call = taking(asked=1)
    call.after("over", "over", *before, "key #")
    assert call.results() == [base.EndMessage("wish", "wish", kept=kept)]


def test_who_speaks_over_the_tone_has_begun() -> None:
    call = taking()
    call.after("over", "speaks", "over")
    assert QUIET not in call.timers
    assert call.after("key #") == ["Thanks."]


def test_a_key_skips_the_words_before_it_and_the_tone_comes_all_the_same() -> None:
    call = taking()
    call.after("key 5")
    assert [tone.name for tone in tones(call)] == [TONE]


def test_who_hangs_up_has_left_a_message_and_what_follows_without_a_line_counts() -> None:
    call = taking()
    call.after("over", "over", "speaks", "ended")
    assert call.results() == [
        KEPT,
        base.WantPerson("ring", "ring", "step"),
        base.ReachOutcome(WANTS_PERSON, "Wants a person"),
    ]
    silent = taking()
    silent.after("over", "over", "ended")
    assert silent.results() == []


def test_nine_is_an_opt_out_and_what_was_spoken_is_kept() -> None:
    call = taking()
    assert call.after("over", "over", "speaks", "key 9") == ["No more calls."]
    assert call.results()[:2] == [KEPT, base.OptOut("key", "9")]


def test_where_calls_are_not_recorded_it_fails_at_once() -> None:
    call = Call(
        dialogue(
            {"wish": {"kind": "record", "exits": {"recorded": "bye", "failed": "other"}}, "other": OTHER},
            {"wish": {"ask": "Speak."}, "other": {"say": "Write to us."}},
        ),
        recorded=False,
    )
    assert [action.text for action in call.log if isinstance(action, base.Say)] == ["Write to us."]
    assert any(isinstance(action, base.Note) and "can't be recorded" in action.text for action in call.log)


OTHER = {"kind": "say", "exits": {"next": "end"}}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"most_seconds": 301}, "at most between 5 and 300 seconds"),
        ({"silence_seconds": 0.5}, "between 1 and 10 seconds"),
        ({"answer_seconds": 31}, "between 1 and 30 seconds"),
        ({"asked": 0}, "1 to 5 times"),
        ({"terminator": "7"}, "with #, * or nothing"),
    ],
)
def test_a_step_that_can_not_be_says_why(fields: dict[str, Any], problem: str) -> None:
    step = {"kind": "record", "exits": {"recorded": "bye", "failed": "bye"}, **fields}
    found = dialogue({"wish": step}, {"wish": {"ask": "Speak."}}).problems()
    assert any(problem in sentence for sentence in found), found
