"""Threads that keep their connection: one for many pieces of work, a new one when it breaks."""

import asyncio
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from calls.media.database_threads import DatabaseThreads
from campaigns.models import PhoneNumber

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_thread")]


@pytest.fixture
def threads() -> Iterator[DatabaseThreads]:
    threads = DatabaseThreads("test", count=1)
    yield threads
    threads.close()


def ask() -> int:
    """The connection that a query went through."""
    PhoneNumber.objects.count()
    return id(connection.connection)


async def test_all_work_goes_through_one_connection(threads: DatabaseThreads) -> None:
    assert len(set(await asyncio.gather(*(threads.run(ask) for _ in range(20))))) == 1


async def test_work_whose_connection_was_cut_is_done_again_on_a_new_one(threads: DatabaseThreads) -> None:
    await threads.run(ask)
    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        if len(tries) == 1:
            connection.close()
            raise OperationalError("server closed the connection unexpectedly")
        return PhoneNumber.objects.count()

    assert await threads.run(work) == 0
    assert len(tries) == 2


async def test_what_a_sound_connection_refuses_is_raised_at_once(threads: DatabaseThreads) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(PhoneNumber.objects.count())
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        await threads.run(work)
    assert len(tries) == 1


async def test_closed_threads_leave_no_connection_and_can_be_used_again(threads: DatabaseThreads) -> None:
    await threads.run(ask)
    await asyncio.to_thread(threads.close)
    await threads.run(ask)
