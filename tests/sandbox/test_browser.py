"""The page in a real browser with a made-up microphone: meters, switches, a call to an agent and its keys."""

import asyncio
import base64
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.sandbox.agents import Caller, agent, tone
from tests.sandbox.conftest import CALLER
from tests.sandbox.page.test_telephone import calls, furnish
from tests.sandbox.processes import free_port, sandbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the page is not looked at"),
]


def at_the_page(port: int, look: Callable[[Page], None], *, width: int = 1280, dark: bool = False) -> None:
    """What `look` does at the page; nothing may go wrong in its console, nothing be wider than the screen."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(
            viewport={"width": width, "height": 1100}, color_scheme="dark" if dark else "light"
        )
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/")
        look(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        browser.close()
    assert complaints == []


def shows_level(page: Page, side: str) -> None:
    """The meter of this side of the first call moves. (The page's policy forbids `wait_for_function`.)"""
    for _ in range(100):
        if page.evaluate(f"document.querySelector('[data-meter={side}]')?.value ?? 0") > 0.3:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the meter of what is {side} never moved")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    free = free_port()
    with sandbox(tmp_path, free):
        yield free


async def speak_and_listen(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(10):
        await caller.say(tone(1000))
    await caller.read_to_the_end()


async def test_a_call_from_the_browser_with_both_meters_and_the_keypad(port: int) -> None:
    def look(page: Page) -> None:
        page.get_by_role("button", name="Call", exact=True).click()
        expect(page.get_by_text("You are connected")).to_be_visible()
        for side in ("heard", "said"):
            shows_level(page, side)
        page.get_by_role("button", name="5", exact=True).click()
        page.keyboard.press("#")
        page.wait_for_timeout(1500)
        page.get_by_role("button", name="Hang up").click()
        expect(page.get_by_text("hung up at the page", exact=False).first).to_be_visible()
        expect(page.get_by_role("button", name="Hang up")).to_be_disabled()
        expect(page.get_by_role("cell", name="5#")).to_be_visible()

    async with agent(speak_and_listen) as (url, callers):
        await asyncio.to_thread(furnish, port, url)
        await asyncio.to_thread(at_the_page, port, look)
    said = b"".join(base64.b64decode(frame["media"]["payload"]) for frame in callers[0].of("media"))
    assert np.abs(np.frombuffer(said, np.int16)).max() > 1000
    assert [frame["dtmf"]["digit"] for frame in callers[0].of("dtmf")] == ["5", "#"]


async def test_the_switchboard_rings_mixes_and_breaks(port: int) -> None:
    def look(page: Page) -> None:
        ring = page.locator("form[data-post='/sandbox/call']")
        ring.get_by_label("Person").select_option("hangs_up_early")
        ring.get_by_role("button", name="Ring").click()
        expect(page.get_by_role("cell", name="person_hung_up")).to_be_visible(timeout=15_000)
        page.locator("[name=mix]").select_option("lender")
        page.get_by_role("button", name="Use this mix").click()
        expect(page.get_by_text("Done.").last).to_be_visible()
        for form, fault in (("faults", "503"), ("line-faults", "jitter")):
            switch = page.locator(f"form[data-post='/sandbox/{form}']")
            switch.locator("[name=behaviour]").select_option(fault)
            switch.get_by_label("times").fill("2")
            switch.get_by_role("button", name="Switch on").click()
        expect(page.get_by_text(re.compile(r"line: jitter=100 .*2 left"))).to_be_visible()
        expect(page.get_by_text("create_bulk: 503")).to_be_visible()
        page.get_by_role("button", name="Switch all off").click()
        expect(page.locator("#switched-on li")).to_have_count(0)

    async with agent(Caller.read_to_the_end) as (url, _):
        await asyncio.to_thread(furnish, port, url)
        await asyncio.to_thread(at_the_page, port, look)
    reply = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/sandbox/people")
    assert reply.json()["mix"] == "lender"
    [call] = await asyncio.to_thread(calls, port)
    assert (call["from_number"], call["person"]) == (CALLER, "hangs_up_early")


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_it_fits_a_telephone_and_the_dark(port: int, width: int, dark: bool) -> None:
    furnish(port, "ws://127.0.0.1:1/")

    def look(page: Page) -> None:
        expect(page.get_by_role("heading", name="Call in from this browser")).to_be_visible()

    at_the_page(port, look, width=width, dark=dark)
