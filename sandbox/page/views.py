"""The sandbox's own page: who is on the line, what became of the messages, and every switch there is."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sandbox import clock, phones
from sandbox.api.fault_scripts import ApiFault
from sandbox.api.http import OPERATIONS, answer
from sandbox.control.control import figures, from_this_machine
from sandbox.line.faults import LineFault
from sandbox.models import CallerNumber, CallRecord, Message
from sandbox.people import people
from sandbox.people.casting import mixes
from sandbox.platform import audio_levels
from sandbox.platform.orders import stored_casting

FILES = {
    path.name: path.read_bytes() for path in (Path(__file__).parent / "static").iterdir() if path.is_file()
}
KINDS = {".css": "text/css", ".js": "text/javascript"}
SHOWN = 40
MESSAGES_SHOWN = 15
KEYS = "123456789*0#"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
WAYS = {CallRecord.Direction.OUTBOUND: "out", CallRecord.Direction.INBOUND: "in"}


def home(request: HttpRequest) -> HttpResponse:
    """The page at `/`; its script asks for the board every two seconds."""
    if not from_this_machine(request):
        return _stranger()
    page = render(request, "sandbox/home.html", _switches() | _board())
    page["Content-Security-Policy"] = POLICY
    return page


def board(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes by itself."""
    return render(request, "sandbox/board.html", _board()) if from_this_machine(request) else _stranger()


def levels(request: HttpRequest) -> HttpResponse:
    """{call: {heard, said}} for the meters."""
    return answer(audio_levels.levels()) if from_this_machine(request) else _stranger()


def page_file(_request: HttpRequest, *, name: str) -> HttpResponse:
    """Style and scripts of the page."""
    return HttpResponse(FILES[name], content_type=f"{KINDS[Path(name).suffix]}; charset=utf-8")


def _stranger() -> HttpResponse:
    return HttpResponse("This page answers to this machine only.", status=403, content_type="text/plain")


def _switches() -> dict[str, Any]:
    casting = stored_casting()
    return {
        "now": clock.now(),
        "is_virtual": settings.SANDBOX_VIRTUAL_CLOCK,
        "numbers": list(CallerNumber.objects.order_by("id").values_list("phone_number", flat=True)),
        "people": people.cast().values(),
        "mixes": mixes().values(),
        "mix_now": casting.mix,
        "weighted": bool(casting.weights),
        "operations": sorted(OPERATIONS),
        "api_faults": list(ApiFault),
        "line_faults": list(LineFault),
        "keys": KEYS,
    }


def _board() -> dict[str, Any]:
    under_way = CallRecord.objects.exclude(state=CallRecord.State.ENDED).order_by("-id")[:SHOWN]
    past = CallRecord.objects.filter(state=CallRecord.State.ENDED).order_by("-ended_at")[:SHOWN]
    messages = Message.objects.select_related("tenant").order_by("-id")[:MESSAGES_SHOWN]
    return {
        "figures": figures(),
        "live": [_row(call) for call in under_way],
        "past": [_row(call) for call in past],
        "messages": [{"message": message, "to": phones.masked(message.phone_number)} for message in messages],
    }


def _row(call: CallRecord) -> dict[str, object]:
    return {
        "call": call,
        "way": WAYS[CallRecord.Direction(call.direction)],
        "ours": call.line_number,
        "theirs": phones.masked(call.persons_number),
        "seconds": round(call.duration_ms / 1000, 1),
    }
