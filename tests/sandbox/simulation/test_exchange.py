"""The virtual scheduler without a database: limits, hours, order and redials, over made-up calls."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sandbox.clock import from_wire
from sandbox.line.leg import Ended
from sandbox.line.predicted_call import PredictedCall
from sandbox.pacing import SECOND, Redials, Trunk, Window
from sandbox.simulation.exchange import Dial, Exchange, Predict, Queue, Waiting

TEN = from_wire("2026-11-24T10:00:00")
MINUTE = timedelta(minutes=1)
GAPS = (5 * MINUTE, 30 * MINUTE)
TALKS = PredictedCall(SECOND, 19 * SECOND, Ended.AGENT_ENDED, "")
BUSY = PredictedCall(SECOND, timedelta(0), Ended.BUSY, "")


def answered(_message: int, _attempt: int, _when: datetime) -> PredictedCall:
    return TALKS


def busy_always(_message: int, _attempt: int, _when: datetime) -> PredictedCall:
    return BUSY


def trunk(name: str = "a", *, lines: int = 9, per_second: int = 0) -> Trunk:
    return Trunk(name, lines=lines, per_second=per_second, busy=0, begun=())


def queue(
    due: Iterable[datetime], *trunks: Trunk, redials: int = 0, whole: bool = True, first: int = 0
) -> Queue:
    waiting = [Waiting(moment, first + n, 0) for n, moment in enumerate(due)]
    return Queue(list(trunks), Redials(redials, GAPS), waiting, whole)


def exchange(
    *queues: Queue,
    predict: Predict = answered,
    window: Window | None = None,
    room: int = 99,
) -> Exchange:
    return Exchange(TEN, list(queues), [], window=window, room=room, predict=predict)


def began(platform: Exchange) -> list[float]:
    """Seconds after ten at which calls began."""
    return [(call.began - TEN).total_seconds() for call in platform.calls]


def test_it_goes_on_to_what_is_due_and_no_further_than_asked() -> None:
    platform = exchange(queue([TEN + MINUTE, TEN + 3 * MINUTE], trunk()))
    assert platform.run(TEN + 2 * MINUTE)
    assert (platform.now, began(platform)) == (TEN + 2 * MINUTE, [60])
    assert platform.run(None)
    assert (platform.now, began(platform)) == (TEN + 3 * MINUTE + 20 * SECOND, [60, 180])


def test_with_nothing_to_do_the_clock_stands() -> None:
    platform = exchange(queue([], trunk()), queue([TEN], trunk(lines=0), first=9))
    assert platform.run(None)
    assert (platform.now, platform.calls) == (TEN, [])


def test_lines_are_free_again_when_calls_end() -> None:
    platform = exchange(queue([TEN] * 5, trunk(lines=2)))
    platform.run(None)
    assert began(platform) == [0, 0, 20, 20, 40]
    assert all(call.over for call in platform.calls)


def test_calls_a_second_and_the_platforms_room_bound_too() -> None:
    fast = exchange(queue([TEN] * 5, trunk(per_second=2)))
    fast.run(None)
    assert began(fast) == [0, 0, 1, 1, 2]
    small = exchange(queue([TEN] * 3, trunk("a"), trunk("b")), room=2)
    small.run(None)
    assert began(small) == [0, 0, 20]
    assert [call.number for call in small.calls] == ["a", "b", "a"]


def test_outside_the_window_messages_wait_for_the_next_morning() -> None:
    window = Window.read("09:00-10:01")
    platform = exchange(queue([TEN, TEN + MINUTE], trunk()), window=window)
    platform.run(None)
    assert began(platform) == [0, 23 * 3600]


def test_redials_wait_their_gaps_and_end() -> None:
    platform = exchange(queue([TEN], trunk(), redials=2), predict=busy_always)
    platform.run(None)
    assert began(platform) == [0, 301, 2102]
    assert [call.redial is not None for call in platform.calls] == [True, True, False]


def test_without_a_number_a_message_is_named_when_it_falls_due() -> None:
    platform = exchange(queue([TEN, TEN + MINUTE]))
    platform.run(TEN + SECOND)
    assert platform.unroutable == [0]
    platform.run(None)
    assert platform.unroutable == [0, 1]


def test_a_redial_never_overtakes_messages_that_were_not_loaded() -> None:
    due = [TEN, TEN + 10 * SECOND]
    platform = exchange(queue(due, trunk(), redials=1, whole=False), predict=busy_always)
    assert not platform.run(None)
    assert began(platform) == [0, 10]


def test_a_full_number_does_not_hold_up_another_template() -> None:
    platform = exchange(queue([TEN] * 3, trunk(lines=1)), queue([TEN], trunk("b"), first=9))
    platform.run(TEN)
    assert [(call.message, call.number) for call in platform.calls] == [(0, "a"), (9, "b")]


@given(
    st.lists(st.integers(0, 600), max_size=40),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 2),
    st.lists(st.integers(1, 400), max_size=6),
)
def test_however_it_is_cut_into_rounds_every_message_ends_once_within_all_limits(
    due: list[int], lines: int, per_second: int, redials: int, pauses: list[int]
) -> None:
    def sometimes(message: int, attempt: int, _when: datetime) -> PredictedCall:
        return BUSY if (message + attempt) % 3 else TALKS

    one = trunk(lines=lines, per_second=per_second)
    moments = [TEN + timedelta(seconds=seconds) for seconds in due]
    platform = exchange(queue(moments, one, redials=redials), predict=sometimes)
    for pause in pauses:
        platform.run(platform.now + timedelta(seconds=pause))
    platform.run(None)
    for message in range(len(due)):
        calls = [call for call in platform.calls if call.message == message]
        assert [call.attempt for call in calls] == list(range(1, len(calls) + 1))
        assert len(calls) <= 1 + redials
        assert [call.redial is None for call in calls] == [False] * (len(calls) - 1) + [True]
        assert calls[0].began >= moments[message]
        assert all(later.began >= (first.redial or TEN) for first, later in pairwise(calls))
    assert most_at_once(platform.calls) <= lines
    if per_second:
        starts = [call.began for call in platform.calls]
        assert all(sum(a <= b < a + SECOND for b in starts) <= per_second for a in starts)


def most_at_once(calls: list[Dial]) -> int:
    return max((sum(o.began <= c.began < o.ends_at for o in calls) for c in calls), default=0)
