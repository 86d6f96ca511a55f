"""Our side survives every fault of the API: nobody twice, nobody missed, and what went wrong stays written.

The real sandbox as a process, our real client and services. That each fault really happens on the wire:
tests/sandbox/test_api_faults.py.
"""

import itertools
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import pytest
from pytest_django import Settings

from awaaz_project.launch.processes import wait_until
from campaigns.delivery import circuit_breaker, reconcile, upload
from campaigns.models import Account, Campaign, Message, Recipient, UploadBatch
from campaigns.planning import plan
from sandbox.api.fault_scripts import OF_LISTS, OF_ONE_OPERATION, ApiFault
from tests.campaigns.world import NOON, at, make_campaign, states
from tests.sandbox.processes import free_port, sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.system]
PEOPLE, CHUNK = 10, 4
READ_TIMEOUT = 4.0
TOO_LONG = 6.0
SECONDS = {ApiFault.TOKEN_EXPIRES: 0.0}
MOST_ROUNDS = 24


class Fate(NamedTuple):
    """What becomes of the batch whose request met the fault, and words of the reason it keeps."""

    batch: UploadBatch.State
    words: str


LOOKED_UP, FINE = UploadBatch.State.RECONCILED, UploadBatch.State.CONFIRMED
PAST = datetime(2001, 1, 1, tzinfo=UTC)

SURVIVED: dict[ApiFault, Fate] = {
    ApiFault.ERROR_500: Fate(LOOKED_UP, "answered 500"),
    ApiFault.ERROR_502: Fate(LOOKED_UP, "answered 502"),
    ApiFault.ERROR_503: Fate(LOOKED_UP, "answered 503"),
    ApiFault.ERROR_504: Fate(LOOKED_UP, "answered 504"),
    ApiFault.REFUSED_401: Fate(LOOKED_UP, "did not take the login"),
    ApiFault.THROTTLED: Fate(LOOKED_UP, "slow down (429)"),
    ApiFault.THROTTLED_UNTIL: Fate(LOOKED_UP, "slow down (429)"),
    ApiFault.TIMEOUT_BEFORE: Fate(LOOKED_UP, "read timeout"),
    ApiFault.TIMEOUT_AFTER: Fate(LOOKED_UP, "read timeout"),
    ApiFault.DROP_BEFORE: Fate(LOOKED_UP, "remote protocol error"),
    ApiFault.DROP_AFTER: Fate(LOOKED_UP, "remote protocol error"),
    ApiFault.RESET_BEFORE: Fate(LOOKED_UP, "read error"),
    ApiFault.RESET_AFTER: Fate(LOOKED_UP, "read error"),
    ApiFault.CUT_BODY: Fate(LOOKED_UP, "remote protocol error"),
    ApiFault.SHORT_BODY: Fate(LOOKED_UP, "it is not JSON"),
    ApiFault.FEWER_RESULTS: Fate(LOOKED_UP, "3 objects for 4 messages"),
    ApiFault.MORE_RESULTS: Fate(LOOKED_UP, "5 objects for 4 messages"),
    ApiFault.DRIP: Fate(LOOKED_UP, "not complete after"),
    ApiFault.TOKEN_EXPIRES: Fate(FINE, "confirmed"),
    ApiFault.REFUSED_400_AFTER: Fate(LOOKED_UP, "(400)"),
    ApiFault.REFUSED_401_AFTER: Fate(LOOKED_UP, "did not take the login"),
    ApiFault.REFUSED_403_AFTER: Fate(LOOKED_UP, "(403)"),
    ApiFault.REFUSED_404_AFTER: Fate(LOOKED_UP, "(404)"),
    ApiFault.REFUSED_409_AFTER: Fate(LOOKED_UP, "(409)"),
    ApiFault.REFUSED_413_AFTER: Fate(LOOKED_UP, "(413)"),
    ApiFault.THROTTLED_AFTER: Fate(LOOKED_UP, "slow down (429)"),
    ApiFault.REFUSED_SLOWLY: Fate(LOOKED_UP, "read timeout"),
    ApiFault.SAME_IDS: Fate(LOOKED_UP, "names one id for several"),
    ApiFault.SWAPPED_REFERENCES: Fate(LOOKED_UP, "has another number"),
    ApiFault.ODD_RESULT: Fate(LOOKED_UP, "no row of XFin's answer is about it"),
}
UPLOADS = [fault for fault in ApiFault if fault not in (*OF_LISTS, ApiFault.SHOWN_LATE)]


