"""What people hear against what our log says: how it is judged, and a short run with a real server."""

import os

import pytest

from bench.far_end.caller import CLIP_MS, Kind, Order, Result
from bench.far_end.run import Figures, figures, is_goodbye_cut, off_ms, orders, run
from sandbox.line.playout import FarEnd

WHOLE = [(CLIP_MS, CLIP_MS)]


def result(
    kind: Kind = Kind.LISTENS,
    *,
    heard_ms: int = CLIP_MS + 10,
    cut_at_ms: int | None = None,
    holes: int = 0,
    unplayed_ms: int = 0,
    closed: int | None = 1000,
) -> Result:
    order = Order(FarEnd.PLAIN, 100, kind, 1.0, "CA-1")
    return Result(order, holes, heard_ms, cut_at_ms, unplayed_ms, closed)


def judged(made: Result, said: list[tuple[int, int]]) -> Figures:
    return figures([made], [made.order], {"CA-1": said})


def test_a_call_that_was_heard_whole_is_good() -> None:
    found = judged(result(), WHOLE)
    assert found.is_good
    assert str(found) == (
        "calls=1 round_trip_ms=100 holes=0 heard_off_p99_ms=0 tail_lost_ms=0 goodbyes_cut=0"
    )


@pytest.mark.parametrize(
    "made",
    [
        result(holes=1),
        result(unplayed_ms=20),
        result(heard_ms=CLIP_MS - 10),
        result(closed=1011),
        result(Kind.HANGS_UP, heard_ms=2000, cut_at_ms=2000),
    ],
    ids=["hole", "tail", "goodbye", "broken", "off"],
)
def test_whatever_was_not_heard_as_our_log_has_it_is_told(made: Result) -> None:
    assert not judged(made, WHOLE).is_good


def test_a_call_that_failed_is_missing() -> None:
    wanted = [result().order] * 2
    assert not figures([result()], wanted, {"CA-1": WHOLE}).is_good


def test_a_hang_up_is_judged_by_what_was_heard_until_then() -> None:
    hung_up = result(Kind.HANGS_UP, heard_ms=1200, cut_at_ms=1200)
    assert off_ms(hung_up, [(1175, CLIP_MS)]) == 25
    assert not is_goodbye_cut(hung_up, [(1175, CLIP_MS)])


def test_a_key_is_judged_by_the_prompts_it_cut_and_by_the_reply() -> None:
    pressed = result(Kind.PRESSES, heard_ms=3400, cut_at_ms=2000)
    said = [(600, 600), (1410, 9000), (1380, 1380)]
    assert off_ms(pressed, said) == 10
    assert not is_goodbye_cut(pressed, said)
    assert is_goodbye_cut(pressed, [*said[:2], (1500, 1500)])
    assert is_goodbye_cut(pressed, said[:2])


@pytest.mark.system
@pytest.mark.timeout(240)
def test_at_every_far_end_people_hear_all_and_our_log_says_what() -> None:
    found = run(orders([0, 600], 1), core=max(os.sched_getaffinity(0)))
    assert (found.ended, found.holes, found.tail_lost_ms, found.goodbyes_cut) == (found.calls, 0, 0, 0)
    assert found.heard_off_p99_ms <= 100  # 40 on a machine that does nothing else: `make far-end`
