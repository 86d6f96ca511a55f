"""After a pause is confirmed nobody is rung: real processes, by the sandbox's own log."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from django.conf import settings

from awaaz_project.launch import demo, system
from awaaz_project.launch.demo_clock import IST
from awaaz_project.launch.processes import wait_until
from bench.pause.figures import missed
from bench.pause.run import run
from bench.shared import migrated
from tests.system.test_whole_house import BOOKS, read

SCALED = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(600),
    pytest.mark.skipif(SCALED, reason="the embedded configuration"),
]
#: A pace at which dozens of messages wait at XFin while the first are rung.
CALLS_A_MINUTE = 60
#: Longer than any dial that slipped through would take to show.
WATCHED_S = 8
NO_LATER = timedelta(seconds=1)


@pytest.fixture
def house() -> Iterator[system.System]:
    house = demo.demo_system("system-pause")
    # On a busy machine a voice is slower than this pace, and then no message waits at XFin.
    house.env["SPEECH_AHEAD_SECONDS"] = "0"
    try:
        (folder := Path(house.env["DATA_DIR"])).mkdir(parents=True, exist_ok=True)
        migrated.copy_template(folder / "app.sqlite3")
        house.prepare()
        house.start()
        house.load_demo(pace=CALLS_A_MINUTE)
        yield house
    finally:
        house.stop()


class Staff:
    """Somebody at the portal with a browser."""

    def __init__(self, house: system.System) -> None:
        self.web = httpx.Client(base_url=house.web_url, follow_redirects=True, timeout=20)
        name, password = (Path(house.env["DATA_DIR"]) / "demo-login").read_text().split()
        self.press("/login/", username=name, password=password)
        found = re.search(r"/campaigns/\d+/", self.web.get("/campaigns/").text)
        assert found
        self.campaign = found[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.web.close()

    def press(self, path: str, **fields: str) -> str:
        """Send a form; the page that comes back."""
        self.web.get("/login/")
        token = self.web.cookies["csrftoken"]
        reply = self.web.post(path, data={"csrfmiddlewaretoken": token, **fields})
        assert reply.status_code == 200
        return reply.text

    def reads(self, words: str) -> bool:
        return words in self.web.get(self.campaign).text


def calls(house: system.System) -> list[dict[str, Any]]:
    """The sandbox's own log of what it rang."""
    return list(house.ask_sandbox("/sandbox/calls"))


def waiting_at_the_sandbox(house: system.System) -> int:
    return sum(message["state"] == "scheduled" for message in house.ask_sandbox("/sandbox/messages"))


def test_calls_under_way_are_withdrawn_beside_slow_lists_stragglers_and_a_silent_account(
    tmp_path: Path,
) -> None:
    told = run(600, page_seconds=0.4, folder=tmp_path, services={}, over=3000)
    assert missed(told) == []
    assert told.calls == 600
    assert told.withdrawn > 400


@pytest.mark.long
def test_no_dial_later_than_a_second_after_the_pause_is_confirmed(
    house: system.System, tmp_path: Path
) -> None:
    assert wait_until(lambda: len(calls(house)) >= 5, timeout=60)
    withdrawable = waiting_at_the_sandbox(house)
    assert withdrawable > 10
    with Staff(house) as staff:
        staff.press(staff.campaign + "pause/")
        pressed = time.monotonic()
        assert wait_until(lambda: staff.reads("All withdrawn"), timeout=30)
        took = time.monotonic() - pressed
    confirmed = datetime.now(IST) + timedelta(seconds=float(house.env["CLOCK_OFFSET"]))
    time.sleep(WATCHED_S)
    last = max(datetime.fromisoformat(call["ordered_at"]) for call in calls(house))  # IST, without a zone
    assert last <= confirmed.replace(tzinfo=None) + NO_LATER, (
        f"{withdrawable} messages, confirmed after {took:.1f} s"
    )
    assert waiting_at_the_sandbox(house) == 0

    with Staff(house) as staff:
        staff.press(staff.campaign + "resume/")
    table = tmp_path / "books.json"
    arguments = ("show_books", "--sandbox", house.sandbox_url, "--patience", "150", "--table", str(table))
    assert house.run_beside(*arguments) == 0
    assert read(table) == BOOKS
