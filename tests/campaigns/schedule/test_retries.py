"""Retries: never more than the budget, never more than a reason's own, whatever happens in between."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.ist import IST
from campaigns.schedule import retries
from campaigns.schedule.retries import REASONS, UNFINISHED, Policy, Rule, UnreadableRules, at_another_hour
from campaigns.schedule.windows import Window
from campaigns.xfin.states import Disposition

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=IST)

gaps = st.lists(st.integers(1, 2000), max_size=5).map(tuple)
policies = st.builds(
    Policy,
    most=st.integers(1, 8),
    usual=gaps,
    rules=st.dictionaries(st.sampled_from(REASONS), st.builds(Rule, gaps, st.booleans()), max_size=6),
)
endings = st.lists(st.sampled_from([*REASONS, *retries.HOPELESS]), min_size=12, max_size=12)


def hours(day: date) -> Window:
    return Window(time(9), time(20))


def calls_made(policy: Policy, ends: list[str]) -> list[str]:
    """Everything a person goes through whose calls end like this, until no further one follows."""
    made = ends[:1]
    while policy.after(made):
        made = ends[: len(made) + 1]
    return made


@given(policies, endings)
def test_nobody_is_called_more_often_than_the_budget_and_the_rules_say(
    policy: Policy, ends: list[str]
) -> None:
    made = calls_made(policy, ends)
    assert len(made) <= policy.most
    for reason, rule in policy.rules.items():
        followed_by_a_call = made[:-1].count(reason)
        assert followed_by_a_call <= len(rule.gaps)


@given(st.sampled_from(REASONS), endings)
def test_told_once_it_retries_once(reason: str, ends: list[str]) -> None:
    once = Policy(most=2, rules={reason: Rule((10,))})
    assert len(calls_made(once, ends)) <= 2
    patient = Policy(most=8, rules={name: Rule((10,) if name == reason else ()) for name in REASONS})
    assert calls_made(patient, ends)[:-1].count(reason) <= 1


@given(policies, endings)
def test_what_is_hopeless_is_not_tried_again(policy: Policy, ends: list[str]) -> None:
    made = calls_made(policy, ends)
    assert not any(one in retries.HOPELESS for one in made[:-1])


@given(policies)
def test_rules_are_read_as_they_are_written(policy: Policy) -> None:
    kept = {
        reason: {"gaps": list(rule.gaps), "another_hour": rule.another_hour and bool(rule.gaps)}
        for reason, rule in policy.rules.items()
    }
    assert retries.read(retries.written(kept)) == kept


def test_each_reason_has_gaps_of_its_own_and_they_are_used_up_one_by_one() -> None:
    policy = Policy(most=9, usual=(60,), rules={"busy": Rule((10, 30)), "no_answer": Rule((120,), True)})
    assert policy.after(["busy"]) == retries.Retry(timedelta(minutes=10))
    assert policy.after(["busy", "no_answer"]) == retries.Retry(timedelta(minutes=120), another_hour=True)
    assert policy.after(["busy", "no_answer", "busy"]) == retries.Retry(timedelta(minutes=30))
    assert policy.after(["busy", "busy", "busy"]) is None
    assert policy.after(["no_answer", "no_answer"]) is None
    assert policy.after(["voicemail"]) == retries.Retry(timedelta(minutes=60))


def test_without_rules_the_usual_gaps_hold_and_the_last_is_repeated() -> None:
    policy = Policy(most=4, usual=(30, 120))
    minutes = [gap / timedelta(minutes=1) for gap in policy.gaps("busy")]
    assert minutes == [30, 120, 120]
    assert policy.longest(1) == timedelta(minutes=240)
    assert policy.gaps("invalid_number") == ()


def test_an_unfinished_dialogue_is_taken_up_only_where_a_rule_says_so() -> None:
    assert Policy(most=3).after([UNFINISHED]) is None
    assert Policy(most=3, rules={UNFINISHED: Rule((5,))}).after([UNFINISHED])


def test_another_hour_is_three_hours_from_every_hour_that_was_tried() -> None:
    tried = [NOON]
    assert at_another_hour(NOON + timedelta(hours=1), tried, hours) == NOON + timedelta(hours=3)
    assert at_another_hour(NOON + timedelta(hours=4), tried, hours) == NOON + timedelta(hours=4)
    # Tomorrow noon is the same hour of the day; nine o'clock is free, and comes first.
    assert at_another_hour(NOON + timedelta(hours=20), tried, hours) == NOON + timedelta(hours=21)


def test_where_every_hour_was_tried_the_gap_alone_counts() -> None:
    tried = [NOON.replace(hour=hour) for hour in range(9, 21)]
    assert at_another_hour(NOON, tried, hours) == NOON


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("busy", "is no rule"),
        ("busy: soon", "is no rule"),
        ("busy: 10\nBusy: 20", "two rules for “busy”"),
        ("bored: 10", "no reason to call again; there are busy, no answer"),
        ("invalid number: 10", "no reason to call again"),
        ("busy: 1, 2, 3, 4, 5, 6", "At most 5 retries"),
        ("busy: 0", "1 to 10,080 minutes"),
    ],
)
def test_rules_that_can_not_be_read_are_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UnreadableRules, match=words):
        retries.read(text)


def test_every_reason_is_a_disposition_or_unfinished() -> None:
    assert {*REASONS, *retries.HOPELESS} - {UNFINISHED} == {*Disposition} - {Disposition.ANSWERED}
