"""Our application for a server process of its own, with a page that tells what is left of its WebSockets.

Nothing is collected in this process, so what was a circle when its connection closed stays to be counted.
"""

import gc
import json
from collections import Counter
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol

from awaaz_project.asgi import application as ours
from calls.media.servers.interface import Receive, Send

gc.disable()


def remains() -> Counter[str]:
    """Protocols of WebSockets, and requests that asked for one, reachable or not."""
    found = (one for one in gc.get_objects() if type(one) in (WebRequest, WebSocketProtocol))
    return Counter(type(one).__name__ for one in found if _is_of_a_websocket(one))


def _is_of_a_websocket(one: Any) -> bool:
    return isinstance(one, WebSocketProtocol) or bool(one.requestHeaders.hasHeader("Upgrade"))


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI: WebSockets are ours, every page is the count as JSON."""
    if scope["type"] != "http":
        await ours(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(remains()).encode()})
