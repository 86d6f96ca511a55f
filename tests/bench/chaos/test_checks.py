"""Every promise broken by hand once: the checks of the chaos suite must notice."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bench.chaos.checks import Books, Dial, Findings, Mine, Promise, Remote, Sheet, judge

NOON = datetime(2026, 11, 30, 6, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ASHA, RAMESH = "+919600000001", "+919600000002"
PROMISE = Promise(
    phones=frozenset({ASHA, RAMESH}), attempts=2, gap=30 * MINUTE, opens=time(8), closes=time(19)
)
#: Asha answers at once; Ramesh is tried twice.
GOOD = Books(
    remotes=[
        Remote(1, "m-1", ASHA, "done", "ANSWERED"),
        Remote(2, "m-2", RAMESH, "failed", "BUSY"),
        Remote(3, "m-3", RAMESH, "failed", "NO_ANSWER"),
    ],
    dials=[
        Dial(1, ASHA, NOON, NOON + MINUTE),
        Dial(2, RAMESH, NOON, NOON + MINUTE),
        Dial(3, RAMESH, NOON + 31 * MINUTE, NOON + 32 * MINUTE),
    ],
    mine=[
        Mine("m-1", "1", ASHA, "done"),
        Mine("m-2", "2", RAMESH, "failed"),
        Mine("m-3", "3", RAMESH, "failed"),
        Mine("m-4", "9", ASHA, "withdrawn"),
    ],
    people=[(ASHA, "completed"), (RAMESH, "unreached")],
    sheets=[Sheet(3, 3, 2, 1, 0, 0)],
    campaign="completed",
)
#: Half past ten in the evening, in India.
LATE = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)


def wrong(books: Books) -> dict[str, int]:
    found = judge(books, PROMISE)
    return {name: len(getattr(found, name)) for name in Findings._fields if getattr(found, name)}


def test_good_books_are_found_good() -> None:
    assert wrong(GOOD) == {}


def test_a_message_that_is_at_xfin_twice() -> None:
    again = Remote(7, "m-1", ASHA, "failed", "BUSY")
    dial = Dial(7, ASHA, NOON + 40 * MINUTE, NOON + 41 * MINUTE)
    found = wrong(replace(GOOD, remotes=[*GOOD.remotes, again], dials=[*GOOD.dials, dial]))
    assert found["twice"] == 2  # the message, and the call after an answer


@pytest.mark.parametrize("after", [timedelta(0), 20 * MINUTE])
def test_a_call_before_the_gap_is_over(after: timedelta) -> None:
    early = Dial(3, RAMESH, NOON + MINUTE + after, NOON + 32 * MINUTE)
    assert wrong(replace(GOOD, dials=[*GOOD.dials[:2], early])) == {"twice": 1}


def test_one_message_dialled_twice_and_too_often() -> None:
    third = Dial(3, RAMESH, NOON + 90 * MINUTE, NOON + 91 * MINUTE)
    assert wrong(replace(GOOD, dials=[*GOOD.dials, third])) == {"twice": 2}


def test_a_person_who_was_lost() -> None:
    rest = {name: getattr(GOOD, name)[1:] for name in ("remotes", "dials", "mine", "people")}
    found = wrong(replace(GOOD, **rest))
    assert found["missed"] == 1
    assert found["unbalanced"] == 2


def test_a_retry_that_was_never_made() -> None:
    books = replace(GOOD, remotes=GOOD.remotes[:2], dials=GOOD.dials[:2], mine=GOOD.mine[:2])
    assert wrong(books) == {"missed": 1}


def test_a_dial_at_half_past_ten_in_the_evening() -> None:
    late = Dial(3, RAMESH, LATE, LATE + MINUTE)
    assert wrong(replace(GOOD, dials=[*GOOD.dials[:2], late])) == {"outside_window": 1}


def test_a_stranger_is_dialled() -> None:
    stranger = Dial(8, "+919600000009", NOON, NOON + MINUTE)
    remote = Remote(8, "m-8", "+919600000009", "done", "ANSWERED")
    books = replace(GOOD, dials=[*GOOD.dials, stranger], remotes=[*GOOD.remotes, remote])
    assert wrong(books) == {"unbalanced": 2}


@pytest.mark.parametrize(
    "books",
    [
        replace(GOOD, mine=GOOD.mine[1:]),
        replace(GOOD, mine=[Mine("m-1", "5", ASHA, "done"), *GOOD.mine[1:]]),
        replace(GOOD, mine=[*GOOD.mine, Mine("m-5", "", ASHA, "unconfirmed")]),
        replace(GOOD, mine=[*GOOD.mine, Mine("m-5", "5", ASHA, "done")]),
        replace(GOOD, people=[(ASHA, "unreached"), (RAMESH, "unreached")]),
        replace(GOOD, sheets=[Sheet(4, 3, 2, 1, 0, 0)]),
        replace(GOOD, sheets=[Sheet(3, 3, 2, 0, 0, 0)]),
        replace(GOOD, campaign="running"),
    ],
    ids=["lost", "another id", "open", "made up", "wrong state", "row lost", "fate lost", "running"],
)
def test_books_that_do_not_balance(books: Books) -> None:
    assert wrong(books) == {"unbalanced": 1}
