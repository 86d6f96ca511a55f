"""Whom a number belongs to: by seed, by weight, by mix, by hand."""

from collections import Counter

import pytest

from sandbox.people.casting import Casting, check_mix, mixes, read_mixes
from sandbox.people.people import cast


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


def test_a_mix_says_who_is_met() -> None:
    met = Counter(Casting("7", mix="hospital").choose(f"+9198765{n:05}", 1).name for n in range(2000))
    weights = mixes()["hospital"].weights
    assert set(met) == set(weights)
    share = weights["elderly_slow"] / sum(weights.values())
    assert met["elderly_slow"] / 2000 == pytest.approx(share, abs=0.03)


def test_weights_by_hand_stand_in_place_of_the_mix() -> None:
    assert Casting("7", weights={"fax": 1}, mix="hospital").choose("+919876543210", 1).name == "fax"


def test_everybody_is_met_in_some_mix() -> None:
    assert set().union(*(mix.weights for mix in mixes().values())) == set(cast())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- a", "mapping"),
        ("m: {about: a}", "m: KeyError"),
        ("m: {about: a, people: [fax]}", "m: AttributeError"),
        ("m: {about: a, people: {fax: often}}", "m: ValueError"),
        ("m: {about: a, people: {nobody: 1}}", "m: there is no person nobody"),
        ("m: {about: a, people: {fax: 0}}", "m: weights"),
        ("m: {about: a, people: {fax: 2, busy: -1}}", "m: weights"),
    ],
)
def test_mixes_that_cannot_be_read_say_why(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_mixes(text)


def test_a_mix_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="everyday, lender, hospital"):
        check_mix("lenders")
