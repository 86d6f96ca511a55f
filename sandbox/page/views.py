"""The sandbox's own page: calls under way and past, messages, and every switch."""

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
    """Return the page at `/`; its script asks for the board every two seconds. 403 from another machine."""
    if not from_this_machine(request):
        return _not_from_here()
    casting = stored_casting()
    switches = {
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
    page = render(request, "sandbox/home.html", switches | _board())
    page["Content-Security-Policy"] = POLICY
    return page


def board(request: HttpRequest) -> HttpResponse:
    """Return the part of the page that changes by itself. 403 from another machine."""
    return render(request, "sandbox/board.html", _board()) if from_this_machine(request) else _not_from_here()


def levels(request: HttpRequest) -> HttpResponse:
    """Return {call: {heard, said}}, each 0 to 1, for the meters. 403 from another machine."""
    return answer(audio_levels.levels()) if from_this_machine(request) else _not_from_here()


def page_file(_request: HttpRequest, *, name: str) -> HttpResponse:
    """Return a style sheet or script of the page."""
    return HttpResponse(FILES[name], content_type=f"{KINDS[Path(name).suffix]}; charset=utf-8")


def _not_from_here() -> HttpResponse:
    return HttpResponse("This page answers to this machine only.", status=403, content_type="text/plain")


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
