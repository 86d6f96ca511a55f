"""A call by typing."""

import pytest

from calls.simulated.by_typing import Line, NotTypedError, Side, read_line, transcript
from calls.simulated.script import Do, Person
from tests.calls.agents.dialogue.samples import survey

ASHA = Person(language="en", name="Asha")


def lines(*typed: str) -> list[Line]:
    return transcript(survey(), ASHA, [read_line(text) for text in typed]).lines


@pytest.mark.parametrize(
    ("typed", "do", "keys"),
    [
        ("1", Do.PRESS, "1"),
        (" 12 # ", Do.PRESS, "12#"),
        ("..", Do.WAIT, ""),
        ("Say", Do.SAY, ""),
        ("hang up", Do.HANG_UP, ""),
    ],
)
def test_what_is_typed(typed: str, do: Do, keys: str) -> None:
    given = read_line(typed)
    assert (given.do, given.keys) == (do, keys)


@pytest.mark.parametrize("typed", ["", "hello", "1a"])
def test_what_means_nothing_is_answered_with_what_does(typed: str) -> None:
    with pytest.raises(NotTypedError, match="Type keys"):
        read_line(typed)


def test_a_call_is_looked_at_where_it_waits() -> None:
    found = transcript(survey(), ASHA, [])
    assert [line.text for line in found.lines] == [
        "Hello: Hello Asha.",
        "Happy?: Are you happy? 1 for yes, 2 for no.",
    ]
    assert (found.is_over, found.step) == (False, "happy")


def test_each_line_that_is_typed_adds_to_what_was_there() -> None:
    before: list[Line] = []
    for count in range(4):
        now = lines(*["..", "7", "2", "3"][:count])
        assert now[: len(before)] == before
        before = now
    assert before[-1] != lines()[-1]


def test_a_call_that_is_over_says_so_and_what_it_brought() -> None:
    found = transcript(survey(), ASHA, [read_line("1"), read_line("5")])
    assert (found.is_over, found.step) == (True, "")
    assert Line(Side.NOTE, "Is happy.") in found.lines
    assert found.lines[-1] == Line(Side.NOTE, "We hung up after the last words.")


def test_words_that_were_cut_are_shown_as_cut() -> None:
    found = lines("hang up")
    assert found[-1] == Line(Side.NOTE, "The other side hung up.")