class Platform:
    """The sandbox, seen through its control API and as the campaign's own tenant."""

    def __init__(self, http: httpx.Client, tenant: str) -> None:
        self.http, self.tenant = http, tenant
        http.delete("/sandbox/faults").raise_for_status()
        login = {"tenant": tenant, "email": "uploads@saraswati.example", "password": "not-a-real-one"}
        http.post("/sandbox/tenants", json=login).raise_for_status()
        token = http.post(f"/{tenant}/v1/account/login", json=login).json()["token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        template = self._make("xact/template", {"name": "EMI reminder"})
        self._make("xact/templatelanguage", {"template": template, "language": "hi"})

    def switch_on(self, **fault: Any) -> None:
        assert self.http.post("/sandbox/faults", json=fault).status_code == 201

    def fired(self) -> int:
        return sum(fault["fired"] for fault in self.http.get("/sandbox/faults").json())

    def references(self) -> list[str]:
        """The reference of each message there is, asked in fair weather."""
        self.http.delete("/sandbox/faults").raise_for_status()
        reply = self.http.get(f"/{self.tenant}/v1/xact/message", headers=self.headers).json()
        assert reply["next"] is None
        return [message["tags"][-1] for message in reply["results"]]

    def _make(self, where: str, body: dict[str, Any]) -> Any:
        reply = self.http.post(f"/{self.tenant}/v1/{where}", json=body, headers=self.headers)
        return reply.raise_for_status().json()


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    port = free_port()
    with (
        sandbox(tmp_path_factory.mktemp("sandbox"), port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        yield client


@pytest.fixture
def platform(http: httpx.Client, settings: Settings) -> Platform:
    settings.XFIN_READ_TIMEOUT = READ_TIMEOUT
    return Platform(http, f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture
def campaign(platform: Platform) -> Campaign:
    campaign = make_campaign(people=PEOPLE, chunk_size=CHUNK)
    Account.objects.update(base_url=str(platform.http.base_url).rstrip("/"), tenant=platform.tenant)
    plan.plan(campaign.pk, now=NOON)
    return campaign


def tick(now: datetime) -> None:
    """What the scheduler does, once."""
    for account in circuit_breaker.accounts_to_try(now):
        circuit_breaker.try_account(account, clock=at(now))
    for account in upload.uploads_wanted(now):
        upload.upload(account, clock=at(now))
    UploadBatch.objects.filter(state__in=UploadBatch.TO_LOOK_UP).update(look_up_after=PAST)
    for batch in reconcile.batches_to_look_up(now):
        reconcile.reconcile(batch, clock=at(now))


def follow_through(campaign: Campaign) -> None:
    """Ticks, minutes apart, until all is at XFin. Only waits by the database's clock are shortened."""
    for number in range(MOST_ROUNDS):
        tick(NOON + timedelta(minutes=5 * number))
        if Account.objects.get().state == Account.State.REFUSED:  # staff enter it anew
            circuit_breaker.credentials_changed(Account.objects.get())
            Campaign.objects.update(state=Campaign.State.RUNNING)
        if states(campaign) == {Message.State.QUEUED: PEOPLE}:
            return
    raise AssertionError((states(campaign), list(UploadBatch.objects.values_list("state", "reason"))))


def everybody_is_there_once(platform: Platform, campaign: Campaign) -> None:
    ours = Message.objects.filter(recipient__campaign=campaign).values_list("reference", flat=True)
    assert sorted(platform.references()) == sorted(ours)
    assert campaign.recipients.filter(state=Recipient.State.UNDER_WAY).count() == PEOPLE
    assert Account.objects.get().state == Account.State.READY


def test_every_fault_has_been_survived() -> None:
    assert set(SURVIVED) == set(UPLOADS)


@pytest.mark.parametrize("fault", UPLOADS)
def test_an_upload_survives(platform: Platform, campaign: Campaign, fault: ApiFault) -> None:
    operation = "login" if fault is ApiFault.TOKEN_EXPIRES else "create_bulk"
    seconds = SECONDS.get(fault, TOO_LONG)
    platform.switch_on(operation=operation, behaviour=fault.value, times=1, seconds=seconds)
    follow_through(campaign)
    assert platform.fired() == 1
    everybody_is_there_once(platform, campaign)
    batch = UploadBatch.objects.order_by("pk")[0]
    assert batch.state == SURVIVED[fault].batch
    assert SURVIVED[fault].words in batch.reason


def test_what_is_shown_late_is_waited_for(platform: Platform, campaign: Campaign, settings: Settings) -> None:
    settings.SETTLE_SECONDS, settings.SETTLE_AGAIN_SECONDS = 0.1, 2.0
    platform.switch_on(behaviour="shown_late", times=1, seconds=1.0)

    def all_there() -> bool:
        now = next(minutes)
        for account in upload.uploads_wanted(now):
            upload.upload(account, clock=at(now))
        for batch in reconcile.batches_to_look_up(now):
            reconcile.reconcile(batch, clock=at(now))
        return states(campaign) == {Message.State.QUEUED: PEOPLE}

    minutes = (NOON + timedelta(minutes=minute) for minute in itertools.count())
    assert wait_until(all_there, timeout=60)
    everybody_is_there_once(platform, campaign)


ELSEWHERE = [fault for fault in ApiFault if fault not in OF_ONE_OPERATION or fault in OF_LISTS]


@pytest.mark.parametrize("fault", ELSEWHERE)
def test_looking_up_survives(platform: Platform, campaign: Campaign, fault: ApiFault) -> None:
    platform.switch_on(behaviour="drop_after", times=1)
    # Refused twice, with a new token in between, is no accident: that stops the campaign on purpose.
    times = 1 if fault in (ApiFault.REFUSED_401, *OF_LISTS) else 2
    platform.switch_on(operation="list_messages", behaviour=fault.value, times=times, seconds=TOO_LONG)
    follow_through(campaign)
    assert platform.fired() == 1 + times
    everybody_is_there_once(platform, campaign)


@pytest.mark.parametrize(
    "fault", [fault for fault in ELSEWHERE if fault not in (*OF_LISTS, ApiFault.REFUSED_401)]
)
def test_logging_in_survives(platform: Platform, campaign: Campaign, fault: ApiFault) -> None:
    platform.switch_on(operation="login", behaviour=fault.value, times=1, seconds=TOO_LONG)
    follow_through(campaign)
    assert platform.fired() == 1
    everybody_is_there_once(platform, campaign)


@pytest.mark.parametrize("fault", [ApiFault.THROTTLED, ApiFault.THROTTLED_UNTIL])
def test_the_next_try_waits_as_long_as_xfin_asked(
    platform: Platform, campaign: Campaign, fault: ApiFault
) -> None:
    platform.switch_on(behaviour=fault.value, times=1, seconds=500)
    tick(NOON)
    account = Account.objects.get()
    assert account.state == Account.State.WAITING
    assert account.retry_at
    assert abs((account.retry_at - NOON).total_seconds() - 500) < 3
    assert upload.uploads_wanted(account.retry_at - timedelta(seconds=1)) == {}
    assert list(upload.uploads_wanted(account.retry_at)) == [account.pk]
    campaign.refresh_from_db()
    assert "slow down" in campaign.reason


def test_a_rough_day_by_script(platform: Platform, campaign: Campaign) -> None:
    platform.switch_on(script="ok, timeout_after, 503, more_results, reset_after, 429", seconds=TOO_LONG)
    platform.switch_on(operation="list_messages", script="ok, cut_body, 500", seconds=TOO_LONG)
    follow_through(campaign)
    everybody_is_there_once(platform, campaign)


@pytest.mark.parametrize("seed", ["7", "8", "67"])  # the last two open the account's circuit
def test_a_rough_day_by_chance(platform: Platform, campaign: Campaign, seed: str) -> None:
    for operation in ("create_bulk", "list_messages", "login"):
        for fault in (ApiFault.DROP_AFTER, ApiFault.SHORT_BODY, ApiFault.ERROR_502):
            platform.switch_on(
                operation=operation, behaviour=fault.value, probability=0.2, seed=seed, times=3
            )
    follow_through(campaign)
    everybody_is_there_once(platform, campaign)
