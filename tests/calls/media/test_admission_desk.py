"""The desk: every connection is answered, in time, whatever the database does."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest
from django.db import OperationalError

from calls.events.journal import Journal
from calls.media import admission_desk
from calls.media.admission import Admitted, ConnectionRequest, Refused, admit_all
from calls.media.admission_desk import AdmissionDesk
from calls.media.intake import FIRST_RATE, WAIT_S
from calls.models import Call
from campaigns.models import PhoneNumber
from tests.calls.rows import closed_calls

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("tidy_thread")]


class HeldDatabase:
    """`admit_all` behind a lock of the database: it goes on when the lock is let go."""

    def __init__(self) -> None:
        self.lock = threading.Event()
        self.batches: list[int] = []

    def admit_all(
        self, requests: Sequence[ConnectionRequest], *, journal: Journal
    ) -> list[Admitted | Refused]:
        self.batches.append(len(requests))
        assert self.lock.wait(30)
        return admit_all(requests, journal=journal)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldDatabase]:
    held = HeldDatabase()
    monkeypatch.setattr(admission_desk, "admit_all", held.admit_all)
    yield held
    held.lock.set()


@pytest.fixture
def knock(number: PhoneNumber) -> ConnectionRequest:
    PhoneNumber.objects.update(max_calls=1000, record_calls=False)
    return ConnectionRequest(path=number.stream_path)


async def test_those_who_come_while_the_database_is_asked_are_answered_together(
    held: HeldDatabase, knock: ConnectionRequest, journal: Journal
) -> None:
    desk = AdmissionDesk()
    asking = [asyncio.create_task(desk.admit(knock, journal=journal, seconds=30)) for _ in range(20)]
    async with asyncio.timeout(30):
        while not held.batches:
            await asyncio.sleep(0.01)
    asking += [asyncio.create_task(desk.admit(knock, journal=journal, seconds=30)) for _ in range(15)]
    await asyncio.sleep(0)
    held.lock.set()
    answers = await asyncio.gather(*asking)
    assert all(isinstance(answer, Admitted) for answer in answers)
    assert held.batches == [20, 15]


async def test_a_locked_database_refuses_in_time_and_what_it_opens_later_is_closed(
    held: HeldDatabase, knock: ConnectionRequest, journal: Journal
) -> None:
    desk = AdmissionDesk()
    first = asyncio.create_task(desk.admit(knock, journal=journal, seconds=0.3))
    async with asyncio.timeout(30):
        while not held.batches:
            await asyncio.sleep(0.01)
    others = [desk.admit(knock, journal=journal, seconds=0.3) for _ in range(3)]
    answers = await asyncio.gather(first, *others)
    assert all(isinstance(answer, Refused) and answer.busy for answer in answers)
    held.lock.set()
    (call,) = await closed_calls(1, seconds=30)
    assert "given up before the call began" in call.reason
    assert held.batches == [1], "nobody asks for those who were refused meanwhile"


async def test_a_database_that_fails_refuses_all_as_busy(
    monkeypatch: pytest.MonkeyPatch, knock: ConnectionRequest, journal: Journal
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(admission_desk, "admit_all", fail)
    desk = AdmissionDesk()
    answers = await asyncio.gather(*(desk.admit(knock, journal=journal) for _ in range(3)))
    assert all(isinstance(answer, Refused) and answer.busy for answer in answers)


async def test_more_than_can_be_served_are_refused_at_once_and_others_come_in_after_them(
    knock: ConnectionRequest, journal: Journal
) -> None:
    desk = AdmissionDesk()
    most = round(FIRST_RATE * WAIT_S)
    answers = await asyncio.gather(
        *(desk.admit(knock, journal=journal, seconds=30) for _ in range(most + 20))
    )
    assert sum(isinstance(answer, Admitted) for answer in answers) == most
    assert await Call.objects.acount() == most
    for _ in range(most):
        desk.release()
    assert isinstance(await desk.admit(knock, journal=journal, seconds=30), Admitted)


async def test_a_loop_whose_core_is_full_takes_no_further_call(
    knock: ConnectionRequest, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission_desk, "MOST_BUSY", -1.0)
    answer = await AdmissionDesk().admit(knock, journal=journal)
    assert isinstance(answer, Refused)
    assert answer.busy
    monkeypatch.setattr(admission_desk, "MOST_BUSY", float("inf"))
    assert isinstance(await AdmissionDesk().admit(knock, journal=journal, seconds=30), Admitted)
