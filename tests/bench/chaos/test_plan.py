"""A seed decides everything before anything runs, and every kind of trouble comes in some seed."""

from datetime import date

from bench.chaos.plan import FAULTS, SECONDS, Trouble, draw
from sandbox.api.fault_scripts import ApiFault, check

AFTER = date(2026, 11, 30)
PLANS = [draw(seed, people=60, after=AFTER) for seed in range(1, 201)]


def test_a_seed_gives_the_same_plan_each_time() -> None:
    assert draw(7, people=60, after=AFTER) == PLANS[6]


def test_every_fault_that_may_be_drawn_is_one_of_the_sandbox() -> None:
    for operation, faults in FAULTS.items():
        for fault in faults:
            assert check(fault, operation.removeprefix("lies of ")) == fault
    assert set(SECONDS) <= set(ApiFault)


def test_two_hundred_seeds_hold_every_fault_of_uploads_and_lists() -> None:
    drawn = {fault.behaviour for plan in PLANS for fault in plan.faults}
    assert drawn >= {*FAULTS["lies of create_bulk"], *FAULTS["lies of list_messages"], *FAULTS["create_bulk"]}


def test_each_run_freezes_a_worker_and_makes_the_clock_leap() -> None:
    for plan in PLANS:
        troubles = [trouble for dealt in plan.troubles.values() for trouble in dealt]
        assert set(troubles) >= set(Trouble)


def test_some_seeds_have_a_slow_account_beside_the_campaign_s_and_some_have_not() -> None:
    assert 30 < sum(plan.slow_account for plan in PLANS) < 100


def test_some_seeds_dial_slowly_and_some_do_not() -> None:
    assert 40 < sum(plan.slow_dialling for plan in PLANS) < 120
