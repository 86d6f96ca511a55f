"""Percentiles, ratios and the last line of a run."""

import pytest

from bench.shared import figures

REACHED: dict[str, float | None] = {
    "daphne_vs_stock": 2.0,
    "daphne_vs_asgi": 0.8,
    "uvicorn_vs_stock": 4.5,
    "daphne_full_vs_stock": 1.5,
    "uvicorn_full_vs_stock": 3.0,
    "dialogue_vs_menu": 0.97,
    "dtmf_to_audio_p99_ms": 40.0,
    "speech_to_clear_p99_ms": 219.25,
    "played_gaps": 0,
}


def test_a_percentile_is_a_value_that_was_measured() -> None:
    hundred = [float(value) for value in range(100, 0, -1)]
    assert figures.percentile(hundred, 0.5) == 50
    assert figures.percentile(hundred, 0.99) == 99
    assert figures.percentile(hundred, 1.0) == 100


def test_the_p99_of_few_values_is_their_worst() -> None:
    assert figures.percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert figures.percentile([7.0], 0.5) == 7.0


def test_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        figures.percentile([], 0.5)
    assert figures.spread([]) is None


def test_the_median_of_two_is_between_them() -> None:
    assert figures.median([3, 1, 2]) == 2
    assert figures.median([1, 2]) == 1.5


def test_the_last_line_has_every_figure_in_its_order() -> None:
    assert figures.last_line(REACHED) == (
        "daphne_vs_stock=2 daphne_vs_asgi=0.8 uvicorn_vs_stock=4.5 daphne_full_vs_stock=1.5 "
        "uvicorn_full_vs_stock=3 dialogue_vs_menu=0.97 dtmf_to_audio_p99_ms=40 "
        "speech_to_clear_p99_ms=219.25 played_gaps=0"
    )


def test_what_reaches_its_bound_exactly_is_reached() -> None:
    assert figures.missed(REACHED) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("daphne_vs_asgi", 0.79),
        ("dtmf_to_audio_p99_ms", 40.01),
        ("played_gaps", 1),
        ("uvicorn_vs_stock", None),
    ],
)
def test_a_missed_goal_is_named(name: str, value: float | None) -> None:
    (sentence,) = figures.missed({**REACHED, name: value})
    assert sentence.startswith(f"{name} is {figures.NOT_MEASURED if value is None else value}")


def test_what_was_not_measured_is_said_and_not_reached() -> None:
    line = figures.last_line({**REACHED, "speech_to_clear_p99_ms": None})
    assert "speech_to_clear_p99_ms=not_measured" in line


def test_a_ratio_needs_both_sides() -> None:
    assert figures.ratio(300, 150) == 2.0
    assert figures.ratio(300, None) is None
    assert figures.ratio(300, 0) is None


def test_what_is_asked_of_a_contender_follows_from_the_baselines() -> None:
    baselines = {"stock_daphne": 41, "asgi_daphne": 110}
    assert figures.asked_of("full_uvicorn_pg", baselines) == 123
    assert figures.asked_of("full_daphne", baselines) == 62
    assert figures.asked_of("ours_daphne", baselines) == 88  # of two goals the higher
    assert figures.asked_of("asgi_uvicorn", baselines) == 0
    assert figures.asked_of("ours_uvicorn", {}) == 0
