"""What does not fit in the JSON of a dialogue, with its place."""

import json
from typing import Any

import msgspec
import pytest

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.misfits import Pairs, misfits, oddities, plain


def test_a_name_that_stands_twice_is_noted_and_the_last_one_counts() -> None:
    read: Any = json.loads('{"steps": {"a": 1, "b": 2, "a": 3}}', object_pairs_hook=Pairs)
    assert (read["steps"], read["steps"].twice, read.twice) == ({"a": 3, "b": 2}, ("a",), ())
    assert [*oddities(read)] == ["“steps”: “a” stands twice."]


def test_characters_that_are_none_with_their_place() -> None:
    words = {"en": {"hello": {"say": "a\x00b"}}}
    steps = {"hello": {"kind": "say", "title": "Greeting"}}
    written = json.dumps({"steps": steps, "words": words})
    found = [*oddities(json.loads(written, object_pairs_hook=Pairs))]
    assert found == ["“Greeting”, en: say: It holds characters that are none."]


def test_each_step_that_does_not_fit_is_named() -> None:
    steps = {"a": {"kind": "say"}, "b": {"kind": "dance"}, "c": {"kind": "say", "titel": "x"}}
    assert [*misfits({"steps": steps})] == [
        "“b”: “kind”: There is no “dance”.",
        "“c”: “titel” is not known here.",
    ]
    assert [*misfits({"steps": "none"})] == []


def test_what_msgspec_says_in_plain_words() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"kind": "say", "title": 5}, doc.AnyStep)
    assert plain(caught.value) == "“title”: It is a whole number where a text belongs."
