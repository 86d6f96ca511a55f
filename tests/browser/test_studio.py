"""The studio in a real browser. That a survey is made and called with: test_first_campaign.py."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from calls.dialogues.publishing import create, save_draft
from calls.models import Call
from campaigns.models import Dialogue
from tests.browser import test_portal as portal
from tests.browser.test_portal import (
    TOO_WIDE,
    asha,  # noqa: F401  # a fixture
    chromium,  # noqa: F401  # a fixture
    console_of,
    server,  # noqa: F401  # a fixture
    signed_in,
)
from tests.calls.agents.dialogue.samples import survey
from tests.calls.servers import Server

pytestmark = [*portal.pytestmark, pytest.mark.timeout(300)]


def kept(page: Page, what: str) -> None:
    """Wait until the draft in the database has a text."""
    for _ in range(200):
        if what in str(Dialogue.objects.get().draft):
            return expect(page.locator("#step-form[data-keeping]")).to_have_count(0)
        page.wait_for_timeout(50)
    raise AssertionError(f"“{what}” was not kept")


def choose(page: Page, step: str) -> None:
    page.locator("#outline").get_by_role("link", name=step).click()
    expect(page.locator("#chosen h2")).to_have_text(step)


def add(page: Page, *, what: str, name: str, where: str) -> None:
    page.get_by_text("Add a step").click()
    form = page.locator("#outline form")
    form.get_by_label("What it does").select_option(label=what)
    form.get_by_label("Name").fill(name)
    form.get_by_label("Where").select_option(label=where)
    form.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#chosen h2")).to_have_text(name)


def say(page: Page, role: str, *, hindi: str, english: str) -> None:
    page.get_by_label(f"{role}, in Hindi").fill(hindi)
    page.get_by_label(f"{role}, in English").fill(english)
    kept(page, english)


def test_problems_come_and_go_while_one_types(chromium: Browser, server: Server) -> None:  # noqa: F811
    dialogue = create("Survey", survey(), by=None)
    page = signed_in(chromium, server)
    complaints = console_of(page)
    page.goto(f"/dialogues/{dialogue.pk}/?step=hello")
    words = page.get_by_label("Says, in English")
    words.fill("Good day, {nam")
    expect(page.locator("#problems")).to_contain_text("A brace in")
    expect(page.locator("#wrong-en")).to_contain_text("A brace in")
    expect(page.get_by_role("button", name="Publish version 1")).to_be_disabled()
    words.press_sequentially("e}.", delay=30)
    expect(page.locator("#problems")).to_contain_text("nothing")
    expect(words).to_be_focused()
    page.get_by_role("button", name="Name", exact=True).click()
    expect(words).to_have_value("Good day, {name}.{name}")
    page.get_by_role("link", name="Score").first.click()
    kept(page, "Good day, {name}.{name}")
    assert not complaints


def test_it_fits_light_and_dark_on_a_desk_and_on_a_phone(chromium: Browser, server: Server) -> None:  # noqa: F811
    dialogue = create("Survey", survey(), by=None)
    for width in (1360, 390):
        for scheme in ("light", "dark"):
            page = signed_in(chromium, server, width=width, scheme=scheme)
            complaints = console_of(page)
            for address in (
                "",
                "?step=good",
                "?step=whole",
                "versions/",
                "publish/",
                "try/",
                "talk/",
                "tests/",
                "import/",
                "delete/",
            ):
                page.goto(f"/dialogues/{dialogue.pk}/{address}")
                inner = page.locator("#diagram .pane")
                expect(page.locator("h1")).to_contain_text(re.compile("Survey|Publish|file"))
                wide = [one for one in page.evaluate(TOO_WIDE) if not inner.count() or "flow" not in one]
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, wide[:3])
            assert not complaints
            page.context.close()


SPEAKS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(params=[[*SPEAKS], []], ids=["microphone", "keys-only"])
def phone(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Browser]:  # noqa: F811
    """A browser with a microphone that hums, or with none."""
    kind = chromium.browser_type
    browser = kind.launch(executable_path=portal.CHROMIUM, args=[*portal.FLAGS, *request.param])
    yield browser
    browser.close()


def test_a_draft_is_talked_to_with_microphone_and_keys(
    phone: Browser,
    server: Server,  # noqa: F811
    request: pytest.FixtureRequest,
) -> None:
    dialogue = create("Survey", survey(), by=None)
    page = signed_in(phone, server)
    complaints = console_of(page)
    page.goto(f"/dialogues/{dialogue.pk}/talk/")
    page.get_by_text("Values of the person").click()
    page.get_by_label("Name", exact=True).fill("Gita")
    page.get_by_role("button", name="Talk to it now").click()
    line = page.locator("#line")
    expect(line.locator("[data-said=first]")).to_have_text(re.compile(r"^\d+ ms$"), timeout=30_000)
    expect(page.locator("#events")).to_contain_text("“Hello” begins", timeout=15_000)
    hears_me = "microphone" in request.node.callspec.id
    expect(line.locator("[data-said=microphone]")).to_have_text("" if hears_me else re.compile("keys only"))
    page.keyboard.press("1")
    expect(line.locator("[data-said=silent]")).to_have_text(re.compile(r"^\d+ ms$"), timeout=15_000)
    expect(line.locator("[data-said=messages]")).to_contain_text("clear")
    expect(page.locator("#events")).to_contain_text("“Score” begins", timeout=15_000)
    line.get_by_role("button", name="5", exact=True).click()
    expect(line.locator("[data-said=state]")).to_contain_text("The call is over", timeout=30_000)
    expect(page.locator("#call-state")).to_contain_text("Happy", timeout=15_000)
    expect(line.locator("[data-said=messages]")).to_contain_text(re.compile("mark .*played"))
    (call,) = Call.objects.all()
    assert (call.direction, call.outcome) == ("try", "happy")
    assert call.frames_in > 50
    assert not complaints


def test_a_refused_call_says_so_and_another_may_be_made(chromium: Browser, server: Server) -> None:  # noqa: F811
    dialogue = create("Survey", survey(), by=None)
    page = signed_in(chromium, server)
    page.goto(f"/dialogues/{dialogue.pk}/talk/")
    save_draft(dialogue, survey(start="nowhere"), revision=dialogue.revision, by=None)
    page.get_by_role("button", name="Talk to it now").click()
    expect(page.locator("#line")).to_contain_text("nothing is in the way", timeout=15_000)
    expect(page.get_by_role("button", name="Talk to it now")).to_be_enabled()
