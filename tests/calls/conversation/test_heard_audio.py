"""What was heard and when, by the play clock: the far end waits 80 ms before it first plays, later 40 ms."""

from calls.audio.pcm import silence
from calls.conversation.heard_audio import Heard, HeardAudio
from calls.conversation.playout_clock import PlayClock


def tone_like(ms: int) -> bytes:
    return b"\1\0" * (8 * ms)


def test_audio_is_heard_after_the_first_wait_and_comes_once() -> None:
    audio = HeardAudio(PlayClock())
    assert audio.hand_over(tone_like(200), 1.0) == 1.08
    audio.settle(1.18)
    assert audio.take() == [Heard(1.08, tone_like(100))]
    audio.settle(2.0)
    [rest] = audio.take()
    assert (round(rest.at, 6), rest.pcm) == (1.18, tone_like(100))
    assert audio.take() == []


def test_pieces_sent_in_time_follow_on_without_a_hole() -> None:
    audio = HeardAudio(PlayClock())
    audio.hand_over(tone_like(200), 1.0)
    audio.hand_over(silence(100), 1.1)
    audio.settle(2.0)
    assert [(round(heard.at, 6), len(heard.pcm) // 16) for heard in audio.take()] == [
        (1.08, 200),
        (1.28, 100),
    ]


def test_a_late_mark_puts_no_hole_into_audio_without_a_break() -> None:
    clock = PlayClock()
    audio = HeardAudio(clock)
    audio.hand_over(tone_like(200), 1.0)
    audio.hand_over(tone_like(200), 1.05)
    audio.settle(1.2)
    clock.reached(1600, 1.38)  # the first 200 ms, reckoned for 1.28
    audio.settle(3.0)
    heard = audio.take()
    ends = [piece.at + len(piece.pcm) / 16000 for piece in heard]
    assert [round(piece.at - end, 6) for piece, end in zip(heard[1:], ends, strict=False)] == [0.0] * (
        len(heard) - 1
    )
    assert b"".join(piece.pcm for piece in heard) == tone_like(400)


def test_after_the_far_end_ran_dry_audio_lies_where_it_is_heard() -> None:
    audio = HeardAudio(PlayClock())
    audio.hand_over(tone_like(100), 1.0)
    audio.settle(1.5)
    assert audio.hand_over(tone_like(100), 1.5) == 1.54
    audio.settle(2.0)
    assert [round(heard.at, 6) for heard in audio.take()] == [1.08, 1.54]


def test_what_is_cut_is_never_heard() -> None:
    clock = PlayClock()
    audio = HeardAudio(clock)
    audio.hand_over(tone_like(400), 1.0)
    assert audio.cut(1.18) == clock.sent == 800
    audio.settle(3.0)
    assert b"".join(heard.pcm for heard in audio.take()) == tone_like(100)
