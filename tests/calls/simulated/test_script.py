"""Scripts: keys one by one, in words, and how long words take."""

import pytest

from calls.simulated.script import At, Do, Input, Person, single_keys, speaking_ms
from tests.calls.simulated.documents import HANG_UP, WAIT, during, press


def test_keys_follow_each_other() -> None:
    first, second, hang_up = single_keys([press("12", **during("Opening", 900)), HANG_UP])
    assert (first.keys, first.at, first.after_ms) == ("1", At.DURING, 900)
    assert (second.keys, second.at, second.after_ms) == ("2", At.THEN, 300)
    assert hang_up == HANG_UP


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (press("1"), "press 1"),
        (press("12", **during("Opening", 1200)), "press 1 2 1.2 s into “Opening”"),
        (
            press("1", at=At.AFTER, prompt="Message", time=2, after_ms=40),
            "press 1 0.04 s after “Message”, the time no. 2",
        ),
        (Input(do=Do.SAY, speech_ms=700), "speak for 0.7 s"),
        (press("9", at=At.START), "press 9 before anything is said"),
        (press("9", at=At.END), "press 9 when the line is closed"),
        (WAIT, "wait"),
    ],
)
def test_an_input_in_words(given: Input, sentence: str) -> None:
    assert given.sentence() == sentence


def test_words_take_time_by_their_length() -> None:
    assert speaking_ms("नमस्ते" * 10, "hi-IN") == pytest.approx(60 / 11.5 * 1000, abs=1)
    assert speaking_ms("Hello. " * 10, "en") == 5000
    assert speaking_ms("", "en") == 200


def test_a_person_is_who_the_agent_is_given() -> None:
    context = Person(language="hi", name="Asha", values={"amount": "12"}, callback=False).context()
    assert (context.language, context.name, context.variables) == ("hi", "Asha", {"amount": "12"})
    assert not context.callback
