"""What was handed over, what was heard, and how each prompt ended, on an explicit clock.

At the far ends themselves, with a way to them: test_far_ends.py. Here marks come back when the test says so,
and the far end is one that plays at once.
"""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio.pcm import duration_ms
from calls.conversation.playout import (
    MarkRequest,
    MarkReturn,
    Piece,
    Playout,
    PlayoutLimits,
    PromptResult,
    Sending,
)


def audio(ms: int, value: int = 1) -> bytes:
    return (value.to_bytes(2, "little")) * (ms * 8)


def lengths(sent: Sequence[Sending]) -> list[int | str]:
    """Pieces in ms, and the marks that end prompts."""
    ends = [
        item
        for item in sent
        if isinstance(item, Piece) or (isinstance(item, MarkRequest) and item.ends_prompt)
    ]
    return [duration_ms(item.pcm) if isinstance(item, Piece) else item.key for item in ends]


def checks(sent: Sequence[Sending]) -> list[str]:
    """The marks that end no prompt."""
    return [item.key for item in sent if isinstance(item, MarkRequest) and not item.ends_prompt]


def pump(playout: Playout, now: float) -> list[int | str]:
    """Send; the mark that measures the way comes back at once."""
    sent = playout.pump(now)
    if sent and isinstance(sent[0], MarkRequest):
        assert playout.mark_back(sent[0].key, now) is MarkReturn.EXPECTED
    return lengths(sent)


def run_to_end(playout: Playout, now: float) -> tuple[list[int | str], float]:
    """Pump at every wake until all is handed over, every mark coming back when its audio is over."""
    sent: list[int | str] = []
    due: list[tuple[float, str]] = []
    until = now
    while not playout.idle:
        playout.settle(now)
        for key in [key for at, key in due if at <= now]:
            playout.mark_back(key, now)
        due = [(at, key) for at, key in due if at > now]
        sending = playout.pump(now)
        sent += lengths(sending)
        for item in sending:
            if isinstance(item, Piece):
                until = max(until, now) + duration_ms(item.pcm) / 1000
            elif isinstance(item, MarkRequest):
                due.append((until, item.key))
        wake = min([at for at, _ in due] + [playout.next_wake(now) or now + 1.0])
        now = max(wake, now + 1e-6)
    return sent, now


def test_audio_goes_out_in_pieces_and_never_further_ahead_than_the_limit() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(1000))
    assert pump(playout, 10.0) == [200, 200]
    assert playout.ahead_ms(10.0) == 400
    assert playout.next_wake(10.0) == pytest.approx(10.2)
    assert pump(playout, 10.19) == []
    assert pump(playout, 10.2001) == [200]
    sent, _ = run_to_end(playout, 10.4)
    assert sent == [200, 200, key]


def test_the_last_piece_is_never_a_crumb() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=10_000))
    playout.add("Greeting", audio(610))
    assert pump(playout, 0.0)[:-1] == [200, 200, 100, 120]


def test_the_way_is_measured_first_and_the_first_piece_and_every_second_are_checked() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=10_000))
    playout.add("Greeting", audio(3000))
    sent = playout.pump(0.0)
    kinds = [
        "mark" if isinstance(item, MarkRequest) else "audio" for item in sent if not hasattr(item, "name")
    ]
    assert kinds == ["mark", "audio", "mark", *(["audio"] * 5 + ["mark"]) * 2, *["audio"] * 4, "mark"]
    assert all(playout.is_only_check(key) for key in checks(sent))
    assert playout.mark_back(checks(sent)[0], 0.0) is MarkReturn.EXPECTED
    assert not playout.is_only_check(checks(sent)[0])


def test_a_mark_back_means_heard_to_the_end() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(300))
    pump(playout, 0.0)
    assert playout.mark_back(key, 0.3) is MarkReturn.EXPECTED
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms, ended.total_ms) == (PromptResult.FINISHED, 300, 300)
    assert ended.mark_back
    assert playout.idle


def test_a_mark_that_comes_earlier_than_possible_is_not_believed_and_the_clock_decides() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(300))
    pump(playout, 0.0)
    assert playout.mark_back(key, 0.05) is MarkReturn.EARLY
    assert playout.mark_back(key, 0.06) is MarkReturn.UNKNOWN
    playout.settle(0.41)
    assert playout.take_finished() == []
    assert playout.next_wake(0.41) == pytest.approx(0.42)  # 120 ms are the longest wait of a far end
    playout.settle(0.421)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms, ended.mark_back) == (PromptResult.FINISHED, 300, False)
    assert not playout.overdue(100.0)


def test_a_late_mark_moves_what_was_heard_and_not_what_is_sent() -> None:
    playout = Playout()
    first = playout.add("One", audio(200))
    playout.add("Two", audio(1000))
    pump(playout, 0.0)
    pump(playout, 0.25)
    assert playout.ahead_ms(0.3) == 300
    assert playout.playing(0.3) == "Two"
    assert playout.mark_back(first, 0.7) is MarkReturn.EXPECTED
    assert pump(playout, 0.7) == [200, 200]
    assert playout.playing(0.9) == "Two"


