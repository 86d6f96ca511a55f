"""The play-out buffer in its three readings, written from awaaz-platform.md §2: waiting, marks, clear,
bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio.pcm import FRAME_BYTES, silence
from sandbox.line.playout import PLAYOUTS, FarEnd, ForkPlayout, Playout, Slot, TimeWaitingPlayout

FRAME = b"\1\0" * (FRAME_BYTES // 2)
MINUS_ONE = b"\xff\xff"
ALL = pytest.mark.parametrize("far_end", FarEnd)


def play(playout: Playout, slots: int, *, since: int = 0) -> list[Slot]:
    """Play so many slots, the first one beginning at slot number `since`."""
    return [playout.play_slot((since + n) * 0.02) for n in range(slots)]


def heard(slots: list[Slot]) -> list[bool]:
    return [slot.audio is not None for slot in slots]


def marks(slots: list[Slot]) -> list[list[str]]:
    return [slot.marks for slot in slots]


# --- plain ----------------------------------------------------------------------------------------------


def test_plain_plays_what_it_has_at_once() -> None:
    playout = Playout()
    playout.add_audio(FRAME, 0.0)
    assert heard(play(playout, 2)) == [True, False]
    assert playout.figures.underruns == 1


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
    assert marks(play(playout, 7)) == [[], [], [], [], ["middle"], [], ["end"]]


# --- time-waiting ---------------------------------------------------------------------------------------


def test_a_far_end_that_waits_for_time_plays_a_short_tail_too() -> None:
    playout = TimeWaitingPlayout()
    playout.add_audio(FRAME, 0.0)
    assert heard(play(playout, 6)) == [False] * 4 + [True, False]
    playout.add_audio(FRAME, 0.12)
    assert heard(play(playout, 4, since=6)) == [False, False, True, False]


def test_a_far_end_that_waits_for_time_waits_again_after_a_clear() -> None:
    playout = TimeWaitingPlayout()
    playout.add_audio(FRAME * 10, 0.0)
    play(playout, 6)
    playout.clear()
    playout.add_audio(FRAME * 2, 0.12)
    playout.add_mark("new")
    assert marks(play(playout, 5, since=6)) == [[], [], [], [], ["new"]]


# --- audio-fork -----------------------------------------------------------------------------------------


def test_a_fork_waits_for_1280_samples_and_then_for_640() -> None:
    playout = ForkPlayout()
    playout.add_audio(FRAME * 7, 0.0)
    assert heard(play(playout, 50)) == [False] * 50
    playout.add_audio(FRAME, 1.0)
    assert heard(play(playout, 9, since=50)) == [True] * 8 + [False]
    playout.add_audio(FRAME * 3, 1.2)
    assert heard(play(playout, 50, since=60)) == [False] * 50
    playout.add_audio(FRAME, 2.2)
    assert heard(play(playout, 5, since=110)) == [True] * 4 + [False]


def test_a_tail_below_the_amount_is_never_played() -> None:
    playout = ForkPlayout()
    playout.add_audio(FRAME * 8, 0.0)
    playout.add_audio(FRAME * 3, 0.0)
    assert heard(play(playout, 100)) == [True] * 8 + [False] * 92
    assert (playout.held_back_ms, playout.figures.heard_ms) == (60, 160)


def test_a_fork_puts_a_mark_before_the_audio_that_follows_so_it_is_early_by_what_is_held_back() -> None:
    playout = ForkPlayout()
    playout.add_audio(FRAME * 8, 0.0)
    playout.add_audio(FRAME * 2, 0.0)
    playout.add_mark("ten")
    playout.add_audio(FRAME * 2, 0.0)
    returned = marks(play(playout, 12))
    assert returned.index(["ten"]) == 8


def test_with_no_audio_behind_them_a_fork_returns_one_mark_every_20_ms_once_it_is_empty() -> None:
    playout = ForkPlayout()
    playout.add_audio(FRAME * 8, 0.0)
    for name in "abc":
        playout.add_mark(name)
    assert marks(play(playout, 11)) == [[]] * 8 + [["a"], ["b"], ["c"]]


def test_every_sample_of_minus_one_is_taken_for_a_mark_while_marks_are_out() -> None:
    playout = ForkPlayout()
    playout.add_audio(FRAME * 8, 0.0)
    playout.add_mark("a")
    playout.add_audio(FRAME + MINUS_ONE + FRAME * 3, 0.0)
    playout.add_mark("b")
    playout.add_audio(FRAME * 4, 0.0)
    slots = play(playout, 18)
    assert [name for slot in slots for name in slot.marks] == ["a", "b"]
    assert marks(slots).index(["b"]) == 9  # at the sample, three frames too early
    assert marks(slots)[8] == ["a"]


def test_a_fork_without_marks_plays_minus_one() -> None:
    playout = ForkPlayout()
    playout.add_audio(MINUS_ONE * 1280, 0.0)
    assert play(playout, 1)[0].audio == MINUS_ONE * 160


def test_two_bytes_of_neighbouring_samples_are_no_mark() -> None:
    playout = ForkPlayout()
    playout.add_mark("a")
    playout.add_mark("b")
    playout.add_audio(b"\x00\xff\xff\x00" * 640, 0.0)
    assert marks(play(playout, 9)) == [["a", "b"], *[[]] * 8]


def test_a_clear_keeps_the_amount_that_is_waited_for() -> None:
    playout = ForkPlayout()
    playout.add_audio(FRAME * 10, 0.0)
    play(playout, 2)
    playout.clear()
    playout.add_audio(FRAME * 4, 0.04)
    assert heard(play(playout, 2, since=2)) == [True, True]


# --- all ------------------------------------------------------------------------------------------------


@ALL
def test_a_mark_without_audio_returns_with_the_next_slot(far_end: FarEnd) -> None:
    playout = PLAYOUTS[far_end]()
    playout.add_mark("now")
    assert playout.play_slot(0.0).marks == ["now"]


@ALL
def test_clear_drops_audio_and_returns_all_waiting_marks_at_once(far_end: FarEnd) -> None:
    playout = PLAYOUTS[far_end]()
    playout.add_audio(FRAME * 10, 0.0)
    playout.add_mark("a")
    playout.add_audio(FRAME * 10, 0.0)
    playout.add_mark("b")
    dropped = 400 - 20 * sum(heard(play(playout, 8)))
    assert playout.clear() == ["a", "b"]
    assert (playout.buffered_ms, playout.figures.cleared_ms) == (0, dropped)
    assert play(playout, 3, since=8) == [Slot(None, [])] * 3
    assert playout.figures.underruns == 0


@ALL
def test_at_most_30_marks_wait(far_end: FarEnd) -> None:
    playout = PLAYOUTS[far_end]()
    playout.add_audio(FRAME * 10, 0.0)
    assert [playout.add_mark(str(n)) for n in range(31)] == [True] * 30 + [False]
    returned = [name for slot in play(playout, 60) for name in slot.marks]
    assert returned == [str(n) for n in range(30)]
    assert playout.figures.marks_refused == 1


@ALL
def test_ten_minutes_are_kept_and_the_rest_is_dropped(far_end: FarEnd) -> None:
    playout = PLAYOUTS[far_end](most_ms=200)
    playout.add_audio(FRAME * 8, 0.0)
    playout.add_audio(FRAME * 8, 0.0)
    assert playout.figures.dropped_ms == 120
    assert sum(heard(play(playout, 30))) == 10 - playout.held_back_ms // 20


@ALL
@given(sizes=st.lists(st.integers(1, 4000).map(lambda samples: samples * 2), max_size=30))
def test_every_byte_that_is_not_held_back_is_played_once_and_in_order(
    far_end: FarEnd, sizes: list[int]
) -> None:
    playout, sent, slot, played = PLAYOUTS[far_end](), b"", 0, b""
    for number, size in enumerate(sizes):
        piece = bytes([1 + number]) * size
        sent += piece
        playout.add_audio(piece, slot * 0.02)
        for _ in range(3):
            played += playout.play_slot(slot * 0.02).audio or b""
            slot += 1
    for later in range(slot, slot + len(sent) // 320 + 100):
        played += playout.play_slot(later * 0.02).audio or b""
    whole = played.replace(b"\0", b"")
    assert sent.startswith(whole)
    assert (len(sent) - len(whole)) // 16 == playout.held_back_ms
    assert playout.held_back_ms < 160
