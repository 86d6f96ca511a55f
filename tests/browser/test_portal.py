"""The portal in a real browser: it signs in, uploads, launches, watches a call live and listens to it.

Every page is also looked at in light and dark, on a desk and on a phone: nothing in the console, nothing
wider than the screen.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django import Settings

from calls.audio import pcm, wav
from calls.models import Call, CallEvent, MediaProcess, Recording
from campaigns import clock
from campaigns.imports import upload
from campaigns.imports.reader import read_import
from campaigns.models import Agent, Campaign, Import, Message, User
from tests import cast
from tests.calls.servers import Server, serving
from tests.campaigns.world import make_campaign

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "a long enough one"
PEOPLE = "phone,name,language\n9825112410,Asha,gu\n9825112411,Ravi,hi\n12345,Nobody,hi\n"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the portal is not looked at"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Playwright keeps an event loop running in this thread, which Django takes for asynchronous code."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def asha() -> User:
    user = cast.manager()
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def server(tmp_path: Path, settings: Settings, asha: User) -> Iterator[Server]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with serving(tmp_path) as server:
        yield server


def signed_in(chromium: Browser, server: Server, *, width: int = 1280, scheme: str = "light") -> Page:
    """A page of Asha's; what goes wrong in its console is kept on `complaints`."""
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{server.port}",
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Username").fill("asha")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    return page


TOO_WIDE = """[...document.querySelectorAll('main *')]
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((one) => one.outerHTML.slice(0, 90))"""


