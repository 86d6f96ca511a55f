"""The supply of hostile frames: repeatable, bounded, and hostile."""

from bench.hostile.frames import LARGEST, Mutator, seeds
from calls.protocol.codec import decode_agent_message, decode_platform_message
from calls.protocol.messages import Malformed, Problem


def supply(seed: int, count: int = 3000) -> list[bytes]:
    mutator = Mutator(seed)
    return [mutator.frame() for _ in range(count)]


def test_the_same_seed_gives_the_same_frames() -> None:
    assert supply(7, 50) == supply(7, 50) != supply(8, 50)


def test_frames_are_bounded_but_for_a_few_giants() -> None:
    sizes = [len(frame) for frame in supply(1)]
    assert min(sizes) > 0
    assert sum(size > LARGEST for size in sizes) <= 5


def test_most_are_malformed_in_many_ways_and_some_are_good() -> None:
    """Also the short form of `make fuzz`: neither role raises for any of them."""
    found = [decode_platform_message(frame) for frame in supply(2)]
    problems = {message.problem for message in found if isinstance(message, Malformed)}
    share = sum(isinstance(message, Malformed) for message in found) / len(found)
    assert 0.5 < share < 0.98
    assert problems >= {Problem.NOT_JSON, Problem.NOT_UTF8, Problem.TOO_DEEP, Problem.MISSING_FIELD}
    assert problems >= {Problem.WRONG_TYPE, Problem.UNKNOWN_EVENT, Problem.BAD_BASE64, Problem.BAD_DIGIT}


def test_the_agent_s_role_takes_them_too() -> None:
    assert {type(decode_agent_message(frame)).__name__ for frame in supply(3)} >= {
        "Malformed",
        "Media",
        "Mark",
    }


def test_the_corpus_is_there() -> None:
    assert len(seeds()) > 100
