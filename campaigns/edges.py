"""The edges of periodic work: one item that fails never stops the next, and a lost race is run again.

What fails is logged with its item, counted, and shown: on the account it was for, else on the home page until
the same work succeeds again (`Trouble`). A deadlock or a
serialisation failure rolls back one transaction whole, which nothing but its repetition makes good.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from django.db import Error, OperationalError, connection
from django.db.models import F, Value
from django.db.models.functions import Least

from campaigns import clock
from campaigns.formatting import masked_cell
from campaigns.models import Account, Trouble

log = logging.getLogger(__name__)

T = TypeVar("T")
Result = TypeVar("Result")

#: SQLSTATE of PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
CONFLICTS = ("40001", "40P01", "55P03")
#: How often a lost race is run in all, and the longest first pause before it, which doubles, in seconds.
TRIES, FIRST_PAUSE = 6, 0.05
MOST_COUNTED = 1_000_000
#: Lost races of this process by what was run, for `make contention`.
lost_races: Counter[str] = Counter()


def is_lost_race(error: BaseException) -> bool:
    """Return whether the database ended a transaction in favour of another, so that it may be run again."""
    if not isinstance(error, Error):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    locked = isinstance(error, OperationalError) and "database is locked" in str(error)  # SQLite
    return state in CONFLICTS or locked


def retried(what: str, work: Callable[[], Result]) -> Result:
    """Return what `work`, which holds whole transactions, returns; run it again where it lost a race.

    Inside a transaction it is run once: only the outermost one can be repeated.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return work()
        except Error as error:
            if not is_lost_race(error) or attempt == TRIES or connection.in_atomic_block:
                raise
            lost_races[what] += 1
            log.warning("%s lost a race in the database and is run again (%d)", what, attempt)
            time.sleep(random.uniform(0, FIRST_PAUSE * 2**attempt))
    raise AssertionError("unreachable")


def each(what: str, items: Iterable[T], work: Callable[[T], int | bool | None]) -> int:
    """Run `work` for each item; return the sum of what it returns.

    Items that fail are logged, counted and shown. `what` names this work alone.
    """
    total = tried = failed = 0
    last: Exception | None = None
    for item in items:
        tried += 1
        try:
            total += int(retried(what, partial(work, item)) or 0)
        except Exception as error:
            log.exception("%s failed for %s", what, item)
            failed, last = failed + 1, error
    _show(what, failed, tried, last)
    return total


def step(what: str, work: Callable[[], object]) -> bool:
    """Run one step of a task. Return False if it failed, which is logged, counted and shown."""
    try:
        retried(what, work)
    except Exception as error:
        log.exception("%s failed", what)
        _show(what, 1, 1, error)
        return False
    _show(what, 0, 1, None)
    return True


def _show(what: str, failed: int, tried: int, last: Exception | None) -> None:
    """Keep for staff what failed, or forget it once it works. The database may be what failed."""
    try:
        row = Trouble.objects.filter(what=what)
        if failed:
            reason = masked_cell(f"{last or type(last).__name__}")[:500]
            figures = {"failed": failed, "tried": tried, "reason": reason}
            Trouble.objects.get_or_create(what=what, defaults={**figures, "since": clock.now()})
            row.update(**figures, times=Least(F("times"), Value(MOST_COUNTED - 1)) + 1)
        elif row.exists():  # read first: a DELETE would lock a database of one file each time
            row.delete()
    except Exception:
        log.exception("that %s failed, or works, could not be kept", what)


def for_account(what: str, account_id: int, work: Callable[[], object]) -> bool:
    """Run work for one account. Return False if it failed: logged, counted and shown on the account."""
    try:
        retried(what, work)
    except Exception as error:
        log.exception("%s failed for account %s", what, account_id)
        note_failure(account_id, f"{what}: {error or type(error).__name__}")
        return False
    return True


def note_failure(account_id: int, text: str) -> None:
    """Count an error of ours in work for an account, and show it there, without phone numbers.

    A database's error quotes the row it refused.
    """
    Account.objects.filter(pk=account_id).update(
        own_failures=Least(F("own_failures"), Value(MOST_COUNTED - 1)) + 1,
        own_failure=masked_cell(text)[:500],
    )
