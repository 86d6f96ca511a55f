"""The main job with real processes: web, worker, scheduler and sandbox, as `make demo` runs them.

Embedded, with `kill -9` of worker and web on the way; scaled, on a PostgreSQL database of its own and Redis.
"""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from awaaz_project.launch import demo

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
SCALED = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")

#: Who answers is drawn with a fixed seed, so that the books of every run are the same.
BOOKS = {
    "rows": {"uploaded": 60, "accepted": 50, "rejected": 6, "duplicate": 4, "suppressed": 0},
    "people": {"Completed": 44, "Not reached": 6},
    "outcomes": {"needs_time": 4, "opted_out": 3, "will_pay": 28},
}


@pytest.fixture
def own_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty PostgreSQL database for the demonstration's processes."""
    name = f"awaaz_house_{uuid.uuid4().hex[:12]}"
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        monkeypatch.setenv("DEMO_DATABASE_URL", f"{base}/{name}")
        monkeypatch.setenv("DEMO_REDIS_URL", os.environ["REDIS_URL"])
        monkeypatch.setenv("REDIS_PREFIX", name)
        yield
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def read(table: Path) -> Any:
    return json.loads(table.read_text())


@pytest.mark.skipif(SCALED, reason="the embedded configuration")
def test_kill_9_of_worker_and_web_changes_nothing_in_the_books(tmp_path: Path) -> None:
    table = tmp_path / "books.json"
    assert demo.demo("system-rough", kills=True, table=table) == 0
    assert read(table) == BOOKS


@pytest.mark.skipif(not SCALED, reason="the scaled configuration")
@pytest.mark.usefixtures("own_database")
def test_the_same_books_on_postgresql_and_redis(tmp_path: Path) -> None:
    table = tmp_path / "books.json"
    assert demo.demo("system-scaled", table=table) == 0
    assert read(table) == BOOKS
