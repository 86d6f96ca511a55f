"""Any bytes are either an answer or a sentence."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.outside.errors import NoAnswer
from campaigns.outside.replies import Answer, Decision, decision_of, values_of
from tests.campaigns.world import NOON

RETURNS = {"due": "amount", "day": "date", "said": "text"}


def test_values_that_may_come_back_are_kept_as_texts_and_others_are_not() -> None:
    body = '{"due": 1500.50, "said": " हाँ\u200d जी ", "other": "x", "day": "28/11/2026"}'.encode()
    assert values_of(body, RETURNS) == {"due": "1500.50", "said": "हाँ\u200d जी", "day": "28/11/2026"}
    assert values_of(b'{"said": 12345678901234567890123}', RETURNS) == {"said": "12345678901234567890123"}
    assert values_of(b"{}", RETURNS) == {}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "with JSON"),
        (b'{"due": "1', "with JSON"),
        (b"<html>", "with JSON"),
        (b'{"due": NaN}', "with JSON"),
        (b'{"due": -Infinity}', "with JSON"),
        (b"[" * 16000, "with JSON"),
        (b'{"a":' * 3000, "with JSON"),
        (b"\xff\xfe{}", "with JSON"),
        (b'["due"]', "one JSON object"),
        (b'"due"', "one JSON object"),
        (b'{"due": true}', "one JSON object"),
        (b'{"due": null}', "one JSON object"),
        (b'{"due": {"rupees": 5}}', "one JSON object"),
        (b'{"due": "lots"}', "“due” is no clear amount"),
        (b'{"due": 1e400}', "“due” is no clear amount"),
        (b'{"day": "30/02/2026"}', "“day” is no clear date"),
        (b'{"said": "\\u0000"}', "“said” is too long, or holds"),
        (b'{"said": "\\ud800"}', "“said” is too long, or holds"),
        (b'{"said": "' + b"x" * 201 + b'"}', "“said” is too long"),
    ],
)
def test_what_is_no_object_of_clear_values_is_a_sentence(body: bytes, why: str) -> None:
    with pytest.raises(NoAnswer, match=why):
        values_of(body, RETURNS)


@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]":,.0123456789eE+-untilanswerskip', max_size=80).map(str.encode)
)
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for read in (lambda: values_of(body, RETURNS), lambda: decision_of(body, RETURNS, now=NOON)):
        with suppress(NoAnswer):
            read()


def test_a_decision_is_to_call_to_skip_or_to_put_off() -> None:
    assert decision_of(b'{"answer": "call", "due": "900"}', RETURNS, now=NOON) == Decision(
        answer=Answer.CALL, values={"due": "900"}
    )
    paid = decision_of(b'{"answer": "skip", "reason": "paid on 2 November"}', RETURNS, now=NOON)
    assert (paid.answer, paid.reason) == (Answer.SKIP, "paid on 2 November")
    for until in ("2026-11-24T07:30:00+00:00", "2026-11-24T13:00:00", "2026-11-24 13:00"):
        later = decision_of(f'{{"answer": "put_off", "until": "{until}"}}'.encode(), RETURNS, now=NOON)
        assert later.until == NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "none of call, skip and put_off"),
        (b'{"answer": "maybe"}', "none of call, skip and put_off"),
        (b'{"answer": "put_off"}', "until no clear time"),
        (b'{"answer": "put_off", "until": "soon"}', "until no clear time"),
        (b'{"answer": "put_off", "until": "9999-12-31T23:59:59-23:59"}', "until no clear time"),
        (b'{"answer": "put_off", "until": "2026-11-24T05:30:00+00:00"}', "until the past"),
        (b'{"answer": "put_off", "until": "2027-01-24"}', "more than 30 days"),
    ],
)
def test_what_decides_nothing_is_a_sentence(body: bytes, why: str) -> None:
    with pytest.raises(NoAnswer, match=why):
        decision_of(body, RETURNS, now=NOON)
