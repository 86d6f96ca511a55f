"""Misbehaviour on demand: the next n calls of one operation, or each with a probability drawn from a seed.

`timeout_after` and `drop_after` commit the work first: the client then cannot know what became of its
request, which is the case DESIGN.md house rule 2 is about.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from sandbox.models import Fault

Run = Callable[[], Awaitable[HttpResponse]]
GATEWAY_TEXT = {
    "500": "<html>Internal Server Error</html>",
    "502": "<html>Bad Gateway</html>",
    "503": "<html>Service Unavailable</html>",
    "504": "<html>Gateway Timeout</html>",
}


def take(operation: str) -> Fault | None:
    """The fault that fires for this call of the operation, used up by one; None if none does."""
    if not Fault.objects.filter(operation=operation).exists():
        return None
    with transaction.atomic():
        return next((f for f in Fault.objects.filter(operation=operation).order_by("id") if _fires(f)), None)


def _fires(fault: Fault) -> bool:
    if fault.remaining == 0:
        return False
    draw = random.Random(f"{fault.seed}:{fault.pk}:{fault.seen}").random()
    fires = draw < fault.probability
    fault.seen += 1
    if fires:
        fault.fired += 1
        fault.remaining = None if fault.remaining is None else fault.remaining - 1
    fault.save(update_fields=["seen", "fired", "remaining"])
    return fires


async def around(operation: str, request: HttpRequest, run: Run) -> HttpResponse:
    """Answer through whatever fault is switched on for this operation."""
    fault = await sync_to_async(take)(operation)
    return await run() if fault is None else await _misbehave(fault, request, run)


async def _misbehave(fault: Fault, request: HttpRequest, run: Run) -> HttpResponse:
    kind = Fault.Behaviour(fault.behaviour)
    if kind in {Fault.Behaviour.TIMEOUT_AFTER, Fault.Behaviour.DROP_AFTER}:
        await run()
    if kind in {Fault.Behaviour.DROP_BEFORE, Fault.Behaviour.DROP_AFTER}:
        return _drop(request)
    if kind in {Fault.Behaviour.TIMEOUT_BEFORE, Fault.Behaviour.TIMEOUT_AFTER}:
        await asyncio.sleep(fault.seconds)
        return _gateway("504")
    return _refused(fault.operation) if kind is Fault.Behaviour.REFUSED_401 else _gateway(kind.value)


def _gateway(status: str) -> HttpResponse:
    return HttpResponse(GATEWAY_TEXT[status], status=int(status), content_type="text/html")


def _refused(operation: str) -> HttpResponse:
    login = b'{"non_field_errors":["Unable to log in with provided credentials."]}'
    other = b'{"detail":"The token has expired; log in again."}'
    body = login if operation == "login" else other
    return HttpResponse(body, status=401, content_type="application/json")


def _drop(request: HttpRequest) -> HttpResponse:
    """Cut the connection without an answer, where the server allows it; else a bare 502."""
    abort = getattr(request, "scope", {}).get("sandbox.abort")
    if abort is not None:
        abort()
    return _gateway("502")
