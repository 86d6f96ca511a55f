"""WebSocket addresses: the platform's calls, the portal's live pages, and talking to a draft."""

from typing import Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from calls.consumers import CallConsumer
from calls.live_pages import live_urlpatterns
from calls.media.servers.interface import Receive, Send
from calls.studio.talk_consumer import ROUTE, TalkConsumer, keeping_send


async def refuse(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Refuse an unknown address with HTTP 403. Channels would log it, and it may be a mistyped secret."""
    await receive()
    await send({"type": "websocket.close"})


nothing_here = re_path(r"", cast("Any", refuse))

stream_urlpatterns = [re_path(r"^stream/", CallConsumer.as_asgi())]
"""The platform has neither session nor origin: the address itself admits it (`calls.media.admission`)."""

live_pages = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([*live_urlpatterns, nothing_here])))
"""For staff who are logged in, and only from our own pages."""

talk_urlpatterns = [path(ROUTE, TalkConsumer.as_asgi())]

talking = AllowedHostsOriginValidator(
    keeping_send(AuthMiddlewareStack(URLRouter([*talk_urlpatterns, nothing_here])))
)
"""For the person of staff whose ticket it is, and only from our own pages."""

websocket_urlpatterns = [
    *stream_urlpatterns,
    re_path(r"^(?=live/)", live_pages),
    re_path(r"^(?=talk/)", talking),
    nothing_here,
]
