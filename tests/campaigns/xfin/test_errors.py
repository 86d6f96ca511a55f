import pytest

from campaigns.xfin.errors import (
    AuthRefused,
    BadReply,
    NotFound,
    NotSent,
    Refused,
    Retry,
    Throttled,
    Unavailable,
    Unconfirmed,
    XFinError,
    scrub,
)


@pytest.mark.parametrize(
    ("kind", "retry"),
    [
        (NotSent, Retry.LATER),
        (Unconfirmed, Retry.LOOK_UP_FIRST),
        (Unavailable, Retry.LATER),
        (BadReply, Retry.LATER),
        (Throttled, Retry.LATER),
        (AuthRefused, Retry.NEVER),
        (Refused, Retry.NEVER),
        (NotFound, Retry.NEVER),
    ],
)
def test_whether_to_repeat_is_a_property_of_the_type(kind: type[XFinError], retry: Retry) -> None:
    assert kind.retry is retry


def test_a_bad_reply_names_the_field() -> None:
    error = BadReply("results[3].id", "a number was expected")
    assert error.field == "results[3].id"
    assert "results[3].id" in error.reason


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("+91 98123 00001 is not valid", "••• is not valid"),
        ("09812300001, 9812300002", "•••, •••"),
        ("९८१२३००००१ is bad", "••• is bad"),
        ("not before 2026-11-24T10:00:00", "not before 2026-11-24T10:00:00"),
        ("at most 10000 records", "at most 10000 records"),
        ("token eyJhbGciOi.eyJ1IjoxfQ.c2ln expired", "token ••• expired"),
        ("two\n lines", "two lines"),
    ],
)
def test_scrub_hides_numbers_and_tokens_and_keeps_dates(text: str, clean: str) -> None:
    assert scrub(text) == clean


def test_scrub_hides_given_secrets_and_keeps_text_short() -> None:
    assert scrub("pass hunter2 refused", secrets=["hunter2", ""]) == "pass ••• refused"
    assert len(scrub("word " * 500)) <= 300
