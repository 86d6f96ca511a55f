"""A short outage in the middle of a few calls, with a real server: nothing is lost."""

import asyncio
import contextlib
import io

import pytest
from django.conf import settings

from bench.outage import run

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def stored(**changed: int) -> run.Stored:
    figures = {"calls": 2, "live": 0, "events": 30, "keys": 4, "with_gaps": 0}
    return run.Stored(**{**figures, **changed})


OUTPUT = "The database does not take events\nThe journal ends: events accepted=30 stored=30."


def judge(what: run.Stored, output: str = OUTPUT) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as told:
        code = run.judge(what, output, keys=4, calls=2, seconds_down=20.0)
    return code, told.getvalue().splitlines()[-1]


def test_a_run_without_loss_is_told_in_figures() -> None:
    assert judge(stored()) == (0, "calls=2 seconds_down=20.0 events_sent=30 events_stored=30")


@pytest.mark.parametrize(
    "what",
    [
        stored(events=29),
        stored(events=31),
        stored(keys=3),
        stored(live=1),
        stored(calls=1),
        stored(with_gaps=1),
    ],
)
def test_anything_missing_is_a_failure(what: run.Stored) -> None:
    assert judge(what)[0] == 1


def test_an_outage_that_was_not_felt_shows_nothing() -> None:
    assert judge(stored(), OUTPUT.replace("not take", "take"))[0] == 1


def test_no_event_is_lost() -> None:
    on_sqlite = not settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    assert asyncio.run(run.run(4, 5.0, on_sqlite=on_sqlite)) == 0
