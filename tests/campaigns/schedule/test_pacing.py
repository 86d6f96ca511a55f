"""Pacing and fair shares, for any figures."""

from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from campaigns.schedule import pacing
from campaigns.schedule.pacing import Demand

rates = st.floats(0.1, 1000)
DEMANDS = st.dictionaries(
    st.integers(0, 20),
    st.builds(
        Demand, a_minute=rates, at_once=st.none() | st.integers(1, 200), weight=st.sampled_from((1, 2, 4))
    ),
    min_size=1,
    max_size=8,
)
SECONDS = st.none() | st.floats(1, 600)
LITTLE = 1e-6


@given(st.integers(1, 500), DEMANDS, SECONDS)
def test_nobody_gets_more_than_asked_for_and_nobody_starves(
    lines: int, demands: dict[int, Demand], seconds: float | None
) -> None:
    shares = pacing.paces(lines, demands, call_seconds=seconds)
    assert shares.keys() == demands.keys()
    for key, demand in demands.items():
        assert 0 < shares[key] <= demand.most(seconds) + LITTLE


@given(st.integers(1, 500), DEMANDS, st.floats(1, 600))
def test_the_lines_are_never_asked_for_more_than_they_carry_and_none_lies_idle(
    lines: int, demands: dict[int, Demand], seconds: float
) -> None:
    total = sum(pacing.paces(lines, demands, call_seconds=seconds).values())
    wished = sum(demand.most(seconds) for demand in demands.values())
    carried = pacing.carried(lines, seconds)
    assert abs(total - min(carried, wished)) <= LITTLE * max(1, carried, wished)


@given(st.integers(1, 500), DEMANDS, SECONDS)
def test_whoever_gets_less_than_asked_for_gets_no_less_by_weight_than_anybody(
    lines: int, demands: dict[int, Demand], seconds: float | None
) -> None:
    shares = pacing.paces(lines, demands, call_seconds=seconds)
    by_weight = {key: shares[key] / demand.weight for key, demand in demands.items()}
    for key, demand in demands.items():
        if shares[key] < demand.most(seconds) - LITTLE:
            assert by_weight[key] >= max(by_weight.values()) - LITTLE


def test_ten_lines_and_calls_of_half_a_minute_carry_twenty_a_minute() -> None:
    alone = {"one": Demand(600)}
    assert pacing.paces(10, alone, call_seconds=30) == {"one": 20}
    two = {"one": Demand(600, weight=1), "two": Demand(600, weight=4)}
    assert pacing.paces(10, two, call_seconds=30) == {"one": 4, "two": 16}
    small = {"one": Demand(2), "two": Demand(600)}
    assert pacing.paces(10, small, call_seconds=30) == {"one": 2, "two": 18}
    assert pacing.paces(10, {"one": Demand(600, at_once=3)}, call_seconds=30) == {"one": 6}


def test_of_a_few_calls_nothing_is_concluded() -> None:
    assert pacing.line_seconds([30] * 19) is None
    assert pacing.line_seconds([30, None] * 10) == pacing.RINGING_SECONDS + 15


@given(st.lists(st.integers()), st.lists(st.integers()))
def test_first_calls_and_retries_come_in_turn_and_nobody_is_lost(
    fresh: list[int], retries: list[int]
) -> None:
    marked = list(pacing.interleaved([("f", n) for n in fresh], [("r", n) for n in retries]))
    assert [n for kind, n in marked if kind == "f"] == fresh
    assert [n for kind, n in marked if kind == "r"] == retries
    turns = [kind for kind, _ in marked[: 2 * min(len(fresh), len(retries))]]
    assert turns == ["f", "r"] * (len(turns) // 2)


# --- New times for calls that are late ------------------------------------------------------------

NOW = datetime(2026, 11, 24, 11)
TIMES = st.lists(st.integers(-7200, 1800), max_size=120).map(
    lambda seconds: [NOW + timedelta(seconds=second) for second in sorted(seconds)]
)
PACES = st.integers(1, 600) | st.floats(0.1, 600)


@given(TIMES, PACES)
def test_new_times_lose_nobody_keep_the_order_and_never_exceed_the_pace_in_any_minute(
    times: list[datetime], a_minute: float
) -> None:
    new = pacing.respaced(times, first=NOW, a_minute=a_minute)
    assert len(new) == len(times)
    assert all(at >= max(was, NOW) for was, at in zip(times, new, strict=True))
    assert all(one < two for one, two in pairwise(new))
    most = ceil(a_minute)
    assert all(last - first >= pacing.MINUTE for first, last in zip(new, new[most:], strict=False))
    assert not pacing.rushed(new, before=[], now=NOW, a_minute=a_minute)


@given(TIMES, PACES)
def test_what_keeps_the_pace_keeps_its_times(times: list[datetime], a_minute: float) -> None:
    kept = pacing.respaced(times, first=NOW, a_minute=a_minute)
    assert pacing.respaced(kept, first=NOW, a_minute=a_minute) == kept


@given(TIMES, TIMES, PACES)
def test_what_was_handed_over_before_counts(
    times: list[datetime], before: list[datetime], a_minute: float
) -> None:
    first = max([NOW, *(at + pacing.gap(a_minute) for at in before)])
    new = pacing.respaced(times, first=first, a_minute=a_minute)
    handed = pacing.respaced(before, first=NOW, a_minute=a_minute)
    if not handed or handed[-1] + pacing.gap(a_minute) <= first:
        assert not pacing.rushed(new, before=handed, now=NOW, a_minute=a_minute)


def test_a_tick_that_comes_late_is_no_rush_and_an_outage_is() -> None:
    planned = [NOW + timedelta(seconds=2 * number) for number in range(40)]
    a_tick_later, an_hour_later = NOW + timedelta(seconds=9), NOW + timedelta(hours=1)
    assert not pacing.rushed(planned, before=[], now=a_tick_later, a_minute=30)
    assert pacing.rushed(planned, before=[], now=an_hour_later, a_minute=30)


def test_many_calls_at_one_moment_are_a_rush_also_beside_those_handed_over() -> None:
    morning = [NOW + timedelta(minutes=5)] * 20
    assert pacing.rushed(morning, before=[], now=NOW, a_minute=10)
    assert not pacing.rushed(morning[:10], before=[], now=NOW, a_minute=10)
    assert pacing.rushed(morning[:10], before=morning[:10], now=NOW, a_minute=10)
