"""Admission: the secrets, the switch, the networks, basic auth, the lines."""

import base64
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from pytest_django import DjangoAssertNumQueries, Settings

from calls import services
from calls.conversation.outputs import Close, Ending
from calls.events.journal import Journal
from calls.media.admission import Admitted, ConnectionRequest, Refused, admit_all, numbers_at
from calls.media.call_registry import call_registry
from calls.models import Call, MediaProcess, Watch
from calls.recordings.recorder import recording_writer
from campaigns import clock
from campaigns.models import Account, PhoneNumber
from campaigns.networks import networks_in
from campaigns.numbers import rotate_secret

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def recording_ends() -> Iterator[None]:
    yield
    recording_writer.stop()


def admit(request: ConnectionRequest, *, journal: Journal) -> Admitted | Refused:
    """What one connection is told."""
    (answer,) = admit_all([request], journal=journal)
    return answer


def number_at(path: str) -> PhoneNumber | None:
    (number,) = numbers_at([path])
    return number


def test_the_address_of_a_number_opens_a_call(number: PhoneNumber, journal: Journal) -> None:
    admitted = admit(ConnectionRequest(path=number.stream_path), journal=journal)
    assert isinstance(admitted, Admitted)
    call = Call.objects.get(pk=admitted.call_id)
    assert (call.state, call.number, call.process_id) == ("live", number, journal.process_id)
    assert (admitted.container, admitted.record) == ("raw", True)


def test_nothing_but_the_exact_secret_admits(number: PhoneNumber) -> None:
    path, secret = number.stream_path, number.stream_secret
    assert number_at(path) == number
    assert number_at(path.rstrip("/")) == number
    wrong = [
        "/stream/",
        f"/stream/{number.stream_key}/",
        f"/stream/{number.stream_key}-/",
        f"/stream/{number.stream_key}-{secret[:-1]}/",
        f"/stream/{number.stream_key}-{secret}a/",
        f"/stream/{number.stream_key}-{secret[:-1]}{'b' if secret[-1] != 'b' else 'c'}/",
        f"/stream/{number.stream_key}-{secret.upper()}/",
        f"/stream/unknownkey-{secret}/",
        f"/stream/{number.stream_key}-{secret}/more",
        f"/stream/{number.stream_key}-" + "a" * 100_000,
        "/stream/é-é/",
    ]
    assert [path for path in wrong if number_at(path)] == []


def test_a_refusal_holds_no_secret_and_no_number(
    number: PhoneNumber, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    PhoneNumber.objects.update(active=False)
    refused = admit(ConnectionRequest(path=number.stream_path), journal=journal)
    unknown = admit(ConnectionRequest(path=number.stream_path[:-2] + "/"), journal=journal)
    assert isinstance(refused, Refused)
    assert isinstance(unknown, Refused)
    said = refused.reason + unknown.reason + caplog.text
    assert number.stream_secret[:10] not in said
    assert number.e164 not in said
    assert number.e164[3:] not in said
    assert "switched off" in refused.reason
    assert not Call.objects.exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are")
def test_lines_are_counted_without_a_walk_through_all_earlier_calls(number: PhoneNumber) -> None:
    plan = services.live_calls([number.pk], clock.now()).order_by().explain()
    assert "state=?" in plan


def test_a_number_takes_as_many_calls_as_it_may_and_no_more(number: PhoneNumber, journal: Journal) -> None:
    answers = [admit(ConnectionRequest(path=number.stream_path), journal=journal) for _ in range(5)]
    assert [isinstance(answer, Admitted) for answer in answers] == [True, True, True, False, False]
    assert "all 3 lines are busy" in getattr(answers[3], "reason", "")
    assert Call.objects.count() == 3


def test_however_many_knock_at_once_the_number_takes_no_more(number: PhoneNumber, journal: Journal) -> None:
    def knock(_: int) -> bool:
        try:
            return isinstance(admit(ConnectionRequest(path=number.stream_path), journal=journal), Admitted)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(knock, range(12))) == 3
    assert Call.objects.count() == 3


def test_calls_of_a_dead_process_take_up_no_line(
    number: PhoneNumber, journal: Journal, watched: None
) -> None:
    busy_with(number, silent=60)
    assert isinstance(admit(ConnectionRequest(path=number.stream_path), journal=journal), Admitted)


def busy_with(number: PhoneNumber, *, silent: float) -> None:
    """All lines are taken, by a process that was last seen `silent` seconds ago."""
    process = MediaProcess.objects.create(alive_at=clock.now() - timedelta(seconds=silent))
    for _ in range(3):
        Call.objects.create(number=number, process=process)


