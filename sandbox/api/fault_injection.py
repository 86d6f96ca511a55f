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
from sandbox.api import fault_answers, fault_switches, tokens
from sandbox.api.fault_scripts import OF_BULK, OF_LISTS, STATUS_AFTER, ApiFault
from sandbox.models import Message

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
    behaviour: ApiFault
    seconds: float


async def around(operation: str, request: HttpRequest, run: Run) -> HttpResponseBase:
    """Return the answer of `run`, changed or replaced by the fault that is due for this operation, if any."""
    taken = await sync_to_async(fault_switches.take)(operation)
    if taken is None:
        return await run()
    return await _ACTS[taken.behaviour](Case(operation, request, run, taken.behaviour, taken.seconds))


async def _gateway(_case: Case, *, status: int) -> HttpResponse:
    return HttpResponse(GATEWAY_TEXT[status], status=status, content_type="text/html")


async def _refuse(case: Case) -> HttpResponse:
    """Refuse: after doing the work, or instead of it with 401 or 429, which says how long to wait."""
    if case.behaviour in STATUS_AFTER:
        await case.run()
        return _json({"detail": "Not this way."}, STATUS_AFTER[case.behaviour])
    if case.behaviour is ApiFault.REFUSED_401:
        login = {"non_field_errors": ["Unable to log in with provided credentials."]}
        other = {"detail": "The token has expired; log in again."}
        return _json(login if case.operation == "login" else other, 401)
    seconds = round(case.seconds)
    reply = _json({"detail": f"Request was throttled. Expected available in {seconds} seconds."}, 429)
    until = http_date((clock.now() + timedelta(seconds=seconds)).timestamp())
    reply["Retry-After"] = until if case.behaviour is ApiFault.THROTTLED_UNTIL else str(seconds)
    return reply


def _json(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


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


async def _halve(case: Case) -> HttpResponseBase:
    """Send half of the answer as if it were the whole, or with the length of the whole and then a cut."""
    reply = await case.run()
    half = reply.content[: len(reply.content) // 2]
    if case.behaviour is ApiFault.SHORT_BODY:
        reply.content = half
        reply["Content-Length"] = str(len(half))
        return reply

    async def body() -> AsyncIterator[bytes]:
        yield half
        _hang_up(case, "sandbox.abort")
        await asyncio.sleep(LEAVES_S)

    return _streamed(reply, body())


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


async def _falsify(case: Case) -> HttpResponse:
    """Change a successful answer, as `fault_answers` says."""
    reply = await case.run()
    if reply.status_code < 300:
        page = int(case.request.GET.get("page") or 1)
        body = fault_answers.falsified(case.behaviour, msgspec.json.decode(reply.content), page=page)
        reply.content = msgspec.json.encode(body)
    return reply


async def _expire(case: Case) -> HttpResponse:
    """Log in for `seconds` only."""
    reply = await case.run()
    match msgspec.json.decode(reply.content):
        case {"token": token, **others}:
            expiring = {"token": tokens.shortened(token, case.seconds)}
            reply.content = msgspec.json.encode(expiring | others)
    return reply


async def _refuse_slowly(case: Case) -> HttpResponse:
    """After `seconds` refuse a request of several messages for its content, without doing the work."""
    match msgspec.json.decode(case.request.body):
        case {"data": [_, _, *_]} | [_, _, *_]:
            await asyncio.sleep(case.seconds)
            return _json({"data": ["One of the messages is not valid."]}, 400)
    return await case.run()


async def _show_late(case: Case) -> HttpResponse:
    """Do the work, answer 504, and show what was made only `seconds` later."""
    reply = await case.run()
    made = [row.get("id") for row in msgspec.json.decode(reply.content) if isinstance(row, dict)]
    until = clock.real_now() + timedelta(seconds=case.seconds)
    await Message.objects.filter(pk__in=[key for key in made if key]).aupdate(hidden_until=until)
    return await _gateway(case, status=504)


_ACTS: Mapping[ApiFault, Callable[[Case], Awaitable[HttpResponseBase]]] = {
    ApiFault.ERROR_500: partial(_gateway, status=500),
    ApiFault.ERROR_502: partial(_gateway, status=502),
    ApiFault.ERROR_503: partial(_gateway, status=503),
    ApiFault.ERROR_504: partial(_gateway, status=504),
    ApiFault.REFUSED_401: _refuse,
    ApiFault.THROTTLED: _refuse,
    ApiFault.THROTTLED_UNTIL: _refuse,
    ApiFault.TIMEOUT_BEFORE: partial(_time_out, work=False),
    ApiFault.TIMEOUT_AFTER: partial(_time_out, work=True),
    ApiFault.DROP_BEFORE: partial(_cut, work=False, how="sandbox.abort"),
    ApiFault.DROP_AFTER: partial(_cut, work=True, how="sandbox.abort"),
    ApiFault.RESET_BEFORE: partial(_cut, work=False, how="sandbox.reset"),
    ApiFault.RESET_AFTER: partial(_cut, work=True, how="sandbox.reset"),
    ApiFault.CUT_BODY: _halve,
    ApiFault.SHORT_BODY: _halve,
    ApiFault.FEWER_RESULTS: _falsify,
    ApiFault.MORE_RESULTS: _falsify,
    ApiFault.DRIP: _drip,
    ApiFault.TOKEN_EXPIRES: _expire,
    **dict.fromkeys((*OF_BULK, *OF_LISTS), _falsify),
    **dict.fromkeys(STATUS_AFTER, _refuse),
    ApiFault.REFUSED_SLOWLY: _refuse_slowly,
    ApiFault.SHOWN_LATE: _show_late,
}
