"""ASGI entry of the sandbox; `sandbox.serve` wraps it with the scheduler and the dialer."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

from django.core.asgi import get_asgi_application

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

django_application = get_asgi_application()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Django, plus a way to cut the TCP connection without any answer (`scope["sandbox.abort"]`).

    ASGI has no such call. uvicorn hands out `send` as a bound method of the object that owns the transport,
    which is the only handle there is; under another server the key is missing and the fault answers 502.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if scope["type"] == "http":
        if transport is not None:
            scope["sandbox.abort"] = transport.abort
        await django_application(scope, receive, send)
