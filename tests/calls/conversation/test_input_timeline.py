"""Where caller audio lies: by its own timestamps if they are sane, else by arrival."""

from calls.audio.pcm import silence
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
    assert placed == [0, 1000, 2000, 3000, None]


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
