"""The intake: as many are let in as are served in the time that a caller may wait."""

import pytest

from calls.media.intake import FIRST_RATE, WAIT_S, Intake


def crowd(arrivals_a_second: float, served_a_second: float, *, seconds: float = 2.0) -> list[float]:
    """The waits of all that were let in, by a server that serves one after the other at this speed."""
    intake = Intake()
    waits: list[float] = []
    done: list[float] = []
    free_at = 0.0
    for index in range(int(arrivals_a_second * seconds)):
        now = index / arrivals_a_second
        while done and done[0] <= now:
            intake.leave(done.pop(0))
        if intake.enter(now):
            free_at = max(now, free_at) + 1 / served_a_second
            done.append(free_at)
            waits.append(free_at - now)
    return waits


@pytest.mark.parametrize("speed", [60, 100, 250, 1000])
def test_of_a_crowd_so_many_are_let_in_that_none_waits_long(speed: float) -> None:
    waits = crowd(500, speed)
    assert max(waits) < 1.5 * WAIT_S
    assert len(waits) >= 0.6 * min(speed, 500) * 2, "and those who can be served are let in"


def test_a_slow_server_learns_it() -> None:
    waits = crowd(500, 20, seconds=5)
    # 48 are trusted at first, and 16 follow until one of them has waited too long.
    assert max(waits) <= 64 / 20
    assert max(waits[64:]) < 2 * WAIT_S


def test_a_pause_makes_good_what_a_crowd_has_taught() -> None:
    intake = Intake()
    for _ in range(40):
        intake.enter(0.0)
    for number in range(40):
        intake.leave(1.0 + number)  # so slow that few are let in
    assert sum(intake.enter(40.5) for _ in range(16)) == 8
    for _ in range(8):
        intake.leave(40.6)
    assert all(intake.enter(42.0) for _ in range(16))


def test_whoever_comes_alone_is_always_let_in() -> None:
    intake = Intake()
    for second in range(100):
        assert intake.enter(second)
        intake.leave(second + 0.9)


def test_nothing_is_known_at_first_and_a_moderate_number_is_let_in() -> None:
    intake = Intake()
    assert sum(intake.enter(0.0) for _ in range(500)) == round(FIRST_RATE * WAIT_S)
    assert intake.under_way == round(FIRST_RATE * WAIT_S)


@pytest.mark.parametrize(("at_once", "each_s"), [(16, 0.4), (16, 0.7), (40, 0.55)])
def test_callers_who_take_their_time_side_by_side_do_not_close_the_door(at_once: int, each_s: float) -> None:
    intake = Intake()
    done = [each_s + 0.005 * number for number in range(at_once)]
    assert all(intake.enter(0.0) for _ in range(at_once))
    for _ in range(300):  # for each who leaves another comes
        now = done.pop(0)
        intake.leave(now)
        assert intake.enter(now), f"refused after {now} s"
        done.append(now + each_s)
