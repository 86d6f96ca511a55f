"""The chaos suite in small: one seed on each kind of database, and one whose books are broken by hand."""

import os
import select
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from bench.chaos.run import BROKEN, answer, run

SCALED = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(600),
    pytest.mark.skipif(SCALED, reason="it makes databases of both kinds itself"),
]
TODAY = datetime.now(UTC).date()


def test_nobody_is_rung_twice_missed_or_rung_at_night() -> None:
    totals = run([4, 5], 30, TODAY)
    assert totals.seeds == 2
    assert totals.attempts >= 2 * 20
    assert {name: totals.broken[name] for name in BROKEN} == dict.fromkeys(BROKEN, 0)
    happened = (
        *("api_faults", "worker_killed", "web_killed", "database_restarted", "broker_flushed"),
        *("clock_leapt", "slow_dialling", "slow_account"),
    )  # a worker is frozen late in a run: on a slow machine all people are done by then (the long run asks)
    assert [name for name in happened if not totals.faults[name]] == []


@pytest.mark.long
def test_books_broken_by_hand_are_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    totals = run([5], 30, TODAY, more=["--spoil"])
    assert all(totals.broken[name] for name in BROKEN)
    assert "Again: python -m bench.chaos.run --first 5 --seeds 1 --people 30" in capsys.readouterr().out


def test_a_run_that_takes_too_long_leaves_nobody_behind(tmp_path: Path) -> None:
    child = "import os, sys, time; print(os.getpid(), file=sys.stderr, flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with (tmp_path / "log").open("wb") as log, pytest.raises(subprocess.TimeoutExpired):
        answer([sys.executable, "-c", parent], os.environ, log=log, longest_s=3.0)
    left = int((tmp_path / "log").read_text())
    with suppress(ProcessLookupError):  # gone already
        assert select.select([os.pidfd_open(left)], [], [], 10)[0]
