"""The figures of a call: what comes regularly, late or not at all, and who talked."""

import tracemalloc

import pytest

from calls.audio.dtmf import tone
from calls.audio.pcm import loudness, silence
from calls.conversation.input_buffer import BufferedFrame
from calls.conversation.media_stats import MediaStats
from calls.protocol.messages import Media

VOICE = tone("5", 20)


def arrived(media: Media, at: float) -> BufferedFrame:
    return BufferedFrame(media, at, loudness(media.payload))


class Call:
    """Frames of 20 ms, arriving in time unless the test says otherwise."""

    def __init__(self) -> None:
        self.now = 100.0
        self.figures = MediaStats(self.now)
        self._stamp = 0

    def hear(self, seconds: float, pcm: bytes | None = None, *, stamped: bool = True) -> None:
        for _ in range(round(seconds * 50)):
            self.now += 0.02
            self.frame(pcm, stamped=stamped)

    def frame(self, pcm: bytes | None = None, *, stamped: bool = True, delay: float = 0.0) -> None:
        media = Media(pcm or silence(20), timestamp_ms=self._stamp if stamped else None)
        self._stamp += 20
        self.figures.add_frames([arrived(media, self.now + delay)])
        if self.now >= self.figures.due:
            self.figures.second(self.now)

    def lose(self, frames: int) -> None:
        self.now += 0.02 * frames
        self._stamp += 20 * frames

    def total(self, name: str) -> float | None:
        return self.figures.totals(self.now)[name]


def test_a_regular_call_has_no_faults() -> None:
    call = Call()
    call.hear(5)
    assert [call.total(name) for name in ("gaps", "gap_ms", "late")] == [0, 0, 0]
    assert call.total("jitter_ms") == 0


def test_missing_audio_is_a_gap() -> None:
    call = Call()
    call.hear(1)
    call.lose(5)
    call.hear(1)
    call.lose(1)
    call.hear(1)
    assert (call.total("gaps"), call.total("gap_ms")) == (2, 120)
    assert call.total("late") == 0


def test_what_comes_later_than_a_buffer_covers_is_late() -> None:
    call = Call()
    call.hear(1)
    for delay in (0.03, 0.08, 0.1):
        call.now += 0.02
        call.frame(delay=delay)
    call.hear(1)
    assert call.total("late") == 2
    jitter = call.total("jitter_ms")
    assert jitter is not None
    assert 5 < jitter < 20


def test_frames_of_changing_sizes_are_neither_late_nor_irregular() -> None:
    """Each is sent when its last sample is there."""
    figures, sent_ms = MediaStats(100.0), 0
    for size_ms in (20, 20, 100, 20, 200, 40, 20, 100, 20, 20) * 10:
        stamp, sent_ms = sent_ms, sent_ms + size_ms
        figures.add_frames([arrived(Media(silence(size_ms), timestamp_ms=stamp), 100.0 + sent_ms / 1000)])
    totals = figures.totals(100.0 + sent_ms / 1000)
    assert (totals["late"], totals["gaps"]) == (0, 0)
    assert totals["jitter_ms"] == 0


@pytest.mark.parametrize("stamps", [2**53, -(2**53)])
def test_a_timestamp_that_leaps_says_nothing(stamps: int) -> None:
    call = Call()
    call.hear(1)
    call.now += 0.02
    call.figures.add_frames([arrived(Media(silence(20), timestamp_ms=stamps), call.now)])
    call.hear(1)
    assert (call.total("gaps"), call.total("jitter_ms")) == (0, 0)


def test_two_clocks_that_run_apart_a_little_make_no_frame_late() -> None:
    call = Call()
    for _ in range(600 * 50):
        call.now += 0.02 * 1.0002
        call.frame()
    assert call.total("late") == 0


def test_without_timestamps_frames_follow_each_other() -> None:
    call = Call()
    call.hear(3, stamped=False)
    assert (call.total("gaps"), call.total("late")) == (0, 0)


def test_who_talked_and_how_long_nobody_did() -> None:
    call = Call()
    call.hear(2)
    call.figures.add_agent_audio(call.now, 16_000 * 2)
    call.hear(2)
    call.hear(3)
    call.hear(1, VOICE)
    call.hear(2)
    assert call.total("agent_share") == 0.2
    assert call.total("caller_share") == pytest.approx(0.1, abs=0.01)
    assert call.total("longest_silence_ms") == pytest.approx(3000, abs=30)


def test_a_silence_that_lasts_counts() -> None:
    call = Call()
    call.hear(1, VOICE)
    call.hear(4)
    assert call.total("longest_silence_ms") == pytest.approx(4000, abs=30)


def test_quiet_noise_is_no_talk() -> None:
    call = Call()
    call.hear(5, b"\x20\x00\xe0\xff" * 80)
    assert call.total("caller_share") == 0


def test_a_second_holds_what_happened_in_it() -> None:
    call = Call()
    call.hear(0.98)
    call.figures.frames_out += 1
    call.figures.record_queue_depth(3)
    call.figures.record_queue_depth(1)
    call.now += 0.02
    first = call.figures.second(call.now)
    assert first == {
        "seconds": 1.0,
        "in": 49,
        "out": 1,
        "gaps": 0,
        "late": 0,
        "caller_ms": 0,
        "agent_ms": 0,
        "jitter_ms": 0.0,
        "queue": 3,
    }
    second = call.figures.second(call.now + 1)
    assert (second["in"], second["out"], second["queue"]) == (0, 0, 0)
    assert call.total("queue") == 3


def test_barge_in_is_measured_from_what_caused_it() -> None:
    call = Call()
    call.figures.on_trigger(call.now)
    call.figures.on_clear(call.now + 0.15)
    call.figures.on_clear(call.now + 0.2)
    call.figures.on_trigger(call.now + 1)
    call.figures.on_clear(call.now + 5)
    assert (call.total("barge_ins"), call.total("barge_in_ms")) == (1, 150)


def test_a_second_of_far_too_many_frames_keeps_little_of_them() -> None:
    call = Call()
    tracemalloc.start()
    try:
        for _ in range(10_000):
            call.figures.add_frames([arrived(Media(bytes(2_000)), call.now)])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 20_000
    assert call.figures.second(call.now + 1)["in"] == 10_000


def test_a_second_stream_has_timestamps_of_its_own() -> None:
    call = Call()
    call.hear(2)
    call.now += 1.0
    call.figures.restart_stream()
    call._stamp = 0
    call.hear(10)
    assert [call.total(name) for name in ("gaps", "late")] == [0, 0]
    assert call.total("jitter_ms") == 0
