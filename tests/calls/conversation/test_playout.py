"""What was handed over, what was heard, and how each prompt ended, on an explicit clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio.pcm import duration_ms
from calls.conversation.playout import MarkRequest, Piece, Playout, PlayoutLimits, PromptResult


def audio(ms: int, value: int = 1) -> bytes:
    return (value.to_bytes(2, "little")) * (ms * 8)


def lengths(sent: list[Piece | MarkRequest]) -> list[int | str]:
    return [duration_ms(item.pcm) if isinstance(item, Piece) else item.key for item in sent]


def run_to_end(playout: Playout, now: float) -> tuple[list[int | str], float]:
    """Pump at every wake until nothing is due but a mark."""
    sent: list[int | str] = []
    while True:
        playout.settle(now)
        sent += lengths(playout.pump(now))
        if playout.remaining_ms(now) == 0 or playout.ahead_ms(now) == playout.remaining_ms(now):
            return sent, now
        wake = playout.next_wake(now)
        assert wake is not None
        assert wake > now
        now = wake


def test_audio_goes_out_in_pieces_and_never_further_ahead_than_the_limit() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(1000))
    assert lengths(playout.pump(10.0)) == [200, 200]
    assert playout.ahead_ms(10.0) == 400
    # The far end waits 80 ms before it first plays, so 200 ms are heard 280 ms after they were sent.
    assert playout.next_wake(10.0) == pytest.approx(10.28)
    assert lengths(playout.pump(10.27)) == []
    assert lengths(playout.pump(10.28)) == [200]
    sent, _ = run_to_end(playout, 10.28)
    assert sent == [200, 200, key]


def test_the_last_piece_is_never_a_crumb() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=10_000))
    playout.add("Greeting", audio(610))
    assert lengths(playout.pump(0.0))[:-1] == [200, 200, 105, 105]


def test_a_mark_back_means_heard_to_the_end() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(300))
    playout.pump(0.0)
    assert playout.mark_back(key, 0.39)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms, ended.total_ms) == (PromptResult.FINISHED, 300, 300)
    assert ended.mark_back
    assert playout.idle


def test_an_early_mark_moves_the_clock_forward() -> None:
    playout = Playout()
    first = playout.add("One", audio(200))
    playout.add("Two", audio(1000))
    playout.pump(0.0)
    assert playout.ahead_ms(0.1) == 380
    playout.mark_back(first, 0.1)
    assert playout.ahead_ms(0.1) == 200


def test_a_late_mark_holds_the_clock_back() -> None:
    playout = Playout()
    first = playout.add("One", audio(200))
    playout.add("Two", audio(200))
    playout.pump(0.0)
    assert playout.ahead_ms(0.38) == 100
    playout.mark_back(first, 0.38)
    assert playout.ahead_ms(0.38) == 100  # nothing heard is taken back
    assert playout.ahead_ms(0.48) == 100  # but the clock stands until the far end has caught up
    assert playout.ahead_ms(0.53) == 50


def test_clear_cuts_the_prompt_where_it_was_heard_and_drops_the_rest() -> None:
    playout = Playout()
    first, second = playout.add("One", audio(2000)), playout.add("Two", audio(500))
    playout.pump(0.0)
    assert playout.clear(0.2)
    assert [(e.key, e.result, e.heard_ms, e.total_ms) for e in playout.take_finished()] == [
        (first, PromptResult.CLEARED, 120, 2000),
        (second, PromptResult.CLEARED, 0, 500),
    ]
    assert playout.ahead_ms(0.2) == 0
    assert playout.idle
    assert lengths(playout.pump(1.0)) == []


def test_a_mark_that_comes_back_after_clear_means_dropped() -> None:
    playout = Playout()
    key = playout.add("One", audio(300))
    playout.pump(0.0)
    playout.clear(0.1)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms) == (PromptResult.CLEARED, 20)
    assert playout.mark_back(key, 0.12)
    assert playout.take_finished() == []
    assert not playout.mark_back(key, 0.13)


def test_what_was_heard_before_clear_is_finished_though_its_mark_is_on_the_way() -> None:
    playout = Playout()
    playout.add("One", audio(100))
    playout.add("Two", audio(300))
    playout.pump(0.0)
    playout.clear(0.2)
    assert [(e.name, e.result, e.heard_ms) for e in playout.take_finished()] == [
        ("One", PromptResult.FINISHED, 100),
        ("Two", PromptResult.CLEARED, 20),
    ]


def test_clearing_nothing_needs_no_frame() -> None:
    playout = Playout()
    assert not playout.clear(0.0)
    playout.add("One", audio(100))
    assert not playout.clear(0.0)
    assert [e.heard_ms for e in playout.take_finished()] == [0]


def test_after_clear_the_far_end_waits_40_ms() -> None:
    playout = Playout()
    playout.add("One", audio(1000))
    playout.pump(0.0)
    playout.clear(0.3)
    playout.add("Two", audio(100))
    playout.pump(0.3)
    assert playout.ahead_ms(0.34) == 100
    assert playout.ahead_ms(0.44) == 0


def test_a_short_prompt_is_padded_so_that_the_far_end_starts_to_play() -> None:
    playout = Playout()
    playout.add("Click", audio(10))
    assert lengths(playout.pump(0.0))[0] == 80
    playout.settle(5.0)
    (ended,) = playout.take_finished()
    assert (ended.heard_ms, ended.total_ms) == (10, 10)
    playout.add("Click", audio(10))
    assert lengths(playout.pump(5.0))[0] == 40


def test_a_prompt_without_audio_holds_its_place() -> None:
    playout = Playout()
    first = playout.add("Spoken")
    playout.add("Beep", audio(100))
    assert playout.pump(0.0) == []
    assert playout.preparing == "Spoken"
    assert playout.next_wake(0.0) is None
    assert playout.fill(first, audio(100))
    assert not playout.fill(first, audio(100))
    assert [item.name for item in playout.pump(0.5) if isinstance(item, Piece)] == ["Spoken", "Beep"]


def test_a_failed_prompt_lets_the_next_one_go() -> None:
    playout = Playout()
    key = playout.add("Spoken")
    playout.add("Beep", audio(100))
    assert playout.fail(key) == "Spoken"
    assert playout.fail(key) is None
    assert len(playout.pump(0.0)) == 2


def test_a_mark_that_never_comes_is_given_up() -> None:
    playout = Playout()
    key = playout.add("One", audio(100))
    playout.pump(0.0)
    assert playout.next_wake(0.0) == pytest.approx(3.18)
    playout.settle(3.17)
    assert not playout.idle
    playout.settle(3.18)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.mark_back) == (PromptResult.FINISHED, False)
    assert playout.mark_back(key, 4.0)


def test_at_most_thirty_marks_are_out() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=100_000))
    for number in range(40):
        playout.add(str(number), audio(100))
    sent = playout.pump(0.0)
    assert sum(isinstance(item, MarkRequest) for item in sent) == 30
    assert playout.marks_out == 30
    first = next(item.key for item in sent if isinstance(item, MarkRequest))
    playout.mark_back(first, 0.2)
    assert len(playout.pump(0.2)) == 2
    assert playout.marks_out == 30


def test_marks_owed_after_clear_still_count_until_they_are_given_up() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=100_000))
    for number in range(30):
        playout.add(str(number), audio(100))
    playout.pump(0.0)
    playout.clear(0.0)
    playout.add("Next", audio(100))
    assert playout.pump(0.0) == []
    assert playout.next_wake(0.0) == pytest.approx(3.0)
    playout.settle(3.0)
    assert len(playout.pump(3.0)) == 2


def test_a_later_mark_ends_the_earlier_prompts_too() -> None:
    playout = Playout()
    first, second = playout.add("One", audio(100)), playout.add("Two", audio(100))
    playout.pump(0.0)
    playout.mark_back(second, 0.2)
    assert [e.name for e in playout.take_finished()] == ["One", "Two"]
    assert playout.mark_back(first, 0.21)


def test_a_lost_call_ends_every_prompt() -> None:
    playout = Playout()
    playout.add("One", audio(1000))
    playout.add("Two")
    playout.pump(0.0)
    playout.lose(0.28)
    assert [(e.name, e.result, e.heard_ms) for e in playout.take_finished()] == [
        ("One", PromptResult.LOST, 200),
        ("Two", PromptResult.LOST, 0),
    ]


def test_heard_audio_is_given_with_its_moment_and_cut_at_clear() -> None:
    playout = Playout()
    playout.add("One", audio(1000, value=7))
    playout.pump(1.0)
    playout.settle(1.18)
    playout.settle(1.28)
    playout.clear(1.33)
    heard = playout.take_heard()
    assert [(round(h.at, 3), duration_ms(h.pcm)) for h in heard] == [(1.08, 100), (1.18, 100), (1.28, 50)]
    assert b"".join(h.pcm for h in heard) == audio(250, value=7)


def moments(playout: Playout) -> list[tuple[float, float]]:
    """(beginning, end) of what was heard, neighbours joined."""
    spans: list[tuple[float, float]] = []
    for heard in playout.take_heard():
        end = heard.at + len(heard.pcm) / 16_000
        joined = bool(spans) and abs(heard.at - spans[-1][1]) < 1e-6
        spans[-1:] = [(spans[-1][0], end)] if joined else [*spans[-1:], (heard.at, end)]
    return [(round(begin, 3), round(end, 3)) for begin, end in spans]


@pytest.mark.parametrize(
    ("late_s", "spans"),
    [(0.07, [(0.08, 0.93)]), (0.5, [(0.08, 0.78), (1.28, 1.43)])],
    ids=["network", "stall"],
)
def test_a_mark_that_took_its_way_puts_no_hole_into_the_next_prompt(
    late_s: float, spans: list[tuple[float, float]]
) -> None:
    playout = Playout()
    first = playout.add("One", audio(200))
    playout.add("Two", audio(650))
    for now in [step / 100 for step in range(200)]:
        playout.settle(now)
        if now == round(0.28 + late_s, 2):
            playout.mark_back(first, now)
        playout.pump(now)
    assert moments(playout) == spans


def test_a_pause_after_which_the_far_end_waits_is_heard() -> None:
    playout = Playout()
    playout.add("One", audio(200))
    playout.pump(0.0)
    playout.settle(0.29)
    playout.add("Two", audio(200))
    playout.pump(0.3)
    playout.settle(1.0)
    assert moments(playout) == [(0.08, 0.28), (0.34, 0.54)]


def test_what_is_playing() -> None:
    playout = Playout()
    playout.add("One", audio(100))
    playout.add("Two", audio(100))
    assert playout.playing(0.0) is None
    playout.pump(0.0)
    assert playout.playing(0.1) == "One"
    assert playout.playing(0.2) == "Two"
    assert playout.playing(0.3) is None


@pytest.mark.parametrize("bad", [b"", b"\0"])
def test_audio_that_is_no_audio_is_our_own_mistake(bad: bytes) -> None:
    with pytest.raises(ValueError, match="whole samples"):
        Playout().add("One", bad)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "hold", "fill", "clear", "mark", "wait", "wrong mark"]),
        st.integers(1, 1500),
    ),
    max_size=60,
)


@given(_STEPS)
def test_never_too_far_ahead_and_every_prompt_ends_once(steps: list[tuple[str, int]]) -> None:
    playout, now = Playout(), 100.0
    added: list[str] = []
    waiting: list[str] = []
    marks: list[str] = []
    ended: list[str] = []
    heard_ms = 0.0
    for what, figure in steps:
        if what in ("add", "hold"):
            added.append(playout.add("p", audio(figure) if what == "add" else None))
            waiting += added[-1:] if what == "hold" else []
        elif what == "fill" and waiting:
            playout.fill(waiting.pop(), audio(figure))
        elif what == "clear":
            playout.clear(now)
        elif what == "mark" and marks:
            assert playout.mark_back(marks.pop(figure % len(marks)), now) in (True, False)
        elif what == "wrong mark":
            assert not playout.mark_back("nobody's", now)
        else:
            now += figure / 1000
        playout.settle(now)
        marks += [item.key for item in playout.pump(now) if isinstance(item, MarkRequest)]
        ended += [e.key for e in playout.take_finished() if 0 <= e.heard_ms <= e.total_ms]
        heard_ms += sum(duration_ms(h.pcm) for h in playout.take_heard())
        assert playout.ahead_ms(now) <= 400
        assert playout.marks_out <= 30
        wake = playout.next_wake(now)
        assert wake is None or wake > now
    playout.lose(now)
    ended += [e.key for e in playout.take_finished()]
    assert sorted(ended) == sorted(added)
    assert playout.idle


# --- a line that breaks and comes back ---------------------------------------------------------------


def test_what_was_not_heard_is_sent_again_from_where_it_was_heard_to() -> None:
    playout = Playout()
    sound = b"".join(n.to_bytes(2, "little") for n in range(8000))
    playout.add("Greeting", sound)
    playout.pump(0.0)
    assert playout.suspend(0.18)  # 80 ms until the far end plays, so 100 ms were heard
    assert playout.pump(0.3) == []
    assert playout.next_wake(0.3) is None
    playout.resume()
    (first, *_) = playout.pump(2.0)
    assert isinstance(first, Piece)
    assert first.pcm[:320] == sound[1600:1920]
    assert not first.begins
    run_to_end(playout, 2.0)
    playout.settle(20.0)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms, ended.total_ms) == (PromptResult.FINISHED, 1000, 1000)
    heard = b"".join(piece.pcm for piece in playout.take_heard())
    assert heard == sound


def test_a_mark_of_before_says_nothing_of_the_rest() -> None:
    playout = Playout()
    old = playout.add("Greeting", audio(300))
    playout.pump(0.0)
    playout.suspend(0.2)
    playout.resume()
    sent = playout.pump(0.5)
    assert playout.mark_back(old, 0.5)
    assert playout.take_finished() == []
    assert playout.mark_back(str(lengths(sent)[-1]), 0.8)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms) == (PromptResult.FINISHED, 300)


def test_a_prompt_keeps_its_key_over_a_break() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(300))
    playout.pump(0.0)
    playout.suspend(0.2)
    playout.resume()
    playout.pump(0.5)
    assert playout.unheard(0.6) == key
    playout.clear(0.6)
    assert [ended.key for ended in playout.take_finished()] == [key]


def test_prompts_heard_before_the_break_are_over_and_the_others_keep_their_order() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=2000))
    for name in ("one", "two", "three", "four"):
        playout.add(name, audio(400))
    playout.pump(0.0)
    playout.settle(0.58)
    assert playout.suspend(0.58)
    (one,) = playout.take_finished()
    assert (one.name, one.result, one.mark_back) == ("one", PromptResult.FINISHED, False)
    assert playout.remaining_ms(0.58) == 1100
    playout.resume()
    run_to_end(playout, 3.0)
    playout.settle(30.0)
    assert [(ended.name, ended.heard_ms) for ended in playout.take_finished()] == [
        ("two", 400),
        ("three", 400),
        ("four", 400),
    ]


@given(
    st.lists(st.integers(20, 900), min_size=1, max_size=5),
    st.lists(st.floats(0.01, 1.5), min_size=1, max_size=6),
)
def test_however_often_a_line_breaks_every_prompt_is_heard_once(sizes: list[int], times: list[float]) -> None:
    playout, now = Playout(), 0.0
    for number, size in enumerate(sizes, 1):
        playout.add(str(number), audio(size, number))
    for length in times:
        until = now + length
        while now < until and not playout.idle:
            playout.settle(now)
            playout.pump(now)
            now = min(playout.next_wake(now) or until, until)
        playout.settle(now)
        playout.suspend(now)
        now += 0.7
        playout.resume()
    run_to_end(playout, now)
    playout.settle(now + 60)
    ended = playout.take_finished()
    assert [prompt.name for prompt in ended] == [str(number) for number in range(1, len(sizes) + 1)]
    assert all(
        prompt.result is PromptResult.FINISHED and prompt.heard_ms == prompt.total_ms for prompt in ended
    )
    heard = b"".join(piece.pcm for piece in playout.take_heard()).replace(b"\0\0", b"")
    assert heard == b"".join(audio(size, number) for number, size in enumerate(sizes, 1))


def test_a_mark_that_comes_too_early_moves_no_audio_before_its_sending() -> None:
    playout = Playout()
    first = playout.add("", audio(100))
    playout.add("", audio(100))
    playout.pump(10.0)
    assert playout.mark_back(first, 10.0)
    playout.settle(10.3)
    assert [heard.at for heard in playout.take_heard()] == pytest.approx([10.0, 10.1])