def test_clear_cuts_the_prompt_where_it_was_heard_and_drops_the_rest() -> None:
    playout = Playout()
    first, second = playout.add("One", audio(2000)), playout.add("Two", audio(500))
    pump(playout, 0.0)
    assert playout.clear(0.2)
    assert [(e.key, e.result, e.heard_ms, e.total_ms) for e in playout.take_finished()] == [
        (first, PromptResult.CLEARED, 170, 2000),
        (second, PromptResult.CLEARED, 0, 500),
    ]
    assert playout.ahead_ms(0.2) == 0
    assert playout.idle
    assert pump(playout, 1.0) == []


def test_a_mark_that_comes_back_after_clear_means_dropped() -> None:
    playout = Playout()
    key = playout.add("One", audio(300))
    pump(playout, 0.0)
    playout.clear(0.1)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms) == (PromptResult.CLEARED, 70)
    assert playout.mark_back(key, 0.12) is MarkReturn.EXPECTED
    assert playout.take_finished() == []
    assert playout.mark_back(key, 0.13) is MarkReturn.UNKNOWN


def test_what_was_heard_before_clear_is_finished_though_its_mark_is_on_the_way() -> None:
    playout = Playout()
    playout.add("One", audio(160))
    playout.add("Two", audio(300))
    pump(playout, 0.0)
    playout.clear(0.25)
    assert [(e.name, e.result, e.heard_ms) for e in playout.take_finished()] == [
        ("One", PromptResult.FINISHED, 160),
        ("Two", PromptResult.CLEARED, 60),
    ]


def test_clearing_nothing_needs_no_frame() -> None:
    playout = Playout()
    assert not playout.clear(0.0)
    playout.add("One", audio(100))
    assert not playout.clear(0.0)
    assert [e.heard_ms for e in playout.take_finished()] == [0]


def test_a_prompt_without_audio_holds_its_place() -> None:
    playout = Playout()
    first = playout.add("Spoken")
    playout.add("Beep", audio(100))
    assert playout.pump(0.0) == []
    assert playout.preparing == "Spoken"
    assert playout.next_wake(0.0) is None
    assert playout.fill(first, audio(160))
    assert not playout.fill(first, audio(100))
    assert lengths(playout.pump(0.5)) == [160, first, 100, "2:Beep"]


def test_a_failed_prompt_lets_the_next_one_go() -> None:
    playout = Playout()
    key = playout.add("Spoken")
    playout.add("Beep", audio(100))
    assert playout.fail(key) == "Spoken"
    assert playout.fail(key) is None
    assert lengths(playout.pump(0.0)) == [160, "2:Beep"]


def test_a_mark_that_never_comes_means_that_the_far_end_takes_nothing() -> None:
    playout = Playout()
    playout.add("One", audio(200))
    pump(playout, 0.0)
    assert playout.next_wake(0.0) == pytest.approx(5.7)
    assert not playout.overdue(5.69)
    assert playout.overdue(5.71)
    assert not playout.idle
    playout.lose(5.71, only_confirmed=True)
    assert [(e.result, e.heard_ms) for e in playout.take_finished()] == [(PromptResult.LOST, 0)]


def test_at_most_thirty_marks_are_out() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=100_000))
    for number in range(40):
        playout.add(str(number), audio(160))
    sent = playout.pump(0.0)
    assert sum(isinstance(item, MarkRequest) for item in sent) == playout.marks_out == 30
    for item in sent[:6]:
        if isinstance(item, MarkRequest):
            playout.mark_back(item.key, 0.3)
    assert playout.marks_out == 28
    assert len(lengths(playout.pump(0.3))) == 4
    assert playout.marks_out == 30


def test_marks_owed_after_clear_still_count_until_they_are_given_up() -> None:
    playout = Playout(PlayoutLimits(ahead_ms=100_000))
    for number in range(30):
        playout.add(str(number), audio(160))
    playout.pump(0.0)
    playout.clear(0.0)
    playout.add("Next", audio(160))
    assert playout.pump(0.0) == []
    assert playout.next_wake(0.0) == pytest.approx(5.5)
    playout.settle(5.5)
    assert lengths(playout.pump(5.5)) == [160, "32:Next"]


def test_a_later_mark_ends_the_earlier_prompts_too() -> None:
    playout = Playout()
    first, second = playout.add("One", audio(160)), playout.add("Two", audio(100))
    pump(playout, 0.0)
    playout.mark_back(second, 0.26)
    assert [(e.name, e.mark_back) for e in playout.take_finished()] == [("One", False), ("Two", True)]
    assert playout.mark_back(first, 0.27) is MarkReturn.EXPECTED


def test_a_lost_call_ends_every_prompt() -> None:
    playout = Playout()
    playout.add("One", audio(1000))
    playout.add("Two")
    pump(playout, 0.0)
    playout.lose(0.23)
    assert [(e.name, e.result, e.heard_ms) for e in playout.take_finished()] == [
        ("One", PromptResult.LOST, 200),
        ("Two", PromptResult.LOST, 0),
    ]


