"""ASGI entry of the sandbox; `sandbox.serve` wraps it with the scheduler and the dialer."""

import os
import socket
import struct
from asyncio import Transport
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

from django.core.asgi import get_asgi_application

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

django_application = get_asgi_application()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve Django, with two ways to end the TCP connection in the middle of anything.

    `scope["sandbox.abort"]` ends it, `scope["sandbox.reset"]` resets it (RST). ASGI has no such calls.
    uvicorn hands out `send` as a bound method of the object that owns the transport, which is the only handle
    there is; under another server the keys are missing and the fault answers 502.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if scope["type"] == "http":
        if transport is not None:
            scope["sandbox.abort"] = transport.abort
            scope["sandbox.reset"] = partial(_reset, transport)
        await django_application(scope, receive, send)


def _reset(transport: Transport) -> None:
    """Close without lingering: the peer gets "connection reset"."""
    own = transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
