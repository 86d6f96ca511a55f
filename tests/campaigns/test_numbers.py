"""Two addresses while the new one is configured."""

from datetime import timedelta

import pytest
from django.db import connection

from campaigns import clock
from campaigns.numbers import rotate_secret
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


def test_the_old_secret_is_kept_for_the_hours_that_were_asked_for() -> None:
    number = make_campaign().number
    old = number.stream_secret
    until = rotate_secret(number, 2)
    assert until is not None
    assert timedelta(hours=1.9) < until - clock.now() <= timedelta(hours=2)
    assert (number.previous_stream_secret, number.previous_secret_until) == (old, until)
    assert number.stream_secret != old
    assert old not in number.stream_path


def test_without_hours_nothing_is_kept() -> None:
    number = make_campaign().number
    rotate_secret(number, 2)
    assert rotate_secret(number, 0) is None
    assert (number.previous_stream_secret, number.previous_secret_until) == ("", None)


def test_both_secrets_are_encrypted_at_rest() -> None:
    number = make_campaign().number
    old = number.stream_secret
    rotate_secret(number, 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream_secret, previous_stream_secret FROM campaigns_phonenumber")
        stored = " ".join(cursor.fetchone())
    assert old not in stored
    assert number.stream_secret not in stored
