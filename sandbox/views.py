"""The sandbox's own small page: messages by state, live calls, the latest calls. No script."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox import clock, phones
from sandbox.api.control import figures, from_this_machine
from sandbox.models import CallRecord

STYLE = (Path(__file__).parent / "sandbox.css").read_bytes()
SHOWN = 40


def home(request: HttpRequest) -> HttpResponse:
    """The page at `/`; it reloads itself every few seconds."""
    if not from_this_machine(request):
        return HttpResponse("This page answers to this machine only.", status=403, content_type="text/plain")
    live = CallRecord.objects.exclude(state=CallRecord.State.ENDED).order_by("-id")[:SHOWN]
    past = CallRecord.objects.filter(state=CallRecord.State.ENDED).order_by("-ended_at")[:SHOWN]
    context = {
        "figures": figures(),
        "now": clock.now(),
        "live": [_row(call) for call in live],
        "past": [_row(call) for call in past],
    }
    page = render(request, "sandbox/home.html", context)
    page["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    return page


def _row(call: CallRecord) -> dict[str, object]:
    return {
        "call": call,
        "to": phones.masked(call.to_number),
        "seconds": round(call.duration_ms / 1000, 1),
    }


def stylesheet(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(STYLE, content_type="text/css; charset=utf-8")
