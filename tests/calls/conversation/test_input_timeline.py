"""Where caller audio lies: by its own timestamps if they are sane, else by arrival."""

import pytest

from calls.audio.pcm import silence
from calls.conversation.input_buffer import BufferedFrame
from calls.conversation.input_timeline import InputTimeline
from calls.protocol.messages import Media


def media(timestamp: int | None, ms: int = 20) -> Media:
    return Media(silence(ms), timestamp_ms=timestamp)


def test_timestamps_win_over_a_jittery_arrival() -> None:
    track = InputTimeline()
    placed = [
        track.place(media(stamp), arrived) for stamp, arrived in [(500, 1020), (520, 1090), (560, 1091)]
    ]
    assert placed == [1000, 1020, 1060]


def test_without_timestamps_audio_follows_on_and_long_pauses_are_kept() -> None:
    track = InputTimeline()
    placed = [track.place(media(None), arrived) for arrived in (1020, 1090, 1091, 3020)]
    assert placed == [1000, 1020, 1040, 3000]


def test_insane_timestamps_are_not_believed() -> None:
    track = InputTimeline()
    stamps = [0, 9_000_000, 3, 40]
    assert [track.place(media(s), 1020 + 20 * n) for n, s in enumerate(stamps)] == [1000, 1020, 1040, 1060]


def test_audio_never_overlaps_and_never_runs_ahead_of_time() -> None:
    track = InputTimeline()
    placed = [track.place(media(None, ms=1000), 1000) for _ in range(5)]
    assert placed == [0, None, None, None, None]


def test_frames_of_half_a_millisecond_do_not_lie_on_each_other() -> None:
    """In whole milliseconds each would be 0 long: 35 ms of audio in one place, and speech on top of it."""
    track = InputTimeline()
    frames = [BufferedFrame(Media(bytes(8)), 1.0, 0)] * 70
    [first] = track.place_all(frames, lambda at: int(at * 1000))
    assert len(first.audio) == 560
    assert track.place(media(None), 1060) == (first.at_ms or 0) + 35


def test_what_a_stall_held_back_lies_where_it_was_spoken() -> None:
    track = InputTimeline()
    before = [track.place(media(stamp), 1020 + stamp) for stamp in range(0, 1000, 20)]
    burst = [track.place(media(stamp), 3000) for stamp in range(1000, 2000, 20)]
    after = [track.place(media(stamp), 1020 + stamp) for stamp in range(2000, 3000, 20)]
    assert before + burst + after == list(range(1000, 4000, 20))


def test_timestamps_that_stand_still_in_a_pause_are_not_followed_for_long() -> None:
    """As of a sender that leaves silence out, and does not count it."""
    track = InputTimeline()
    for stamp in range(0, 1000, 20):
        track.place(media(stamp), 1020 + stamp)
    placed = [track.place(media(stamp), 6020 + stamp - 1000) for stamp in range(1000, 4000, 20)]
    assert placed[0] == 2000  # it may be a burst
    assert placed[-1] == 8980


def lump(stamps: list[int | None], arrived_ms: int) -> list[BufferedFrame]:
    return [BufferedFrame(media(stamp), arrived_ms / 1000, 0) for stamp in stamps]


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


@pytest.mark.parametrize("first_stamp", [0, 37_000, None])
def test_a_lump_at_the_start_lies_before_its_arrival(first_stamp: int | None) -> None:
    track = InputTimeline()
    stamps = [None if first_stamp is None else first_stamp + 20 * n for n in range(100)]
    placed = track.place_all(lump(stamps, 2500), milliseconds)
    assert [(part.at_ms, len(part.audio)) for part in placed] == [(500, 100 * 320)]
    after = [
        track.place(media(None if first_stamp is None else first_stamp + 2000 + 20 * n), 2520 + 20 * n)
        for n in range(50)
    ]
    assert after == list(range(2500, 3500, 20))


def test_a_lump_from_before_the_call_is_not_kept_and_shifts_nothing() -> None:
    track = InputTimeline()
    placed = track.place_all(lump([20 * n for n in range(100)], 300), milliseconds)
    assert [(part.at_ms, len(part.audio) // 320) for part in placed if part.at_ms is not None] == [(0, 15)]
    assert track.place(media(2000), 320) == 300


@pytest.mark.parametrize("late_ms", [150, 400, 1900])
def test_a_first_frame_that_came_late_shifts_the_track_for_no_longer_than_it_was_late(late_ms: int) -> None:
    """As where a lump comes in several pieces, or is taken in frame by frame."""
    track = InputTimeline()
    placed = [track.place(media(20 * n), max(20 * (n + 1), late_ms)) for n in range(250)]
    kept = [(20 * n, at) for n, at in enumerate(placed) if at is not None]
    assert all(at - spoken <= 100 for spoken, at in kept if spoken >= 2 * late_ms)
    assert sum(at is None for at in placed) <= late_ms / 20


def test_another_stream_begins_with_a_lump_of_its_own() -> None:
    track = InputTimeline()
    track.place_all(lump([0], 1000), milliseconds)
    track.restart()
    placed = track.place_all(lump([20 * n for n in range(50)], 5000), milliseconds)
    assert [part.at_ms for part in placed] == [4000]


def test_timestamps_of_no_clock_in_the_first_frames_place_nothing() -> None:
    track = InputTimeline()
    placed = track.place_all(lump([0, 9_000_000, 40, 60], 1000), milliseconds)
    assert [(part.at_ms, len(part.audio) // 320) for part in placed] == [(920, 4)]
