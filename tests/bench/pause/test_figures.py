"""Who was rung, who late, who not: by hand."""

import pytest

from bench.pause.figures import CALLED, STRAGGLER, missed, outcome

AT = "2026-11-24T11:00:00"
LOG = [
    ["1", "2026-11-24T10:59:50", CALLED, ""],
    ["2", "2026-11-24T11:00:20", CALLED, ""],
    ["3", "2026-11-24T11:02:00", CALLED, "2026-11-24T11:00:12"],
    ["4", "2026-11-24T11:03:00", CALLED, "2026-11-24T11:00:31"],
    ["5", "2026-11-24T02:00:00", STRAGGLER, ""],
    ["6", "2026-11-24T02:00:00", "over", ""],
]


def test_who_was_rung_in_time_is_no_fault_and_the_last_deletion_counts() -> None:
    told = outcome(LOG, 2, pressed=AT, press_s=0.12, confirmed_s=44.4)
    assert told._asdict() == {
        "calls": 4,
        "stragglers": 1,
        "withdrawn": 2,
        "called": 2,
        "rung_late": 0,
        "withdraw_s": 31,
        "confirmed_s": 44,
        "press_s": 0.1,
    }
    assert missed(told) == []


@pytest.mark.parametrize(
    ("change", "withdrawn", "said"),
    [
        (["3", "2026-11-24T11:01:01", CALLED, ""], 1, "1 people would be rung later than 60 s"),
        (LOG[2], 1, "1 of 2 others are withdrawn"),
    ],
)
def test_who_is_rung_late_or_not_withdrawn_is_said(change: list[str], withdrawn: int, said: str) -> None:
    log = [*LOG[:2], change, *LOG[3:]]
    assert said in missed(outcome(log, withdrawn, pressed=AT, press_s=0, confirmed_s=1))[0]
