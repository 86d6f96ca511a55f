"""Admission: the secret, the switch, the lines."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from calls import services
from calls.admission import Admitted, Refused, admit, number_at
from calls.journal import Journal
from calls.models import Call, MediaProcess
from calls.recording import desk
from campaigns import clock
from campaigns.models import PhoneNumber

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def recording_ends() -> Iterator[None]:
    yield
    desk.stop()


def test_the_address_of_a_number_opens_a_call(number: PhoneNumber, journal: Journal) -> None:
    admitted = admit(number.stream_path, journal=journal)
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
    refused = admit(number.stream_path, journal=journal)
    unknown = admit(number.stream_path[:-2] + "/", journal=journal)
    assert isinstance(refused, Refused)
    assert isinstance(unknown, Refused)
    said = refused.reason + unknown.reason + caplog.text
    assert number.stream_secret[:10] not in said
    assert number.e164 not in said
    assert number.e164[3:] not in said
    assert "switched off" in refused.reason
    assert not Call.objects.exists()


def test_a_number_takes_as_many_calls_as_it_may_and_no_more(number: PhoneNumber, journal: Journal) -> None:
    answers = [admit(number.stream_path, journal=journal) for _ in range(5)]
    assert [isinstance(answer, Admitted) for answer in answers] == [True, True, True, False, False]
    assert "all 3 lines are busy" in getattr(answers[3], "reason", "")
    assert Call.objects.count() == 3


def test_however_many_knock_at_once_the_number_takes_no_more(number: PhoneNumber, journal: Journal) -> None:
    def knock(_: int) -> bool:
        try:
            return isinstance(admit(number.stream_path, journal=journal), Admitted)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(knock, range(12))) == 3
    assert Call.objects.count() == 3


def test_calls_of_a_dead_process_take_up_no_line(number: PhoneNumber, journal: Journal) -> None:
    long_gone = MediaProcess.objects.create(alive_at=clock.now() - timedelta(minutes=1))
    for _ in range(3):
        Call.objects.create(number=number, process=long_gone)
    assert isinstance(admit(number.stream_path, journal=journal), Admitted)


def test_raw_or_wav_is_the_numbers_choice(number: PhoneNumber, journal: Journal) -> None:
    PhoneNumber.objects.update(container="wav", record_calls=False)
    admitted = admit(number.stream_path, journal=journal)
    assert isinstance(admitted, Admitted)
    assert (admitted.container, admitted.record) == ("wav", False)


def test_a_line_is_free_again_after_a_call(number: PhoneNumber, journal: Journal) -> None:
    PhoneNumber.objects.update(max_calls=1)
    admit(number.stream_path, journal=journal)
    with pytest.raises(services.LineFullError):
        services.open_call(number.pk, process_id=journal.process_id, now=clock.now())
    Call.objects.update(state="ended", ended_at=clock.now())
    services.open_call(number.pk, process_id=journal.process_id, now=clock.now())
