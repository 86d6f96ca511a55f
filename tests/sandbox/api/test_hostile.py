"""Input that means harm or is broken: a clear 4xx or a per-message error, never a 500."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
HUGE = 10**30
TEXT = st.text(max_size=20)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["phone_number", "language", "template", "templatelanguage", "send_on", "values", "tags", "tag1", "name"]
)


@pytest.mark.parametrize(
    ("method", "where", "body"),
    [
        ("DELETE", "xact/message", {"ids": [HUGE]}),
        ("DELETE", "xact/message", {"ids": [-1]}),
        ("DELETE", "xact/message", {"ids": {"a": 1}}),
        ("GET", f"xact/message?page={HUGE}", None),
        ("GET", f"xact/message?templatelanguage={HUGE}", None),
        ("GET", "xact/message?send_on__gt=0001-01-01", None),
        ("GET", "xact/message?state=%00", None),
        ("GET", f"xact/message/{HUGE}", None),
        ("GET", f"xact/templatelanguage?template={HUGE}", None),
        ("POST", "xact/templatelanguage", {"template": HUGE, "language": "hi"}),
        ("POST", "xact/template", {"name": ["x"]}),
        ("POST", "account/login", {"email": {"$ne": 1}, "password": "x"}),
        ("PATCH", "xact/message/1", []),
        ("POST", "xact/message/create_bulk", {"data": "x" * 100}),
    ],
)
def test_a_clear_refusal(method: str, where: str, body: Any) -> None:
    office = Office()
    office.furnish()
    assert 400 <= office.call(method, where, body).status_code < 500


def test_deep_json_and_broken_text_are_400() -> None:
    office = Office()
    for data in (b"[" * 100_000, b'{"data": ["\\ud800"]}', b"\xff\xfe", b'{"data": [1e999]}'):
        assert office.call("POST", "xact/message/create_bulk", data=data).status_code in (201, 400)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.dictionaries(MEMBERS, ANYTHING, max_size=5))
def test_any_message_is_created_or_refused_by_itself(shared_office: Office, message: dict[str, Any]) -> None:
    good = {"phone_number": "9876543210", "language": "hi", "template": "EMI reminder"}
    body = {"data": [message, {**good, **message}, good]}
    reply = shared_office.call("POST", "xact/message/create_bulk", body)
    assert reply.status_code == 201
    assert [r["status"] in ("created", "error") for r in reply.json()] == [True] * 3
    assert reply.json()[2]["status"] == "created"
    assert all(r["error"] for r in reply.json() if r["status"] == "error")


@pytest.fixture
def shared_office() -> Office:
    office = Office()
    office.furnish()
    return office
