"""The play-out buffer on the play clock: 80 ms, then 40 ms; marks; clear; bounds."""

from hypothesis import given
from hypothesis import strategies as st

from calls.audio.pcm import FRAME_BYTES, silence
from sandbox.line.playout import Playout, Slot

FRAME = b"\1\0" * (FRAME_BYTES // 2)


def play(playout: Playout, slots: int, *, since: int = 0) -> list[Slot]:
    """Play so many slots, the first one beginning at slot number `since`."""
    return [playout.play_slot((since + n) * 0.02) for n in range(slots)]


def heard(slots: list[Slot]) -> list[bool]:
    return [slot.audio is not None for slot in slots]


def test_nothing_is_played_before_80_ms_are_there() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 3, 0.0)
    assert heard(play(playout, 5)) == [False] * 5
    playout.add_audio(FRAME, 0.1)
    assert heard(play(playout, 5, since=5)) == [True, True, True, True, False]


def test_after_running_dry_40_ms_are_enough() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 4, 0.0)
    play(playout, 5)
    assert playout.figures.underruns == 1
    playout.add_audio(FRAME, 0.1)
    assert heard(play(playout, 2, since=5)) == [False, False]
    playout.add_audio(FRAME, 0.14)
    assert heard(play(playout, 3, since=7)) == [True, True, False]


def test_a_short_tail_is_played_after_a_while() -> None:
    playout = Playout()
    playout.add_audio(FRAME, 0.0)
    assert heard(play(playout, 12)) == [False] * 10 + [True, False]


def test_an_odd_tail_is_filled_with_silence_and_counted_as_heard() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 4 + FRAME[:100], 0.0)
    last = play(playout, 5)[-1].audio
    assert last == FRAME[:100] + silence(20)[100:]
    assert playout.figures.heard_ms == 86


def test_a_mark_returns_when_the_audio_before_it_is_over() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 4, 0.0)
    assert playout.add_mark("middle")
    playout.add_audio(FRAME * 2, 0.0)
    assert playout.add_mark("end")
    assert [slot.marks for slot in play(playout, 7)] == [[], [], [], [], ["middle"], [], ["end"]]


def test_a_mark_without_audio_returns_with_the_next_slot() -> None:
    playout = Playout()
    playout.add_mark("now")
    assert playout.play_slot(0.0).marks == ["now"]


def test_marks_in_one_place_return_in_their_order() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 4, 0.0)
    for name in "abc":
        playout.add_mark(name)
    assert play(playout, 5)[-1].marks == ["a", "b", "c"]


def test_clear_drops_audio_and_returns_all_waiting_marks_at_once() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 10, 0.0)
    playout.add_mark("a")
    playout.add_audio(FRAME * 10, 0.0)
    playout.add_mark("b")
    play(playout, 4)
    assert playout.clear() == ["a", "b"]
    assert (playout.buffered_ms, playout.figures.cleared_ms) == (0, 320)
    assert play(playout, 3, since=4) == [Slot(None, [])] * 3
    assert playout.figures.underruns == 0


def test_audio_after_a_clear_plays_after_40_ms() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 10, 0.0)
    play(playout, 2)
    playout.clear()
    playout.add_audio(FRAME * 2, 0.04)
    playout.add_mark("new")
    assert [slot.marks for slot in play(playout, 3, since=2)] == [[], [], ["new"]]


def test_clear_before_the_first_play_keeps_the_80_ms() -> None:
    playout = Playout()
    playout.add_audio(FRAME, 0.0)
    playout.clear()
    playout.add_audio(FRAME * 2, 0.0)
    assert heard(play(playout, 2)) == [False, False]


def test_at_most_30_marks_wait() -> None:
    playout = Playout()
    playout.add_audio(FRAME * 4, 0.0)
    assert [playout.add_mark(str(n)) for n in range(31)] == [True] * 30 + [False]
    assert play(playout, 5)[-1].marks == [str(n) for n in range(30)]
    assert playout.figures.marks_refused == 1


def test_ten_minutes_are_kept_and_the_rest_is_dropped() -> None:
    playout = Playout(most_ms=100)
    playout.add_audio(FRAME * 4, 0.0)
    playout.add_audio(FRAME * 4, 0.0)
    assert (playout.buffered_ms, playout.figures.dropped_ms) == (100, 60)
    assert heard(play(playout, 6)) == [True] * 5 + [False]


@given(st.lists(st.integers(1, 4000).map(lambda samples: samples * 2), max_size=30))
def test_every_byte_is_played_once_and_in_order(sizes: list[int]) -> None:
    playout, sent, slot, played = Playout(), b"", 0, b""
    for number, size in enumerate(sizes):
        piece = bytes([1 + number]) * size
        sent += piece
        playout.add_audio(piece, slot * 0.02)
        for _ in range(3):
            played += playout.play_slot(slot * 0.02).audio or b""
            slot += 1
    for later in range(slot, slot + len(sent) // 320 + 100):
        played += playout.play_slot(later * 0.02).audio or b""
    assert played.replace(b"\0", b"") == sent
