"""Pacing and fair shares, for any figures."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns import pacing
from campaigns.pacing import Demand

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
