"""A text is divided where a sentence surely ends, and nothing of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.speech.sentences import sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello Asha. This is a call.", ["Hello Asha.", "This is a call."]),
        ("नमस्ते आशा। यह कॉल है। १ दबाएँ।", ["नमस्ते आशा।", "यह कॉल है।", "१ दबाएँ।"]),
        ("ஆம். இல்லை. அடுத்து", ["ஆம்.", "இல்லை.", "அடுத்து"]),
        ("Really? Yes! Good", ["Really?", "Yes!", "Good"]),
        ("Hello Dr. Rao. Press 1. If not, wait.", ["Hello Dr. Rao.", "Press 1. If not, wait."]),
        ("Smt. A. K. Devi is due.", ["Smt. A. K. Devi is due."]),
        ("It costs Rs. 500 at 3 p.m. today.", ["It costs Rs. 500 at 3 p.m. today."]),
        ("Wait ... Please. go on", ["Wait ... Please. go on"]),
        ("Hello. …", ["Hello. …"]),
        ("?! Hello there. \n Bye.", ["?! Hello there.", "Bye."]),
        ("  ", []),
        ("...", ["..."]),
    ],
)
def test_what_ends_a_sentence(text: str, parts: list[str]) -> None:
    assert [*sentences(text)] == parts


@given(st.text(alphabet="aB1 .?!।\n-é நமஸ்", max_size=60))
def test_all_is_said_in_order_and_a_sentence_is_not_divided_again(text: str) -> None:
    parts = sentences(text)
    assert "".join(" ".join(parts).split()) == "".join(text.split())
    assert all(sentences(part) == (part,) for part in parts)
    assert all(any(map(str.isalnum, part)) for part in parts[1:])
