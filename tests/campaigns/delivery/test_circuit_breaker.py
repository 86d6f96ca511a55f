"""What an account's row says of XFin, and the guard round the demonstration's clock."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from django.db import connection, connections
from pytest_django import Settings

from campaigns.clock import Clock
from campaigns.delivery import account_client, circuit_breaker, upload
from campaigns.models import Account, Campaign, Message
from campaigns.planning import plan
from campaigns.queries import notices
from campaigns.xfin.errors import NotSent, TakenOver, Throttled
from campaigns.xfin.session import Request, Session
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign, unreachable

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_campaign().template.account


def usable() -> bool:
    return Account.objects.filter(circuit_breaker.usable(NOON)).exists()


def test_trouble_makes_the_account_wait_longer_each_time(account: Account) -> None:
    pauses = []
    for _ in range(12):
        account.refresh_from_db()
        circuit_breaker.record_failure(account, NotSent("No connection."), now=NOON)
        account.refresh_from_db()
        assert account.retry_at
        pauses.append((account.retry_at - NOON).total_seconds())
    assert 2.5 <= pauses[0] <= 5
    assert 150 <= pauses[-1] <= circuit_breaker.LONGEST_PAUSE
    assert not usable()


def test_the_pause_xfin_asks_for_is_kept(account: Account) -> None:
    circuit_breaker.record_failure(account, Throttled("Too fast.", retry_after=90), now=NOON)
    account.refresh_from_db()
    assert account.retry_at == NOON + timedelta(seconds=90)


def test_no_later_trouble_shortens_the_pause_xfin_asked_for(account: Account) -> None:
    circuit_breaker.record_failure(account, Throttled("Too fast.", retry_after=90), now=NOON)
    circuit_breaker.record_failure(account, NotSent("No connection."), now=NOON)
    account.refresh_from_db()
    assert account.retry_at == NOON + timedelta(seconds=90)


@pytest.mark.parametrize(("seconds", "state"), [(0, "waiting"), (89, "waiting"), (90, "ready")])
def test_a_success_that_was_under_way_does_not_end_the_pause_xfin_asked_for(
    account: Account, seconds: int, state: str
) -> None:
    circuit_breaker.record_failure(account, Throttled("Too fast.", retry_after=90), now=NOON)
    circuit_breaker.record_success(account, now=NOON + timedelta(seconds=seconds))
    account.refresh_from_db()
    assert account.state == state


def test_recovery_forgets_the_trouble(account: Account) -> None:
    circuit_breaker.record_failure(account, NotSent("No connection."), now=NOON)
    circuit_breaker.record_success(account, now=NOON + timedelta(seconds=5))
    account.refresh_from_db()
    assert (account.state, account.failures, account.reason) == (Account.State.READY, 0, "")
    assert usable()


def test_uploads_that_fail_in_a_row_open_the_circuit_though_xfin_still_answers_questions() -> None:
    campaign, xfin = make_campaign(people=20, chunk_size=1), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    account, now, pauses = campaign.template.account, NOON, []
    for _ in range(circuit_breaker.BREAK_AFTER):
        xfin.faults.append(unreachable)
        upload.upload(account.pk, clock=at(now), transport=xfin)
        account.refresh_from_db()
        assert account.retry_at
        pauses.append((account.retry_at - now).total_seconds())
        now = account.retry_at
        states = account.state
        circuit_breaker.record_success(account, now=now)  # a question that was answered
    assert states == Account.State.BROKEN
    assert pauses[-1] >= 40
    upload.upload(account.pk, clock=at(now), transport=xfin)
    xfin.faults.append(unreachable)
    Message.objects.update(state=Message.State.PLANNED, batch=None)
    upload.upload(account.pk, clock=at(now), transport=xfin)
    account.refresh_from_db()
    assert account.failures == 1


def fail(account: Account, times: int) -> Account:
    for _ in range(times):
        circuit_breaker.record_failure(account, NotSent("No connection."), now=NOON)
    account.refresh_from_db()
    return account


def test_after_failures_in_a_row_only_a_trial_goes_out_and_brings_it_back(account: Account) -> None:
    assert fail(account, circuit_breaker.BREAK_AFTER - 1).state == Account.State.WAITING
    assert fail(account, 1).state == Account.State.BROKEN
    late = NOON + timedelta(days=1)
    assert not Account.objects.filter(circuit_breaker.usable(late)).exists()
    assert circuit_breaker.accounts_to_try(NOON) == []  # its pause is not over
    assert circuit_breaker.accounts_to_try(late) == [account.pk]
    xfin = FakeXFin()
    assert circuit_breaker.try_account(account.pk, clock=at(late), transport=xfin)
    assert xfin.requests == [("POST", "account/login"), ("GET", "xact/message")]
    assert usable()


def test_a_trial_that_fails_is_followed_by_a_longer_pause(account: Account) -> None:
    fail(account, circuit_breaker.BREAK_AFTER)
    late = NOON + timedelta(days=1)
    down = httpx.MockTransport(lambda _: httpx.Response(503))
    assert not circuit_breaker.try_account(account.pk, clock=at(late), transport=down)
    account.refresh_from_db()
    assert (account.state, account.failures) == (Account.State.BROKEN, circuit_breaker.BREAK_AFTER + 1)
    assert account.retry_at
    assert account.retry_at > late


def test_an_account_that_has_failed_for_months_is_still_tried(account: Account) -> None:
    Account.objects.update(failures=2_147_483_647)
    account.refresh_from_db()
    circuit_breaker.record_failure(account, NotSent("No connection."), now=NOON)
    account.refresh_from_db()
    assert account.failures == circuit_breaker.MOST_COUNTED
    assert account.retry_at
    assert account.retry_at <= NOON + timedelta(seconds=circuit_breaker.LONGEST_PAUSE)


def test_work_that_fails_with_us_is_shown_on_its_account_and_raises_nothing(account: Account) -> None:
    def work(account_id: int, *, clock: Clock) -> None:
        raise ZeroDivisionError("an error of ours")

    assert not circuit_breaker.for_account("pulling states", account.pk, work, clock=at(NOON))
    account.refresh_from_db()
    assert (account.own_failures, account.own_failure) == (1, "pulling states: an error of ours")
    assert account.state == Account.State.READY


def test_an_account_that_cannot_work_as_it_is_entered_stops_its_campaigns_and_says_why(
    account: Account,
) -> None:
    Account.objects.update(base_url="https://xfin.example/v1")
    assert circuit_breaker.for_account("uploading", account.pk, upload.upload, clock=at(NOON))
    account.refresh_from_db()
    assert account.state == Account.State.REFUSED
    assert "base_url: host only" in account.reason
    assert account.templates.get().campaigns.get().state == Campaign.State.STOPPED


def test_being_asked_to_slow_down_never_opens_the_circuit(account: Account) -> None:
    fail(account, circuit_breaker.BREAK_AFTER)
    circuit_breaker.record_failure(account, Throttled("Too fast.", retry_after=1), now=NOON)
    account.refresh_from_db()
    assert account.state == Account.State.WAITING


def test_the_notice_tells_how_often_it_failed_and_when_it_is_tried(account: Account) -> None:
    fail(account, circuit_breaker.BREAK_AFTER)
    text = notices.notices()[0].text
    assert "5 failures in a row: nothing is sent until a trial request succeeds, the next at 24 Nov" in text


@pytest.mark.django_db(transaction=True)
def test_of_several_processes_that_need_a_token_one_logs_in(account: Account) -> None:
    xfin = FakeXFin()

    def work() -> None:
        account_client._login_locks.clear()  # as another process, which shares the database only
        try:
            with account_client.xfin_client(account, transport=xfin) as client:
                client.ensure_login()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for worker in [pool.submit(work) for _ in range(4)]:
            worker.result()
    assert xfin.requests.count(("POST", "account/login")) == 1
    assert not Account.objects.filter(logging_in_until__isnull=False).exists()


def test_a_login_whose_process_died_is_taken_over(account: Account) -> None:
    Account.objects.update(logging_in_until=datetime(2001, 1, 1, tzinfo=UTC))
    xfin = FakeXFin()
    with account_client.xfin_client(account, transport=xfin) as client:
        client.ensure_login()
    assert xfin.requests == [("POST", "account/login")]


def test_a_worker_frozen_before_its_login_sends_none_once_another_has_logged_in(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    xfin = FakeXFin()
    request_of = Session._request

    def frozen(session: Session, call: Request, token: str | None) -> httpx.Request:
        monkeypatch.setattr(Session, "_request", request_of)
        Account.objects.update(logging_in_until=datetime(2001, 1, 1, tzinfo=UTC))  # its time ran out
        account_client._login_locks.clear()  # as another process, which shares the database only
        with account_client.xfin_client(account, transport=xfin) as other:
            other.ensure_login()
        return request_of(session, call, token)

    monkeypatch.setattr(Session, "_request", frozen)
    with account_client.xfin_client(account, transport=xfin) as client, pytest.raises(TakenOver):
        client.ensure_login()
    assert xfin.requests == [("POST", "account/login")]
    with account_client.xfin_client(account, transport=xfin) as client:
        client.ensure_login()
    assert xfin.requests == [("POST", "account/login")]


def test_secrets_are_encrypted_at_rest(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM campaigns_account")
        stored = cursor.fetchone()[0]
    assert "not-a-real-one" not in stored
    assert Account.objects.get().password == "not-a-real-one"


def test_all_processes_share_one_login(account: Account) -> None:
    xfin = FakeXFin()
    for _ in range(2):
        with account_client.xfin_client(account, transport=xfin) as client:
            list(client.iter_messages())
    assert xfin.requests.count(("POST", "account/login")) == 1


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://localhost:9000", True),
        ("http://[::1]:9000", True),
        ("https://api.awaaz.de", False),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_a_shifted_clock_is_refused_for_any_account_elsewhere(
    url: str, here: bool, account: Account, settings: Settings
) -> None:
    settings.CLOCK_OFFSET = -3600.0
    Account.objects.update(base_url=url)
    account.refresh_from_db()
    if here:
        account_client.check_clock()
        return
    with pytest.raises(account_client.ClockShifted, match="not on this machine"):
        account_client.check_clock()
    with pytest.raises(account_client.ClockShifted), account_client.xfin_client(account):
        pass


def test_a_clock_that_can_be_turned_is_refused_likewise(
    account: Account, settings: Settings, tmp_path: Path
) -> None:
    settings.CLOCK_FILE = str(tmp_path / "clock")
    account_client.check_clock()
    Account.objects.update(base_url="https://api.awaaz.de")
    with pytest.raises(account_client.ClockShifted, match="not on this machine"):
        account_client.check_clock()


def test_a_campaign_that_starts_after_the_refusal_is_stopped_too(account: Account) -> None:
    Account.objects.update(state=Account.State.REFUSED, reason="XFin knows no organisation of this name.")
    assert circuit_breaker.stop_refused() == 1
    campaign = account.templates.get().campaigns.get()
    assert campaign.state == Campaign.State.STOPPED
    assert campaign.reason.startswith("Stopped: XFin knows no organisation of this name.")
    assert circuit_breaker.stop_refused() == 0


class PasswordOf(FakeXFin):
    """Lets in who knows the new password; staff enter it here while a login with the old one is under way."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Log in by the password."""
        if not request.url.path.endswith("account/login/"):
            return super().handle_request(request)
        if json.loads(request.content)["password"] == "the-new-one":
            return httpx.Response(200, json={"token": "a-token"})
        account = Account.objects.get()
        account.password = "the-new-one"
        account.save()
        circuit_breaker.credentials_changed(account)
        return httpx.Response(401, json={"detail": "Wrong password."})


