"""A database and a spool written by an earlier version are read by this one.

`tests/data/earlier` was written by commit 0703ded: the demonstration, its database locked by another process
in the middle of calls, and its web process killed with SIGKILL. `expected.json.gz` is what that commit itself
made of them. An opt-out and a call-back were added to the spool with its encoder.
"""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EARLIER = ROOT / "tests" / "data" / "earlier"
WRITTEN_AT = datetime(2026, 11, 30, 5, 34, tzinfo=UTC)
READ = """
import json, sys
import django
django.setup()
from calls.events.batch_writer import store_orphans
from calls.models import Answer, Call, CallEvent
from campaigns.models import Account, Callback, Suppression
found = {"stored": store_orphans()}
def rows(model, order, *columns):
    return list(model.objects.order_by(order).values_list(*columns))

found["events"] = rows(CallEvent, "id", "call_id", "sequence", "at_ms", "kind", "text", "data")
found["answers"] = rows(Answer, "at", "call_id", "question", "value", "label", "at")
found["calls"] = rows(
    Call, "pk", "pk", "outcome", "disposition", "ended_by", "reason", "recipient_id", "message_id",
    "ended_at", "duration_ms",
)
found["suppressions"] = rows(
    Suppression, "pk", "phone", "scope", "source", "reason", "message_reference"
)
found["callbacks"] = rows(Callback, "pk", "recipient_id", "asked_for", "planned_for", "source", "state")
found["account"] = rows(Account, "pk", "name", "password")
found["events"].sort(key=lambda row: (str(row[0]), row[1]))
print(json.dumps(found, default=str))
"""


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "awaaz_project.settings",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'app.sqlite3'}",
        "REDIS_URL": "",
        "CLOCK_OFFSET": str(round(WRITTEN_AT.timestamp() - time.time(), 3)),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of the earlier version, as its processes left them."""
    with sqlite3.connect(tmp_path / "app.sqlite3") as database:
        database.executescript(gzip.decompress((EARLIER / "app.sql.gz").read_bytes()).decode())
    database.close()
    (tmp_path / "spool").mkdir(mode=0o700)
    spool = next(EARLIER.glob("*.jsonl.gz"))
    (tmp_path / "spool" / spool.stem).write_bytes(gzip.decompress(spool.read_bytes()))
    shutil.copy(EARLIER / "secret-key", tmp_path / "secret-key")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_the_earlier_version_left_on_disk_is_stored_as_it_would_have_done(folder: Path) -> None:
    run(folder, "manage.py", "migrate", "--verbosity", "0")
    expected: dict[str, Any] = json.loads(gzip.decompress((EARLIER / "expected.json.gz").read_bytes()))
    found: dict[str, Any] = json.loads(run(folder, "-c", READ))
    assert found["stored"] == expected["stored"] == 421
    for name in ("account", "answers", "calls", "suppressions", "callbacks"):
        assert found[name] == expected[name], name
        assert found[name], name
    assert found["events"] == expected["events"]
    assert not list((folder / "spool").iterdir())
