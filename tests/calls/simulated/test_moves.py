"""What may be done at a step."""

from calls.simulated.moves import HANG_UP, moves
from tests.calls.agents.dialogue.samples import SURVEY, survey


def keys(**step: object) -> list[list[str]]:
    document = survey(steps=SURVEY["steps"] | {"score": {"exits": {"match": "good"}, **step}})
    found = [*moves(document, "score", ["7"])]
    assert (HANG_UP,) in found
    return [[given.keys or given.do.value for given in move] for move in found]


def test_a_question_is_answered_by_each_key_misunderstood_and_left() -> None:
    found = keys(kind="rating", highest=3, asked=2, wrong_keys=2)
    assert found == [["1"], ["2"], ["3"], ["0", "0"], ["wait", "wait"], ["9"], ["hang_up"]]


def test_digits_are_tried_round_what_they_are_compared_with() -> None:
    found = keys(kind="digits", most=2, means="number", highest=31)
    assert found[:4] == [["7#"], ["6#"], ["8#"], ["31"]]
    assert ["wait", "wait"] in found
    assert ["9#"] in found


def test_digits_without_an_end_key_are_followed_by_a_wait() -> None:
    assert ["7", "wait"] in keys(kind="digits", most=2, terminator="")