@pytest.mark.parametrize(
    "looks",
    [
        (3600, 60),  # since, and last: we are back first: nobody else has reached the database since
        (2, 0),  # the one who looks is back, too, but has not looked for long
        (3600, 14),  # the outage was a little shorter than our patience, the process's silence was not
        None,  # nobody ever looked
    ],
)
def test_after_an_outage_nobody_gets_the_lines_of_processes_that_could_only_not_say_that_they_live(
    number: PhoneNumber, journal: Journal, looks: tuple[float, float] | None
) -> None:
    if looks:
        since, seen_at = (clock.now() - timedelta(seconds=ago) for ago in looks)
        Watch.objects.create(pk=1, since=since, seen_at=seen_at)
    busy_with(number, silent=16)
    refused = admit(ConnectionRequest(path=number.stream_path), journal=journal)
    assert isinstance(refused, Refused)
    assert "all 3 lines are busy" in refused.reason


def test_where_nobody_looks_a_dead_process_keeps_its_lines_as_long_as_a_call_may_last(
    number: PhoneNumber, journal: Journal
) -> None:
    busy_with(number, silent=655)
    assert isinstance(admit(ConnectionRequest(path=number.stream_path), journal=journal), Refused)
    MediaProcess.objects.exclude(pk=journal.process_id).update(alive_at=clock.now() - timedelta(seconds=665))
    assert isinstance(admit(ConnectionRequest(path=number.stream_path), journal=journal), Admitted)


def test_raw_or_wav_is_the_numbers_choice(number: PhoneNumber, journal: Journal) -> None:
    PhoneNumber.objects.update(container="wav", record_calls=False)
    admitted = admit(ConnectionRequest(path=number.stream_path), journal=journal)
    assert isinstance(admitted, Admitted)
    assert (admitted.container, admitted.record) == ("wav", False)


def test_a_line_is_free_again_after_a_call(number: PhoneNumber, journal: Journal) -> None:
    PhoneNumber.objects.update(max_calls=1)
    knock = ConnectionRequest(path=number.stream_path)
    assert isinstance(admit(knock, journal=journal), Admitted)
    assert isinstance(admit(knock, journal=journal), Refused)
    Call.objects.update(state="ended", ended_at=clock.now())
    assert isinstance(admit(knock, journal=journal), Admitted)


