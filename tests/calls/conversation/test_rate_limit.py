"""How fast is too fast, on an explicit clock."""

from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.rate_limit import RateDecision, RateLimiter


def test_a_call_s_own_pace_is_fine_for_ever() -> None:
    limiter = RateLimiter(per_second=200, burst=1000, now=0.0)
    assert {limiter.take(frame / 50) for frame in range(50 * 600)} == {RateDecision.ACCEPT}


def test_what_a_network_held_back_may_come_at_once() -> None:
    limiter = RateLimiter(per_second=200, burst=1000, now=0.0)
    assert {limiter.take(0.0) for _ in range(1000)} == {RateDecision.ACCEPT}
    assert limiter.take(0.0) is RateDecision.REPORT
    assert {limiter.take(10.0) for _ in range(1000)} == {RateDecision.ACCEPT}


def test_a_flood_is_said_once_a_second_and_then_it_is_enough() -> None:
    limiter = RateLimiter(per_second=100, burst=10, now=0.0)
    decisions = [limiter.take(frame / 1000) for frame in range(50)]
    assert decisions.count(RateDecision.REPORT) == 1
    first = decisions.index(RateDecision.CLOSE)
    assert limiter.unread >= 11
    assert decisions[:first].count(RateDecision.DROP) == 9


@given(st.lists(st.floats(min_value=0, max_value=2), max_size=300))
def test_no_more_is_read_than_the_burst_and_the_rate_allow(pauses: list[float]) -> None:
    limiter = RateLimiter(per_second=5, burst=10, now=0.0)
    now, read = 0.0, 0
    for pause in pauses:
        now += pause
        read += limiter.take(now) is RateDecision.ACCEPT
        assert read <= 10 + 10 + now * 5 + 1e-6
