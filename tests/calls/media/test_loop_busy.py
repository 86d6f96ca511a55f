"""The share of a core that a loop uses, by looks that are taken when it is asked for."""

import pytest

from calls.media.loop_busy import WINDOW_S, LoopBusy


def test_the_first_look_tells_of_the_whole_life_of_the_thread() -> None:
    assert LoopBusy().share(1000.0, 50.0) == pytest.approx(0.05)


def test_a_pause_with_calls_on_the_line_tells_how_busy_they_keep_the_loop() -> None:
    busy = LoopBusy()
    busy.share(1000.0, 50.0)
    assert busy.share(1100.0, 145.0) == pytest.approx(0.95)


def test_a_crowd_is_seen_after_a_window_and_its_end_after_another() -> None:
    busy = LoopBusy()
    busy.share(1000.0, 50.0)
    idle = busy.share(1010.0, 50.1)
    assert busy.share(1010.0 + WINDOW_S / 2, 50.2) == idle
    assert busy.share(1010.0 + WINDOW_S, 50.1 + WINDOW_S) == pytest.approx(1.0)
    assert busy.share(1010.0 + 2 * WINDOW_S, 50.1 + WINDOW_S) == 0.0


def test_another_thread_with_less_time_behind_it_is_not_busy() -> None:
    busy = LoopBusy()
    busy.share(1000.0, 50.0)
    assert busy.share(1001.0, 0.2) < 0
