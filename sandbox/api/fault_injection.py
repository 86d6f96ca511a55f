"""The faults of the API, carried out round the answer of an operation. `fault_scripts.py` lists them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date

from sandbox import clock
from sandbox.api import fault_switches, tokens
from sandbox.api.fault_scripts import ApiFault

Run = Callable[[], Awaitable[HttpResponse]]
GATEWAY_TEXT = {
    500: "<html>Internal Server Error</html>",
    502: "<html>Bad Gateway</html>",
    503: "<html>Service Unavailable</html>",
    504: "<html>Gateway Timeout</html>",
}
LEAVES_S = 0.05
"""Until the server has noticed that its connection was cut; it would complain of a body too short."""
DRIPS_A_SECOND = 10


class Case(NamedTuple):
    """One request that goes wrong. `run` does the work and commits it."""

    operation: str
    request: HttpRequest
    run: Run
    seconds: float


async def around(operation: str, request: HttpRequest, run: Run) -> HttpResponseBase:
    """Return the answer of `run`, changed or replaced by the fault that is due for this operation, if any."""
    taken = await sync_to_async(fault_switches.take)(operation)
    if taken is None:
        return await run()
    return await _ACTS[taken.behaviour](Case(operation, request, run, taken.seconds))


async def _gateway(_case: Case, *, status: int) -> HttpResponse:
    return HttpResponse(GATEWAY_TEXT[status], status=status, content_type="text/html")


async def _refuse(case: Case) -> HttpResponse:
    login = {"non_field_errors": ["Unable to log in with provided credentials."]}
    other = {"detail": "The token has expired; log in again."}
    return _json(login if case.operation == "login" else other, 401)


async def _throttle(case: Case, *, as_date: bool) -> HttpResponse:
    seconds = round(case.seconds)
    reply = _json({"detail": f"Request was throttled. Expected available in {seconds} seconds."}, 429)
    until = clock.now() + timedelta(seconds=seconds)
    reply["Retry-After"] = http_date(until.timestamp()) if as_date else str(seconds)
    return reply


async def _time_out(case: Case, *, work: bool) -> HttpResponse:
    if work:
        await case.run()
    await asyncio.sleep(case.seconds)
    return await _gateway(case, status=504)


async def _cut(case: Case, *, work: bool, how: str) -> HttpResponse:
    """End the connection without an answer, where the server allows it; else answer 502."""
    if work:
        await case.run()
    _hang_up(case, how)
    return await _gateway(case, status=502)


def _hang_up(case: Case, how: str) -> None:
    end = getattr(case.request, "scope", {}).get(how)
    if end is not None:
        end()


async def _shorten(case: Case) -> HttpResponse:
    """Send half of the answer as if it were the whole, its length too."""
    reply = await case.run()
    reply.content = reply.content[: len(reply.content) // 2]
    reply["Content-Length"] = str(len(reply.content))
    return reply


async def _cut_body(case: Case) -> HttpResponseBase:
    """Send half of the answer with the length of the whole, then end the connection."""
    reply = await case.run()

    async def half() -> AsyncIterator[bytes]:
        yield reply.content[: len(reply.content) // 2]
        _hang_up(case, "sandbox.abort")
        await asyncio.sleep(LEAVES_S)

    return _streamed(reply, half())


async def _drip(case: Case) -> HttpResponseBase:
    """Send the right answer a few bytes at a time, over `seconds`."""
    reply = await case.run()

    async def drops() -> AsyncIterator[bytes]:
        size = max(1, round(len(reply.content) / max(1.0, case.seconds * DRIPS_A_SECOND)))
        pieces = range(0, len(reply.content), size)
        for start in pieces:
            await asyncio.sleep(case.seconds / len(pieces))
            yield reply.content[start : start + size]

    return _streamed(reply, drops())


def _streamed(reply: HttpResponse, body: AsyncIterator[bytes]) -> StreamingHttpResponse:
    streamed = StreamingHttpResponse(body, status=reply.status_code, content_type=reply["Content-Type"])
    streamed["Content-Length"] = str(len(reply.content))
    return streamed


async def _miscount(case: Case, *, more: bool) -> HttpResponse:
    """Leave out the last result of the answer, or send it twice."""
    reply = await case.run()
    results = msgspec.json.decode(reply.content)
    if isinstance(results, list):
        reply.content = msgspec.json.encode(results + results[-1:] if more else results[:-1])
    return reply


async def _expire(case: Case) -> HttpResponse:
    """Log in with a token that expires after `seconds`."""
    reply = await case.run()
    body = msgspec.json.decode(reply.content)
    if "token" in body:
        reply.content = msgspec.json.encode(body | {"token": tokens.shortened(body["token"], case.seconds)})
    return reply


def _json(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


_ACTS: Mapping[ApiFault, Callable[[Case], Awaitable[HttpResponseBase]]] = {
    ApiFault.ERROR_500: partial(_gateway, status=500),
    ApiFault.ERROR_502: partial(_gateway, status=502),
    ApiFault.ERROR_503: partial(_gateway, status=503),
    ApiFault.ERROR_504: partial(_gateway, status=504),
    ApiFault.REFUSED_401: _refuse,
    ApiFault.THROTTLED: partial(_throttle, as_date=False),
    ApiFault.THROTTLED_UNTIL: partial(_throttle, as_date=True),
    ApiFault.TIMEOUT_BEFORE: partial(_time_out, work=False),
    ApiFault.TIMEOUT_AFTER: partial(_time_out, work=True),
    ApiFault.DROP_BEFORE: partial(_cut, work=False, how="sandbox.abort"),
    ApiFault.DROP_AFTER: partial(_cut, work=True, how="sandbox.abort"),
    ApiFault.RESET_BEFORE: partial(_cut, work=False, how="sandbox.reset"),
    ApiFault.RESET_AFTER: partial(_cut, work=True, how="sandbox.reset"),
    ApiFault.CUT_BODY: _cut_body,
    ApiFault.SHORT_BODY: _shorten,
    ApiFault.FEWER_RESULTS: partial(_miscount, more=False),
    ApiFault.MORE_RESULTS: partial(_miscount, more=True),
    ApiFault.DRIP: _drip,
    ApiFault.TOKEN_EXPIRES: _expire,
}
