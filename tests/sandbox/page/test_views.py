"""The page."""

from typing import Any

import pytest
from django.test import Client

from sandbox import clock
from sandbox.models import CallRecord
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db


def test_the_page_shows_states_and_calls_with_masked_numbers() -> None:
    office = Office()
    office.furnish()
    office.upload(3)
    now = clock.now()
    CallRecord.objects.create(
        from_number="+917961344101", to_number="+919876543210", ordered_at=now, state="live"
    )
    CallRecord.objects.create(
        from_number="+917961344101", to_number="+919876543211", ordered_at=now, ended_at=now, state="ended",
        person="opts_out", disposition="agent_ended", reason="The agent closed <b>", digits="9",
    )  # fmt: skip
    page = Client().get("/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "<b>3</b>messages" in text
    assert "+91••••••3210" in text
    assert "9876543210" not in text
    assert "opts_out" in text
    assert "closed &lt;b&gt;" in text
    assert "style=" not in text
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_the_empty_page_says_what_to_do() -> None:
    assert "Upload a message" in Client().get("/").content.decode()


def test_its_style_is_served_and_strangers_are_not() -> None:
    assert Client().get("/sandbox.css")["Content-Type"].startswith("text/css")
    assert Client(REMOTE_ADDR="10.0.0.1").get("/").status_code == 403


def test_the_page_says_that_its_clock_is_virtual(settings: Any) -> None:
    assert b"The clock is virtual" not in Client().get("/").content
    settings.SANDBOX_VIRTUAL_CLOCK = True
    assert b"The clock is virtual" in Client().get("/").content


def test_the_page_has_every_switch_and_its_script_and_no_other() -> None:
    office = Office()
    office.furnish()
    office.control("people", {"mix": "hospital"})
    page = Client().get("/")
    text = page.content.decode()
    for choice in ("presses_one", "lender", "create_bulk", "timeout_after", "jitter", "+917961344101"):
        assert f"{choice}</option>" in text
    assert '<option value="hospital" title="A hospital' in text
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert text.count("<script") == 1
    for name in ("sandbox.js", "telephone.js", "line.js"):
        assert Client().get(f"/{name}")["Content-Type"].startswith("text/javascript")


def test_the_board_is_the_part_that_changes() -> None:
    office = Office()
    office.furnish()
    office.upload(1)
    board = Client().get("/sandbox/board").content.decode()
    assert "<b>1</b>messages" in board
    assert "scheduled</td>" in board
    assert "<html" not in board
    assert Client().get("/sandbox/levels").json() == {}
    for where in ("/sandbox/board", "/sandbox/levels"):
        assert Client(REMOTE_ADDR="10.0.0.1").get(where).status_code == 403
