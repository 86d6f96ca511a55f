"""The cast of the tests of live calls, and journals that end with their test."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import Settings

from calls import services
from calls.events import heartbeat
from calls.events.journal import Journal
from calls.media import admission_desk, database_threads
from calls.models import Watch
from campaigns import clock
from campaigns.models import Account, Agent, Campaign, Message, PhoneNumber, Recipient, Template, UploadBatch

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folders(settings: Settings, tmp_path: Path) -> Path:
    """Recordings and media in a folder of the test."""
    settings.RECORDING_DIR = tmp_path / "recording"
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


@pytest.fixture(autouse=True)
def spools(settings: Settings, tmp_path: Path) -> Path:
    """Events on their way to the database, in a folder of the test."""
    settings.SPOOL_DIR = tmp_path / "spool"
    return tmp_path / "spool"


@pytest.fixture
def watched(transactional_db: None) -> None:
    """Somebody has looked after the processes for a while."""
    Watch.objects.create(pk=1, since=LONG_AGO, seen_at=clock.now())


@pytest.fixture(autouse=True)
def the_tests_own_work_refuses_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the thread of the loop is also that of the tests, which is never idle."""
    monkeypatch.setattr(admission_desk, "MOST_BUSY", float("inf"))


@pytest.fixture(autouse=True)
def database_threads_end() -> Iterator[None]:
    """Threads that keep a connection end with their test, or the database could not be removed."""
    yield
    database_threads.admissions.close()
    database_threads.lookups.close()
    database_threads.bookings.close()


@pytest.fixture
async def tidy_thread() -> AsyncIterator[None]:
    """Asynchronous tests ask the database in asgiref's thread; its connection ends with the test."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def account() -> Account:
    return Account.objects.create(
        name="Sahyog Gas", base_url="http://127.0.0.1:9000", tenant="sahyog", email="a@b.in", password="x"
    )


@pytest.fixture
def echo() -> Agent:
    return Agent.objects.create(name="Echo", kind=Agent.Kind.ECHO, configuration={})


@pytest.fixture
def number(account: Account, echo: Agent) -> PhoneNumber:
    return PhoneNumber.objects.create(
        account=account, e164="+917961344101", inbound_agent=echo, max_calls=3, container="raw"
    )


@pytest.fixture
def message(account: Account, number: PhoneNumber, echo: Agent) -> Message:
    """An attempt to call Meena about her bill."""
    template = Template.objects.create(account=account, name="Bill")
    campaign = Campaign.objects.create(name="Bills", template=template, number=number, agent=echo)
    meena = Recipient.objects.create(
        campaign=campaign, phone="+919825112410", name="Meena", language="gu", variables={"amount": "1200"}
    )
    batch = UploadBatch.objects.create(account=account, size=1, claimed_until=LONG_AGO, state="confirmed")
    return Message.objects.create(recipient=meena, attempt=1, send_on=LONG_AGO, batch=batch, state="queued")


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A journal of its own, stopped with the test."""
    journal = Journal()
    yield journal
    journal.stop()


@pytest.fixture
def call_id(number: PhoneNumber, journal: Journal) -> UUID:
    """A call that has just been opened."""
    heartbeat.give_sign_of_life(journal.process_id, clock.now())
    return opened(number, journal.process_id)


def opened(number: PhoneNumber, process_id: UUID) -> UUID:
    """One more call of the number in this process."""
    (call,) = services.open_calls([number.pk], process_id=process_id, now=clock.now())
    assert isinstance(call, services.Opened)
    return call.call_id
