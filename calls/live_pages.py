"""Pages that change by themselves: a WebSocket that sends a part of the page when it has changed.

The database is read once a second for all people who watch the same page in this process, so a page costs the
same for one of them and for fifty. No channel layer is needed: every process reads the same database.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID
from weakref import WeakValueDictionary

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.template.loader import render_to_string
from django.urls import path

from calls import queries
from campaigns import clock
from campaigns.permissions import may_watch
from campaigns.queries.campaign import all_campaigns, overview

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LONGEST_SECONDS = 900.0
"""A connection is closed after this; the page connects again, unless its person was logged out meanwhile."""
MOST_WATCHERS = 200

NOT_STAFF, GONE, FULL, AGAIN = 4403, 4404, 1013, 1012

Parts = Mapping[str, str]


def _render(templates: Mapping[str, str], context: dict[str, Any]) -> Parts:
    """Return each part of a page as a fragment that htmx puts in its place."""
    context = {**context, "oob": True}
    return {name: render_to_string(template, context) for name, template in templates.items()}


def home_parts() -> Parts:
    """Return the moving parts of the home page, name to HTML."""
    context = queries.home(clock.now())
    parts = {
        "today": "calls/today.html",
        "notices": "calls/notices.html",
        "running": "calls/running.html",
        "live": "calls/live.html",
    }
    today: Any = context["today"]
    count = render_to_string("parts/live_count.html", {"count": today.live, "oob": True})
    return {**_render(parts, context), "count": count}


def campaign_parts(campaign_id: int) -> Parts | None:
    """Return the moving parts of a campaign's page; None if there is no such campaign."""
    campaign = all_campaigns().filter(pk=campaign_id).first()
    if campaign is None:
        return None
    now = clock.now()
    live = queries.live_calls(campaign_id=campaign_id)
    context = overview(campaign, now) | {"campaign": campaign, "live": live, "now": now}
    parts = {
        "state": "campaigns/state.html",
        "counts": "campaigns/counts.html",
        "quotas": "campaigns/quotas.html",
        "progress": "campaigns/progress.html",
        "misses": "campaigns/misses.html",
        "live": "calls/live.html",
    }
    return _render(parts, context)


def call_parts(call_id: UUID) -> Parts | None:
    """Return the moving parts of a call's page; None if there is no such call."""
    page = queries.call_page(call_id)
    if page is None:
        return None
    parts = {
        "state": "calls/state.html",
        "events": "calls/events.html",
        "facts": "calls/facts.html",
        # Who may hear a recording differs between those who watch: each page loads it for itself.
        "audio": "calls/audio_news.html",
    }
    return _render(parts, {"page": page, "call": page.call, "now": clock.now()})


class PageSnapshot:
    """The parts of one page, rendered at most once a second for all connections that show it."""

    _all: ClassVar[WeakValueDictionary[str, "PageSnapshot"]] = WeakValueDictionary()

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._taken_at = float("-inf")
        self._parts: Parts | None = None

    @classmethod
    def at(cls, key: str) -> "PageSnapshot":
        """Return the snapshot that all connections with `key` share; it goes with the last of them."""
        return cls._all.setdefault(key, cls())

    async def take(self, page: "PageUpdates") -> Parts | None:
        """Return the parts as rendered less than a second ago; None if what the page shows is gone."""
        async with self._lock:
            if time.monotonic() - self._taken_at >= LOOK_SECONDS * 0.9:
                self._parts = await database_sync_to_async(page.parts)()
                self._taken_at = time.monotonic()
        return self._parts


class PageUpdates(AsyncWebsocketConsumer):
    """Sends the changed parts of one page to one member of staff."""

    watching: ClassVar[int] = 0
    _task: asyncio.Task[None] | None = None

    route: ClassVar[str]

    def parts(self) -> Parts | None:
        """Return the moving parts, name to HTML; None if there is no such page. Runs in a thread."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Return what is shown: connections with the same key share a snapshot."""
        return str(self.scope["path"])

    async def connect(self) -> None:
        """Accept staff whom `permissions.SOCKETS` lets watch; refuse all others before it is accepted."""
        if not await database_sync_to_async(may_watch)(self.scope.get("user"), self.route):
            await self.close(code=NOT_STAFF)
            return
        await self.accept()
        if PageUpdates.watching >= MOST_WATCHERS:
            await self.close(code=FULL)
            return
        PageUpdates.watching += 1
        self._task = asyncio.create_task(self._send_changes())

    async def disconnect(self, code: int) -> None:
        """Stop sending."""
        if self._task is not None:
            PageUpdates.watching -= 1
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Drop what comes: a page has nothing to send."""

    async def _send_changes(self) -> None:
        """Send what changed once a second, until the page is gone or it is time to check the person anew."""
        end = time.monotonic() + LONGEST_SECONDS
        sent: dict[str, str] = {}
        snapshot = PageSnapshot.at(self.key)
        try:
            while time.monotonic() < end:
                parts = await snapshot.take(self)
                if parts is None:
                    await self.close(code=GONE)
                    return
                changed = {name: html for name, html in parts.items() if sent.get(name) != html}
                if changed:
                    await self.send(text_data="".join(changed.values()))
                    sent.update(changed)
                await asyncio.sleep(LOOK_SECONDS)
            await self.close(code=AGAIN)
        except Exception:
            log.exception("A live page (%s) can't be kept up to date; it is closed.", type(self).__name__)
            await self.close(code=1011)


class HomeUpdates(PageUpdates):
    """The home page's."""

    route = "live/home/"

    def parts(self) -> Parts:
        """Return those of the home page."""
        return home_parts()


class CampaignUpdates(PageUpdates):
    """The page of one campaign."""

    route = "live/campaigns/<int:pk>/"

    def parts(self) -> Parts | None:
        """Return those of one campaign's page; None if there is no such campaign."""
        return campaign_parts(self.scope["url_route"]["kwargs"]["pk"])


class CallUpdates(PageUpdates):
    """The page of one call, as long as the call lasts; the last parts show how it ended."""

    route = "live/calls/<uuid:pk>/"

    def parts(self) -> Parts | None:
        """Return those of one call's page; None if there is no such call."""
        return call_parts(self.scope["url_route"]["kwargs"]["pk"])


live_urlpatterns = [path(page.route, page.as_asgi()) for page in (HomeUpdates, CampaignUpdates, CallUpdates)]
