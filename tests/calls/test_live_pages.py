"""Live pages: for staff only, sent when something changed, and looked up once for all who watch."""

import asyncio
import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from awaaz_project.asgi import application
from calls import live_pages
from calls.models import Call, MediaProcess
from campaigns.models import Message, PhoneNumber, User
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
router = URLRouter(live_pages.live_urlpatterns)


def watch(path: str, user: object) -> WebsocketCommunicator:
    """A page of `user` that watches."""
    communicator = WebsocketCommunicator(router, path)
    communicator.scope["user"] = user
    return communicator


def parts_of(html: str) -> set[str]:
    """The ids of the fragments in a message."""
    return set(re.findall(r'id="([\w-]+)" hx-swap-oob', html))


async def next_parts(page: WebsocketCommunicator) -> str:
    return str(await page.receive_from(timeout=5))


@sync_to_async
def ring(message: Message, number: PhoneNumber) -> Call:
    return Call.objects.create(
        number=number,
        message=message,
        recipient=message.recipient,
        campaign=message.recipient.campaign,
        process=MediaProcess.objects.create(),
        doing="agent speaks: greeting",
    )


@sync_to_async
def viewer() -> User:
    return cast.viewer()


NO_CALL = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("path", ["/live/home/", "/live/campaigns/1/", f"/live/calls/{NO_CALL}/"])
@pytest.mark.parametrize(
    "who", [AnonymousUser(), User(username="omar"), User(is_staff=True, is_active=False)]
)
async def test_nobody_but_staff_is_let_in(path: str, who: Any) -> None:
    accepted, code = await watch(path, who).connect()
    assert (accepted, code) == (False, live_pages.NOT_STAFF)


async def test_home_is_sent_whole_and_then_only_what_changed(message: Message, number: PhoneNumber) -> None:
    page = watch("/live/home/", await viewer())
    assert (await page.connect())[0]
    first = await next_parts(page)
    assert parts_of(first) == {"today", "notices", "running", "live-calls", "live-count"}
    await ring(message, number)
    second = await next_parts(page)
    assert "agent speaks: greeting" in second
    assert parts_of(second) == {"today", "live-calls", "live-count"}
    await page.disconnect()


async def test_nothing_is_sent_while_nothing_changes() -> None:
    page = watch("/live/home/", await viewer())
    await page.connect()
    await next_parts(page)
    assert await page.receive_nothing(timeout=2.5)
    await page.disconnect()


async def test_a_campaign_s_page_follows_its_people(message: Message) -> None:
    campaign = message.recipient.campaign
    page = watch(f"/live/campaigns/{campaign.pk}/", await viewer())
    await page.connect()
    assert "campaign-state" in parts_of(await next_parts(page))
    await type(message.recipient).objects.aupdate(state="completed", disposition="answered")
    assert parts_of(await next_parts(page)) == {"counts", "progress", "misses"}
    await page.disconnect()


async def test_a_call_s_page_follows_the_call(message: Message, number: PhoneNumber) -> None:
    call = await ring(message, number)
    page = watch(f"/live/calls/{call.pk}/", await viewer())
    await page.connect()
    assert parts_of(await next_parts(page)) == {"call-state", "events", "facts", "call-audio"}
    await call.events.acreate(sequence=1, at_ms=40, kind="start", text="The call began.")
    while "The call began." not in (html := await next_parts(page)):
        assert "events" not in parts_of(html)
    await page.disconnect()


async def test_a_page_of_something_that_is_not_there_is_closed() -> None:
    page = watch("/live/campaigns/999/", await viewer())
    await page.connect()
    assert await page.receive_output(timeout=5) == {"type": "websocket.close", "code": live_pages.GONE}
    await page.disconnect()


async def test_all_who_watch_a_page_share_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def count() -> dict[str, str]:
        nonlocal looks
        looks += 1
        return {"one": f'<div id="one" hx-swap-oob="true">{looks}</div>'}

    monkeypatch.setattr(live_pages, "home_parts", count)
    user = await viewer()
    pages = [watch("/live/home/", user) for _ in range(5)]
    for page in pages:
        await page.connect()
    await asyncio.gather(*(next_parts(page) for page in pages))
    assert looks == 1
    for page in pages:
        await page.disconnect()
    assert live_pages.PageUpdates.watching == 0


async def test_one_watcher_too_many_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_pages, "MOST_WATCHERS", 0)
    page = watch("/live/home/", await viewer())
    await page.connect()
    assert (await page.receive_output(timeout=5))["code"] == live_pages.FULL
    await page.disconnect()


async def test_whoever_watches_long_is_asked_again_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_pages, "LONGEST_SECONDS", 0.0)
    page = watch("/live/home/", await viewer())
    await page.connect()
    assert (await page.receive_output(timeout=5))["code"] == live_pages.AGAIN
    await page.disconnect()


async def test_what_a_page_says_is_dropped() -> None:
    page = watch("/live/home/", await viewer())
    await page.connect()
    await next_parts(page)
    await page.send_to("x" * 100_000)
    assert await page.receive_nothing(timeout=0.5)
    await page.disconnect()


async def test_through_the_whole_application_with_the_cookie_of_a_session() -> None:
    user = await viewer()
    browser = await sync_to_async(cast.browser)(user)
    session = browser.cookies["sessionid"].value
    own = [(b"cookie", f"sessionid={session}".encode()), (b"origin", b"http://localhost")]
    page = WebsocketCommunicator(application, "/live/home/", headers=[*own, (b"host", b"localhost")])
    assert (await page.connect())[0]
    assert "today" in parts_of(await next_parts(page))
    await page.disconnect()
    foreign = [own[0], (b"origin", b"http://evil.example"), (b"host", b"localhost")]
    assert not (await WebsocketCommunicator(application, "/live/home/", headers=foreign).connect())[0]