def test_nothing_is_heard_before_anything_came_back() -> None:
    playout = Playout()
    playout.add("One", audio(1000))
    (measure, *_) = playout.pump(0.0)
    assert isinstance(measure, MarkRequest)
    assert playout.playing(0.5) == "One"
    playout.lose(0.5)
    assert [e.heard_ms for e in playout.take_finished()] == [0]


def test_heard_audio_is_given_with_its_moment_once_it_is_confirmed_and_cut_at_clear() -> None:
    playout = Playout()
    playout.add("One", audio(1000, value=7))
    sent = playout.pump(1.0)
    measure, check = checks(sent)
    playout.mark_back(measure, 1.0)
    assert playout.take_heard() == []
    playout.mark_back(check, 1.2)
    assert [(round(h.at, 3), duration_ms(h.pcm)) for h in playout.take_heard()] == [(1.0, 200)]
    playout.clear(1.35)
    assert [(round(h.at, 3), duration_ms(h.pcm)) for h in playout.take_heard()] == [(1.2, 150)]


def test_what_is_playing() -> None:
    playout = Playout()
    playout.add("One", audio(160))
    playout.add("Two", audio(100))
    assert playout.playing(0.0) is None
    pump(playout, 0.0)
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
            playout.mark_back(marks.pop(figure % len(marks)), now)
        elif what == "wrong mark":
            assert playout.mark_back("not ours", now) is MarkReturn.UNKNOWN
        else:
            now += figure / 1000
        playout.settle(now)
        marks += [item.key for item in playout.pump(now) if isinstance(item, MarkRequest)]
        ended += [e.key for e in playout.take_finished() if 0 <= e.heard_ms <= e.total_ms]
        heard_ms += sum(duration_ms(h.pcm) for h in playout.take_heard())
        assert playout.ahead_ms(now) <= 400
        assert playout.marks_out <= 30
        wake = playout.next_wake(now)
        assert wake is None or wake > now or playout.overdue(now)
    playout.lose(now)
    ended += [e.key for e in playout.take_finished()]
    assert sorted(ended) == sorted(added)
    assert playout.idle


# --- a line that breaks and comes back ---------------------------------------------------------------


def test_what_was_not_heard_is_sent_again_from_where_it_was_heard_to() -> None:
    playout = Playout()
    sound = b"".join(n.to_bytes(2, "little") for n in range(8000))
    playout.add("Greeting", sound)
    pump(playout, 0.0)
    assert playout.suspend(
        0.13
    )  # 30 ms, as long as it is not known what the far end waits, so 100 ms were heard
    assert playout.pump(0.3) == []
    assert playout.next_wake(0.3) is None
    playout.resume()
    _, first, *_ = playout.pump(2.0)
    assert isinstance(first, Piece)
    assert first.pcm[:320] == sound[1600:1920]
    run_to_end(playout, 2.0)
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms, ended.total_ms) == (PromptResult.FINISHED, 1000, 1000)
    assert b"".join(piece.pcm for piece in playout.take_heard()) == sound


def test_a_mark_of_before_says_nothing_of_the_rest() -> None:
    playout = Playout()
    old = playout.add("Greeting", audio(300))
    pump(playout, 0.0)
    playout.suspend(0.2)
    playout.resume()
    sent = pump(playout, 0.5)
    assert playout.mark_back(old, 0.5) is MarkReturn.EXPECTED
    assert playout.take_finished() == []
    assert playout.mark_back(str(sent[-1]), 0.8) is MarkReturn.EXPECTED
    (ended,) = playout.take_finished()
    assert (ended.result, ended.heard_ms) == (PromptResult.FINISHED, 300)


def test_a_prompt_keeps_its_key_over_a_break() -> None:
    playout = Playout()
    key = playout.add("Greeting", audio(300))
    pump(playout, 0.0)
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
    pump(playout, 0.0)
    assert playout.suspend(0.53)
    (one,) = playout.take_finished()
    assert (one.name, one.result, one.mark_back) == ("one", PromptResult.FINISHED, False)
    assert playout.remaining_ms(0.53) == 1100
    playout.resume()
    run_to_end(playout, 3.0)
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
            pump(playout, now)
            now = min(playout.next_wake(now) or until, until)
        playout.settle(now)
        playout.suspend(now)
        now += 0.7
        playout.resume()
    run_to_end(playout, now)
    ended = playout.take_finished()
    assert [prompt.name for prompt in ended] == [str(number) for number in range(1, len(sizes) + 1)]
    assert all(
        prompt.result is PromptResult.FINISHED and prompt.heard_ms == prompt.total_ms for prompt in ended
    )
    heard = b"".join(piece.pcm for piece in playout.take_heard()).replace(b"\0\0", b"")
    assert heard == b"".join(audio(size, number) for number, size in enumerate(sizes, 1))
