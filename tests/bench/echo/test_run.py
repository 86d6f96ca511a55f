"""`make echo` in short, and that it can see: with a guard that finds no echo it fails."""

from collections.abc import Iterator

import pytest

from bench.echo import cases, run
from calls.audio.echo import EchoGuard, Origin
from calls.speech.vad_models import SileroModel


@pytest.fixture(scope="module")
def model() -> SileroModel:
    return SileroModel()


def test_the_short_form_is_within_its_bounds(model: SileroModel) -> None:
    tallies = run.measure(run.lines(rooms=60, others=5), model)
    figures = run.figures_of(tallies)
    assert figures.rooms == 60
    assert figures.cut_percent <= 10
    assert figures.quiet_speech_found_percent >= 85
    assert tallies["cough"].cut + tallies["slam"].cut + tallies["noise"].cut <= 1
    assert len(tallies["talk_over_echo"].found_ms) >= 8
    assert len(tallies["talk_over"].found_ms) == 5
    assert max(tallies["talk_over"].found_ms) <= 200


def test_without_the_guard_rooms_cut_nearly_every_prompt(
    model: SileroModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EchoGuard, "origin", lambda self, end: Origin.PERSON)
    tallies = run.measure(cases.room_lines(12), model)
    assert tallies["room"].cut >= 9


def test_lines_are_the_same_each_time() -> None:
    def tracks() -> Iterator[bytes]:
        for case in cases.noise_lines(1):
            yield case.caller.tobytes()

    assert list(tracks()) == list(tracks())


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        (run.Figures(60, 10.0, 85.0, 2.0), []),
        (run.Figures(60, 10.1, 85.0, 2.0), ["cut_percent is over 10"]),
        (
            run.Figures(60, 0.0, 84.9, 2.1),
            ["quiet_speech_found_percent is under 85", "noises_cut_percent is over 2"],
        ),
    ],
)
def test_what_is_missed_is_said(figures: run.Figures, missed: list[str]) -> None:
    assert figures.missed() == missed
