"""What the person hears, and how late a piece is."""

import pytest

from bench.media.line import PlayedLine, Schedule


def test_pieces_in_time_leave_no_gap() -> None:
    line = PlayedLine()
    for at in (0.0, 0.0, 0.28, 0.48, 0.68):
        line.media(0.2, at)
    assert line.gaps == 0
    assert line.plays_until == pytest.approx(1.0)


def test_a_buffer_that_runs_dry_in_a_prompt_is_a_gap() -> None:
    line = PlayedLine()
    line.media(0.2, 0.0)
    line.media(0.2, 0.21)
    assert line.gaps == 1
    assert line.plays_until == pytest.approx(0.41)


def test_silence_between_prompts_is_no_gap() -> None:
    line = PlayedLine()
    line.media(0.2, 0.0)
    assert line.mark(0.0) == pytest.approx(0.2)
    line.media(0.2, 5.0)
    assert line.gaps == 0


def test_a_mark_in_the_middle_of_a_prompt_ends_none() -> None:
    line = PlayedLine()
    line.media(0.2, 0.0)
    assert line.mark(0.0, ends_prompt=False) == pytest.approx(0.2)
    line.media(0.2, 0.21)
    assert line.gaps == 1


def test_silence_after_a_clear_is_no_gap() -> None:
    line = PlayedLine()
    line.media(0.4, 0.0)
    line.clear(0.1)
    line.media(0.2, 0.9)
    assert line.gaps == 0
    assert line.plays_until == pytest.approx(1.1)


def test_the_first_audio_waits_for_80_ms_and_later_for_40() -> None:
    line = PlayedLine()
    line.media(0.06, 0.0)
    assert line.plays_until == 0.0
    line.media(0.06, 0.01)
    assert line.plays_until == pytest.approx(0.13)
    line.mark(0.02)
    line.media(0.04, 1.0)
    assert line.plays_until == pytest.approx(1.04)


def test_a_tail_too_short_to_begin_with_is_played_for_its_mark() -> None:
    line = PlayedLine()
    line.media(0.02, 0.0)
    assert line.mark(0.0) == pytest.approx(0.02)


def test_pieces_on_the_servers_clock_are_not_late() -> None:
    schedule = Schedule()
    assert [schedule.late_ms(0.2, 9 + at) for at in (0.0, 0.0, 0.28, 0.48)] == pytest.approx([0] * 4)


def test_a_late_piece_is_as_late_as_it_is() -> None:
    schedule = Schedule()
    for at in (0.0, 0.0, 0.28):
        schedule.late_ms(0.2, at)
    assert schedule.late_ms(0.2, 0.505) == pytest.approx(25)
    assert schedule.late_ms(0.2, 0.68) == pytest.approx(0)


def test_the_earliest_piece_sets_the_clock() -> None:
    schedule = Schedule()
    schedule.late_ms(0.2, 0.05)
    schedule.late_ms(0.2, 0.05)
    assert schedule.late_ms(0.2, 0.28) == pytest.approx(0)
    assert schedule.late_ms(0.2, 0.49) == pytest.approx(10)