def test_a_refusal_of_the_old_password_does_not_refuse_the_account_that_staff_just_corrected() -> None:
    campaign, xfin = make_campaign(people=2), PasswordOf()
    plan.plan(campaign.pk, now=NOON)
    account_id = campaign.template.account_id
    assert upload.upload(account_id, clock=at(NOON), transport=xfin) == 0
    assert Account.objects.get().state == Account.State.READY
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert upload.upload(account_id, clock=at(NOON), transport=xfin) == 2


def test_what_still_runs_with_old_credentials_neither_reads_nor_keeps_a_token(account: Account) -> None:
    Account.objects.update(token="a-new-one")
    old = account_client.DatabaseTokenStore(account)
    circuit_breaker.credentials_changed(account)
    Account.objects.update(token="a-new-one")
    old.put("", "an-old-one")
    old.clear("")
    assert Account.objects.get().token == "a-new-one"
    with pytest.raises(NotSent):
        old.get("")
    assert account_client.DatabaseTokenStore(Account.objects.get()).get("") == "a-new-one"


def test_a_token_is_not_used_to_its_last_second(account: Account) -> None:
    store = account_client.DatabaseTokenStore(account)
    store.put("", "a-token")
    assert store.get("") == "a-token"
    Account.objects.update(token_until=datetime(2001, 1, 1, tzinfo=UTC))
    assert store.get("") is None
    store.put("", "e30.eyJpYXQiOjEwMDAsImV4cCI6MTAwMH0.x")  # as old as its own end
    assert store.get("") is None