def test_a_line_is_free_as_soon_as_its_call_is_over_though_that_is_not_stored_yet(
    number: PhoneNumber, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    PhoneNumber.objects.update(max_calls=1)
    knock = ConnectionRequest(path=number.stream_path)
    monkeypatch.setattr(journal, "start", lambda: None)  # so that nothing is stored
    first = admit(knock, journal=journal)
    assert isinstance(first, Admitted)
    journal.of(first.call_id).closed(Close(code=1000, ended_by=Ending.CALLER, reason="Hung up."), None)
    assert isinstance(admit(knock, journal=journal), Admitted)
    assert isinstance(admit(knock, journal=journal), Refused)
    assert Call.objects.get(pk=first.call_id).state == "live"
    journal.work()
    assert not journal.ended


def test_all_that_come_together_are_answered_in_their_order_each_for_itself(
    number: PhoneNumber, journal: Journal, account: Account
) -> None:
    PhoneNumber.objects.update(max_calls=2)
    other = PhoneNumber.objects.create(account=account, e164="+917961344102", max_calls=1)
    off = PhoneNumber.objects.create(account=account, e164="+917961344103", active=False)
    paths = [number.stream_path, "/stream/a-b/", other.stream_path, off.stream_path]
    requests = [ConnectionRequest(path=path) for path in (*paths, *paths, number.stream_path)]
    answers = admit_all(requests, journal=journal)
    ids = [answer.number_id if isinstance(answer, Admitted) else 0 for answer in answers]
    assert ids == [number.pk, 0, other.pk, 0, number.pk, 0, 0, 0, 0]
    busy = [isinstance(answer, Refused) and answer.busy for answer in answers]
    assert busy == [False] * 6 + [True, False, True]
    assert Call.objects.count() == 3


def test_a_crowd_costs_no_more_queries_than_one_caller(
    number: PhoneNumber, journal: Journal, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    PhoneNumber.objects.update(max_calls=200, record_calls=False)
    knock = ConnectionRequest(path=number.stream_path)
    admit(knock, journal=journal)
    with django_assert_max_num_queries(15):
        assert len(admit_all([knock] * 100, journal=journal)) == 100
    assert Call.objects.count() == 101


# --- per process ----------------------------------------------------------------------------------


def test_a_process_takes_as_many_calls_as_it_may_and_another_process_its_own(
    number: PhoneNumber, journal: Journal, settings: Settings
) -> None:
    settings.MAX_PROCESS_CALLS = 2
    knock = ConnectionRequest(path=number.stream_path)
    answers = [admit(knock, journal=journal) for _ in range(3)]
    assert [isinstance(answer, Admitted) for answer in answers] == [True, True, False]
    refused = answers[2]
    assert isinstance(refused, Refused)
    assert refused.busy
    assert "this server holds 2 calls" in refused.reason
    elsewhere = Journal()
    try:
        assert isinstance(admit(knock, journal=elsewhere), Admitted)
    finally:
        elsewhere.stop()


def test_however_many_knock_at_once_the_process_takes_no_more(
    number: PhoneNumber, journal: Journal, settings: Settings
) -> None:
    settings.MAX_PROCESS_CALLS = 4
    PhoneNumber.objects.update(max_calls=100)
    number.pk, number.e164 = None, "+917961344102"
    number.stream_key = number.stream_key[::-1]
    number.max_calls = 100
    number.save(force_insert=True)
    paths = [each.stream_path for each in PhoneNumber.objects.all()]

    def knock(turn: int) -> bool:
        try:
            return isinstance(admit(ConnectionRequest(path=paths[turn % 2]), journal=journal), Admitted)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(knock, range(12))) == 4
    assert Call.objects.count() == 4


def test_a_server_about_to_stop_takes_nobody_new(
    number: PhoneNumber, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_registry, "draining", True)
    refused = admit(ConnectionRequest(path=number.stream_path), journal=journal)
    assert isinstance(refused, Refused)
    assert refused.busy
    assert "about to stop" in refused.reason


# --- two secrets ----------------------------------------------------------------------------------


def test_the_secret_before_is_good_until_its_time_is_up(number: PhoneNumber) -> None:
    old = number.stream_path
    rotate_secret(number, 1)
    assert number_at(old) == number
    assert number_at(number.stream_path) == number
    PhoneNumber.objects.update(previous_secret_until=clock.now() - timedelta(seconds=1))
    assert number_at(old) is None
    assert number_at(number.stream_path) == number


def test_a_secret_replaced_at_once_or_twice_is_good_no_more(number: PhoneNumber) -> None:
    oldest = number.stream_path
    rotate_secret(number, 1)
    old = number.stream_path
    rotate_secret(number, 1)
    assert number_at(oldest) is None
    assert number_at(old) == number
    rotate_secret(number, 0)
    assert number_at(old) is None
    assert number_at(f"/stream/{number.stream_key}-/") is None


# --- networks and basic auth ----------------------------------------------------------------------


def admitted(number: PhoneNumber, journal: Journal, **shown: object) -> bool:
    knock = ConnectionRequest.of({"path": number.stream_path, "headers": [], **shown})
    return isinstance(admit(knock, journal=journal), Admitted)


def test_a_number_may_take_calls_from_some_networks_only(
    number: PhoneNumber, journal: Journal, settings: Settings
) -> None:
    PhoneNumber.objects.update(allowed_networks="203.0.113.0/24")
    forwarded = [(b"X-Forwarded-For", b"203.0.113.9")]
    assert admitted(number, journal, client=("203.0.113.7", 4000))
    assert not admitted(number, journal, client=("198.51.100.7", 4000))
    assert not admitted(number, journal, client=None)
    assert not admitted(number, journal, client=("10.0.0.1", 4000), headers=forwarded)
    settings.TRUSTED_PROXIES = networks_in("10.0.0.0/8")
    assert admitted(number, journal, client=("10.0.0.1", 4000), headers=forwarded)


def basic(text: str, scheme: str = "Basic") -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"{scheme} ".encode() + base64.b64encode(text.encode()))]


@pytest.mark.parametrize(
    ("headers", "good"),
    [
        (basic("awaaz:not:a secret é"), True),
        (basic("awaaz:not:a secret é", "bAsIc"), True),
        (basic("awaaz:not:a secret é", "Bearer"), False),
        (basic("awaaz:not:a secret"), False),
        (basic("other:not:a secret é"), False),
        (basic(""), False),
        ([], False),
        ([(b"authorization", b"Basic")], False),
        ([(b"authorization", b"Basic \xff\xfe%%%")], False),
        ([(b"authorization", b"Basic " + b"A" * 100_000)], False),
    ],
)
def test_a_number_may_ask_for_a_password(
    number: PhoneNumber, journal: Journal, headers: list[tuple[bytes, bytes]], good: bool
) -> None:
    PhoneNumber.objects.update(stream_user="awaaz", stream_password="not:a secret é")
    assert admitted(number, journal, headers=headers) is good


def test_a_user_name_without_a_password_cannot_be_stored(number: PhoneNumber) -> None:
    with pytest.raises(IntegrityError):
        PhoneNumber.objects.update(stream_user="awaaz")


def test_the_password_is_encrypted_at_rest(number: PhoneNumber) -> None:
    PhoneNumber.objects.update(stream_user="awaaz", stream_password="open sesame")
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream_password FROM campaigns_phonenumber")
        assert "sesame" not in cursor.fetchone()[0]
