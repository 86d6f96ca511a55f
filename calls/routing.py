"""WebSocket addresses: the platform's calls, and the portal's live pages."""

from typing import Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

from calls.consumers import CallConsumer
from calls.live_pages import live_urlpatterns
from calls.media.servers.interface import Receive, Send


async def refuse(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Refuse an unknown address with HTTP 403. Channels would log it, and it may be a mistyped secret."""
    await receive()
    await send({"type": "websocket.close"})


nothing_here = re_path(r"", cast("Any", refuse))

stream_urlpatterns = [re_path(r"^stream/", CallConsumer.as_asgi())]
"""The platform has neither session nor origin: the address itself admits it (`calls.media.admission`)."""

live_pages = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([*live_urlpatterns, nothing_here])))
"""For staff who are logged in, and only from our own pages."""

websocket_urlpatterns = [*stream_urlpatterns, re_path(r"^(?=live/)", live_pages), nothing_here]
