"""Single values where a whole frame would hide what is meant."""

import pytest

from calls.protocol import fields
from calls.protocol.messages import DEFAULT_LIMITS, Problem


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("media", "media"),
        ("unheard_of", "unheard_of"),
        ("call 98765", ""),
        ("x" * 33, ""),
        (5, ""),
        ("नाम", ""),
    ],
)
def test_event_names_fit_for_a_log(value: object, shown: str) -> None:
    assert fields.event_name(value) == shown


def test_clean_leaves_ordinary_text_alone() -> None:
    assert fields.clean("आशा 👋 plain") == "आशा 👋 plain"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, Problem.MISSING_FIELD),
        ("", Problem.MISSING_FIELD),
        (True, Problem.WRONG_TYPE),
        ({}, Problem.WRONG_TYPE),
        ("x" * 257, Problem.NAME_TOO_LONG),
    ],
)
def test_what_is_no_name(value: object, problem: Problem) -> None:
    with pytest.raises(fields.FrameError) as refused:
        fields.name(value, "name", DEFAULT_LIMITS)
    assert refused.value.problem is problem


def test_a_number_serves_as_a_name() -> None:
    assert fields.name(7, "name", DEFAULT_LIMITS) == "7"
