"""When a campaign may be done: between two ends, inside the hours, and never from too few calls."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.ist import IST
from campaigns.schedule.forecast import Forecast, Past, Plan, advance, finish, forecast, past_of
from campaigns.schedule.windows import Window

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=IST)
NINE_TO_SIX = Window(time(9), time(18))


def hours(day: date) -> Window:
    return NINE_TO_SIX


def a_plan(people: int = 600, pace: float = 10.0, gaps: tuple[int, ...] = (), begins: datetime = TEN) -> Plan:
    minutes = tuple(timedelta(minutes=gap) for gap in gaps)
    return Plan(people=people, begins=begins, pace=pace, hours=hours, gaps=minutes)


plans = st.builds(
    a_plan,
    people=st.integers(1, 200_000),
    pace=st.floats(1, 600),
    gaps=st.lists(st.integers(1, 2000), max_size=4).map(tuple),
    begins=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
)
shares = st.floats(0, 1)


def test_six_hundred_people_at_ten_a_minute_take_an_hour() -> None:
    assert finish(a_plan(), 0.5) == TEN + timedelta(hours=1)


def test_what_a_day_does_not_hold_goes_on_the_next_morning() -> None:
    # From ten to five minutes before six are 475 minutes; the other 25 begin at nine.
    assert finish(a_plan(people=5000), 0.5) == datetime(2026, 11, 25, 9, 25, tzinfo=IST)


def test_a_retry_comes_after_its_gap_and_the_third_call_on_another_day() -> None:
    plan = a_plan(people=10, gaps=(240, 60))
    assert finish(plan, 1.0) == TEN + timedelta(minutes=1)
    assert finish(plan, 0.0) == datetime(2026, 11, 25, 9, 0, tzinfo=IST)


def test_past_calls_give_a_likely_end_and_the_minutes_talked() -> None:
    found = forecast(a_plan(people=1000, gaps=(60,)), Past(200, 0.5, 30.0))
    assert (found.calls, found.talk_minutes) == (1500, 375)
    assert found.soonest
    assert found.likely
    assert found.latest
    assert found.soonest <= found.likely <= found.latest
    assert "latest 200 calls from this number: 50% are answered and last 30 s" in found.assumes[2]


def test_from_too_few_calls_nothing_is_concluded() -> None:
    assert past_of([("answered", 30)] * 19) is None
    found = forecast(a_plan(), None)
    assert (found.likely, found.calls, found.talk_minutes) == (None, None, None)
    assert "not known" in found.assumes[2]


def test_the_past_counts_unanswered_calls_and_times_the_answered_ones() -> None:
    assert past_of([("answered", 40)] * 10 + [("busy", None)] * 30) == Past(40, 0.25, 40.0)
    assert past_of([("busy", None)] * 30) == Past(30, 0.0, 0.0)


def test_hours_that_leave_nothing_give_no_time() -> None:
    never = Plan(people=1, begins=TEN, pace=1.0, hours=lambda day: Window(time(10), time(10)))
    assert forecast(never, None) == Forecast(soonest=None, latest=None, assumes=forecast(never, None).assumes)


def test_too_far_ahead_is_not_foretold() -> None:
    assert finish(a_plan(people=10_000_000, pace=1.0), 0.0) is None


@given(plans, shares)
def test_the_likely_end_lies_between_the_ends_and_inside_the_hours(plan: Plan, answered: float) -> None:
    soonest, likely, latest = (finish(plan, share) for share in (1.0, answered, 0.0))
    assert soonest
    if likely and latest:
        assert soonest <= likely <= latest
    for end in (soonest, likely, latest):
        opens, closes = NINE_TO_SIX.hours_of((end or TEN).astimezone(IST).date())
        assert end is None or opens <= end <= closes


@given(plans, st.integers(1, 1000), shares)
def test_more_people_never_end_sooner(plan: Plan, more: int, answered: float) -> None:
    longer = a_plan(plan.people + more, plan.pace, begins=plan.begins)
    shorter = a_plan(plan.people, plan.pace, begins=plan.begins)
    first, second = finish(shorter, answered), finish(longer, answered)
    assert first is None or second is None or first <= second


@given(plans, st.floats(0, 5000))
def test_work_in_two_parts_takes_as_long_as_in_one(plan: Plan, minutes: float) -> None:
    half = timedelta(minutes=minutes / 2)
    middle = advance(hours, plan.begins, half)
    assert middle
    whole = advance(hours, plan.begins, 2 * half)
    again = advance(hours, middle, half)
    assert whole
    assert again
    assert abs(whole - again) <= timedelta(microseconds=2) or whole.astimezone(IST).time() >= time(17, 54)