def console_of(page: Page) -> list[str]:
    """A list that grows with what is said in the page's console from now on, and with its errors."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.text} {message.location}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def ring(campaign: Campaign, *, doing: str) -> Call:
    """A call to the first person."""
    person = campaign.recipients.order_by("id")[0]
    message, _ = Message.objects.get_or_create(recipient=person, attempt=1, send_on=clock.now())
    return Call.objects.create(
        number=campaign.number,
        campaign=campaign,
        recipient=person,
        message=message,
        agent=campaign.agent,
        process=MediaProcess.objects.create(),
        doing=doing,
    )


def hang_up(call: Call, seconds: int = 4) -> None:
    """The call ends, with a recording of so many seconds."""
    now = clock.now()
    CallEvent.objects.create(call=call, sequence=1, at_ms=2000, kind="key", text="1 was pressed.")
    loud = np.tile(np.array([9000, -9000], dtype="<i2"), seconds * 8000)
    recording = Recording(call=call, duration_ms=seconds * 1000, sha256="0" * 64)
    recording.file.save(f"{call.pk}.wav", ContentFile(wav.wrap(pcm.to_bytes(loud), channels=2)))
    Call.objects.filter(pk=call.pk).update(
        state="ended", ended_at=now, duration_ms=seconds * 1000, reason="We hung up.", outcome="confirmed"
    )


def test_a_manager_uploads_people_and_launches(chromium: Browser, server: Server) -> None:
    campaign = make_campaign(state="draft", starts_at=clock.now())
    page = signed_in(chromium, server)
    page.goto(f"/campaigns/{campaign.pk}/")
    page.get_by_role("link", name="Add people").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": PEOPLE.encode()}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("phone: use")).to_have_value("phone")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("0 rows")).to_be_visible()
    read_import(Import.objects.get().pk, clock=clock.now)
    expect(page.get_by_text("This is a short code, not a person's number.")).to_be_visible()
    page.get_by_role("link", name="To the campaign").click()
    expect(page.get_by_text("Adds up")).to_be_visible()
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    assert Campaign.objects.get().state == "running"


def test_a_call_appears_changes_and_goes_while_one_watches(chromium: Browser, server: Server) -> None:
    campaign = make_campaign(people=1)
    page = signed_in(chromium, server)
    expect(page.get_by_text("No call is on the line.")).to_be_visible()
    call = ring(campaign, doing="agent speaks: greeting")
    expect(page.get_by_text("agent speaks: greeting")).to_be_visible()
    expect(page.locator("#live-count")).to_have_text("1")
    Call.objects.update(doing="waiting for a key")
    expect(page.get_by_text("waiting for a key")).to_be_visible()
    hang_up(call)
    expect(page.get_by_text("No call is on the line.")).to_be_visible()


def test_a_call_s_page_gets_its_recording_when_the_call_ends(chromium: Browser, server: Server) -> None:
    call = ring(make_campaign(people=1), doing="agent speaks: greeting")
    page = signed_in(chromium, server)
    page.goto(f"/calls/{call.pk}/")
    expect(page.get_by_text("The call is on the line.")).to_be_visible()
    Call.objects.filter(pk=call.pk).update(state="ended", ended_at=clock.now(), duration_ms=4000)
    expect(page.get_by_text("The call is over, and no recording of it is filed.")).to_be_visible()
    expect(page.get_by_text("The call is on the line.")).to_be_hidden()
    hang_up(call)
    expect(page.locator("audio")).to_have_js_property("duration", 4)
    page.get_by_label("Loudness of the caller").click(position={"x": 50, "y": 10})
    assert page.evaluate("document.querySelector('audio').currentTime") > 0  # the player is bound


def test_a_lost_connection_is_said_until_it_is_back(chromium: Browser, server: Server) -> None:
    page = signed_in(chromium, server)
    page.goto("/campaigns/")  # it has no connection of its own, which would open meanwhile
    expect(page.locator("#connection")).to_be_hidden()
    page.evaluate("document.dispatchEvent(new CustomEvent('htmx:wsClose'))")
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    page.evaluate("document.dispatchEvent(new CustomEvent('htmx:wsOpen'))")
    expect(page.locator("#connection")).to_be_hidden()


def test_a_server_that_goes_away_is_said(chromium: Browser, tmp_path: Path, asha: User) -> None:
    with serving(tmp_path) as server:
        page = signed_in(chromium, server)
        expect(page.get_by_text("No call is on the line.")).to_be_visible()
        page.wait_for_function("document.querySelector('[ws-connect]')")
    expect(page.get_by_text("The connection is lost.")).to_be_visible()


def test_what_was_typed_is_back_after_a_new_sign_in(chromium: Browser, server: Server) -> None:
    campaign = make_campaign(state="draft")
    page = signed_in(chromium, server)
    page.goto(f"/campaigns/{campaign.pk}/edit/")
    page.get_by_label("Name").fill("Fees, December")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    if not page.get_by_label("Username").is_visible():  # refused for its token: the page says to sign in
        page.goto(f"/login/?next=/campaigns/{campaign.pk}/edit/")
    page.get_by_label("Username").fill("asha")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Name")).to_have_value("Fees, December")
    expect(page.get_by_text("is not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Fees, December")).to_be_visible()
    page.goto(f"/campaigns/{campaign.pk}/edit/")
    expect(page.get_by_text("is not saved yet")).to_be_hidden()


def test_a_campaign_s_figures_change_while_one_watches(chromium: Browser, server: Server) -> None:
    campaign = make_campaign(people=4)
    page = signed_in(chromium, server)
    page.goto(f"/campaigns/{campaign.pk}/")
    expect(page.get_by_text("0 of 4")).to_be_visible()
    campaign.recipients.update(state="completed", disposition="answered", outcome="confirmed")
    expect(page.get_by_text("4 of 4")).to_be_visible()


def test_a_recording_plays_and_a_click_in_a_lane_seeks(chromium: Browser, server: Server) -> None:
    call = ring(make_campaign(people=1), doing="")
    hang_up(call)
    page = signed_in(chromium, server)
    page.goto(f"/calls/{call.pk}/")
    expect(page.locator("audio")).to_have_js_property("duration", 4)
    lane = page.get_by_label("Loudness of the caller")
    box = lane.bounding_box()
    assert box
    lane.click(position={"x": box["width"] * 0.75, "y": 10})
    expect(page.locator(".head").first).to_have_attribute("x1", re.compile(r"^(29[5-9]|30[0-5])(\.|$)"))
    assert page.evaluate("document.querySelector('audio').currentTime") == pytest.approx(3, abs=0.06)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_and_nothing_is_said_in_the_console(
    chromium: Browser, server: Server, asha: User, width: int, scheme: str
) -> None:
    campaign = make_campaign(people=60, name="Reminder_" * 17)
    person = campaign.recipients.order_by("pk")[0]
    person.name = "Srinivasaraghavan" * 6
    person.save()
    headings = [f"Column_number_{number}_of_a_very_wide_list" for number in range(30)]
    text = "phone," + ",".join(headings) + "\n9825112410," + ",".join(["x" * 60] * 30) + "\n"
    wide_list = upload.receive(campaign, ContentFile(text.encode()), filename="wide.csv", by=asha)
    Agent.objects.create(name="An agent with quite a long name, as offices like to give them")
    call = ring(campaign, doing="agent speaks: greeting")
    hang_up(call)
    page = signed_in(chromium, server, width=width, scheme=scheme)
    complaints = console_of(page)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    own = f"/campaigns/{campaign.pk}/"
    asked = f"{own}people/{campaign.recipients.order_by('pk')[0].pk}/callbacks/"
    addresses = ["/", "/campaigns/", own, f"{own}people/", asked, f"{own}files/", f"{own}cancel/ask/"]
    addresses.append(f"/campaigns/files/{wide_list.pk}/")
    for address in (*addresses, "/campaigns/new/", "/calls/", f"/calls/{call.pk}/"):
        page.goto(address)
        assert page.evaluate(wide) <= 0, (address, page.evaluate(TOO_WIDE))
    assert complaints == []


def test_admin_and_api_documentation_work_under_their_content_policies(
    chromium: Browser, server: Server, asha: User
) -> None:
    campaign = make_campaign(people=2)
    User.objects.filter(pk=asha.pk).update(is_superuser=True)
    page = signed_in(chromium, server)
    complaints = console_of(page)
    changed = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    lists = ("/admin/campaigns/campaign/", "/admin/campaigns/recipient/", "/admin/campaigns/callback/")
    for address in (
        "/admin/",
        *lists,
        changed,
        "/admin/campaigns/template/add/",
        "/admin/auditlog/logentry/",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
    page.goto("/api/docs/")
    page.locator("#operations-campaigns-campaigns_list").click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
    assert complaints == []
