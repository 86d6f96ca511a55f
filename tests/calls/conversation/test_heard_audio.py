"""What was heard and when, by the play clock; until it is measured a far end counts as one that waits 30
ms."""

import pytest

from calls.conversation.heard_audio import Heard, HeardAudio
from calls.conversation.playout_clock import UNKNOWN_WAIT_S, PlayClock


def tone_like(ms: int) -> bytes:
    return b"\1\0" * (8 * ms)


def made() -> tuple[HeardAudio, PlayClock]:
    clock = PlayClock()
    clock.came_round(1.0, 1.0)
    return HeardAudio(clock), clock


def test_audio_is_heard_after_the_wait_and_comes_once_it_is_released() -> None:
    audio, _ = made()
    assert audio.hand_over(tone_like(200), 1.0) == 1.0 + UNKNOWN_WAIT_S
    assert audio.take() == []
    audio.release(800)
    assert audio.take() == [Heard(1.03, tone_like(100))]
    audio.release(1600)
    [rest] = audio.take()
    assert (round(rest.at, 6), rest.pcm) == (1.13, tone_like(100))
    assert audio.take() == []


def test_a_late_mark_puts_no_hole_into_audio_without_a_break() -> None:
    audio, clock = made()
    audio.hand_over(tone_like(200), 1.0)
    audio.hand_over(tone_like(200), 1.05)
    clock.reached(1600, due=1.2, sent_at=1.0, now=1.23)
    audio.release(1600)
    clock.reached(3200, due=1.4, sent_at=1.0, now=1.58)
    audio.release(3200)
    first, second = audio.take()
    assert second.at == pytest.approx(first.at + 0.2)


@pytest.mark.parametrize(("late_s", "begins"), [(0.15, 1.23), (0.5, 1.73)], ids=["network", "stall"])
def test_only_a_far_end_that_fell_silent_leaves_a_hole(late_s: float, begins: float) -> None:
    audio, clock = made()
    audio.hand_over(tone_like(200), 1.0)
    audio.hand_over(tone_like(200), 1.05)
    clock.reached(1600, due=1.2, sent_at=1.0, now=1.23)
    audio.release(1600)
    clock.reached(3200, due=1.4, sent_at=1.0, now=1.43 + late_s)
    audio.release(3200)
    assert [round(heard.at, 6) for heard in audio.take()] == [1.03, begins]


def test_after_the_far_end_ran_dry_audio_lies_where_it_is_heard() -> None:
    audio, clock = made()
    audio.hand_over(tone_like(100), 1.0)
    clock.reached(800, due=1.1, sent_at=1.0, now=1.18)  # it waited 80 ms, so it waits 40 ms later on
    assert audio.hand_over(tone_like(100), 1.5) == pytest.approx(1.54)
    audio.release(1600)
    assert [round(heard.at, 6) for heard in audio.take()] == [1.08, 1.54]


def test_what_is_cut_is_never_heard() -> None:
    audio, clock = made()
    audio.hand_over(tone_like(400), 1.0)
    audio.cut(clock.heard(1.13))
    assert clock.sent == 800
    audio.release(3200)
    assert b"".join(heard.pcm for heard in audio.take()) == tone_like(100)


def test_a_new_beginning_leaves_what_was_heard_before_it_where_it_was() -> None:
    audio, _ = made()
    audio.hand_over(tone_like(100), 1.0)
    audio.hand_over(tone_like(100), 3.0)
    audio.release(1600)
    assert [round(heard.at, 6) for heard in audio.take()] == [1.03, 3.03]
