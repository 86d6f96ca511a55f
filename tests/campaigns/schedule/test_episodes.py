"""Which part of a message comes next, by what was heard of the last."""

import pytest

from campaigns.schedule.episodes import Told, following, heard_percent

RULES = {"parts": 3, "least": 75, "repeats": 2}


@pytest.mark.parametrize(
    ("told", "comes"),
    [
        ([], 1),
        ([(1, 75)], 2),
        ([(1, 74)], 1),
        ([(1, None)], 1),
        ([(1, 90), (2, 0)], 2),
        ([(1, 90), (2, 0), (2, 80)], 3),
        ([(1, None), (1, 10), (1, 100)], 2),
        ([(1, None), (1, None)], 1),
    ],
)
def test_the_next_part_follows_what_was_heard(told: list[tuple[int, int | None]], comes: int) -> None:
    assert following([Told(*one) for one in told], **RULES) == comes


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([(1, 90), (2, 90), (3, 75)], "All 3 parts were heard."),
        (
            [(1, 90), (2, None), (2, 40), (2, 74)],
            "Part 2 was told 3 times and not heard to 75 %; no other part follows.",
        ),
    ],
)
def test_a_series_ends(told: list[tuple[int, int | None]], why: str) -> None:
    assert following([Told(*one) for one in told], **RULES) == why


def test_without_repeats_one_call_is_all() -> None:
    why = "Part 1 was told once and not heard to 75 %; no other part follows."
    assert following([Told(1, 3)], parts=2, least=75, repeats=0) == why


@pytest.mark.parametrize(
    ("prompts", "percent"),
    [
        ([], None),
        ([("about", 0, 0)], None),
        ([("about", 5000, 10000)], 50),
        ([("about", 10000, 10000), ("bye", 0, 2500)], 80),
        ([("about", 4000, 10000), ("about", 9000, 10000)], 90),
        ([("about", 9000, 10000), ("about", 4000, 10000)], 90),
        ([("about", 11000, 10000)], 100),
    ],
)
def test_a_prompt_that_is_said_again_counts_as_it_was_heard_best(
    prompts: list[tuple[str, int, int]], percent: int | None
) -> None:
    assert heard_percent(prompts) == percent
