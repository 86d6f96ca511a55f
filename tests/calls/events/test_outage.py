"""`kill -9` of a real server while its database is away: what it accepted is stored by the next one, once."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from calls.models import Call, CallEvent
from campaigns.models import PhoneNumber
from tests.calls.outside import OutsideCaller
from tests.calls.rows import kinds_of
from tests.calls.servers import database_url, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]

KEYS = 8


@contextlib.contextmanager
def nobody_may_write() -> Iterator[None]:
    """The tables of calls are locked: whoever writes to them hangs, as with a server that is stuck."""
    if connection.vendor == "sqlite":
        with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=20)) as line:
            line.isolation_level = None
            line.execute("BEGIN EXCLUSIVE")
            yield
    else:
        with psycopg.connect(database_url()) as server:
            server.execute("LOCK TABLE calls_call, calls_callevent IN ACCESS EXCLUSIVE MODE")
            yield
            server.rollback()


def wait_for_keys(count: int) -> None:
    until = time.monotonic() + 20
    while CallEvent.objects.filter(kind="key").count() < count:
        assert time.monotonic() < until, list(CallEvent.objects.values_list("sequence", "kind"))
        time.sleep(0.1)


async def test_what_a_killed_server_had_accepted_is_stored_by_the_next(
    number: PhoneNumber, tmp_path: Path
) -> None:
    with serving(tmp_path) as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            await caller.speak(0.5)
            with nobody_may_write():
                for key in range(KEYS):
                    await caller.press(str(key))
                    await caller.speak(0.1)
                await asyncio.sleep(0.5)
                server.process.kill()
                server.process.wait(20)
    assert list((tmp_path / "spool").glob("*.jsonl"))
    assert await CallEvent.objects.filter(kind="key").acount() == 0

    with serving(tmp_path) as server:
        await sync_to_async(wait_for_keys)(KEYS)
        assert "that a stopped process had left are stored" in server.output
    call = await Call.objects.aget()
    kinds = await sync_to_async(kinds_of)(call)
    assert kinds.count("key") == KEYS
    assert not list((tmp_path / "spool").glob("*.jsonl"))
