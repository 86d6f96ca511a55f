"""The control API under `/sandbox/…`: for tests, demos and the curious; no part of XFin, loopback only.

A POST must carry `Content-Type: application/json`: a foreign web page in a browser on this machine can send
that only after a preflight, which is never granted.
"""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from sandbox import clock, people, phones
from sandbox.api.http import ApiError, JsonObject, View, answer, read_object, text_of
from sandbox.models import CallerNumber, CallRecord, Casting, Fault, Message, Tenant

Control = Callable[..., HttpResponse]
SHOWN_AT_MOST = 1000


def control(**handlers: Control) -> View:
    """A view of the control API: method → function, refused for callers that are not on this machine."""

    async def view(request: HttpRequest, **ids: Any) -> HttpResponse:
        return await sync_to_async(_perform)(handlers, request, ids)

    return view


def _perform(handlers: dict[str, Control], request: HttpRequest, ids: dict[str, Any]) -> HttpResponse:
    handler = handlers.get(request.method or "")
    try:
        if not from_this_machine(request):
            raise ApiError(403, "The control API answers to this machine only.")
        if handler is None:
            raise ApiError(405, "This method is not offered here.")
        if request.method == "POST" and request.content_type != "application/json":
            raise ApiError(415, "Send JSON with Content-Type: application/json.")
        return handler(request, **ids)
    except ApiError as error:
        return answer(error.body, error.status)


def from_this_machine(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def health(_request: HttpRequest) -> HttpResponse:
    return answer({"status": "ok", "now": clock.to_wire(clock.now()), "people": sorted(people.cast())})


def create_tenant(request: HttpRequest) -> HttpResponse:
    """{tenant, email, password, state_style?, token_seconds?}: created, or changed if it is there."""
    body = read_object(request)
    name = text_of(body, "tenant", required=True, limit=80)
    if name == "sandbox":
        raise ApiError(400, {"tenant": ["This name is the control API's own."]})
    style = text_of(body, "state_style") or Tenant.StateStyle.WORDS.value
    if style not in Tenant.StateStyle.values:
        raise ApiError(400, {"state_style": ["'words' or 'numbers' was expected here."]})
    wanted = {
        "email": text_of(body, "email", required=True, limit=254),
        "password_hash": make_password(text_of(body, "password", required=True)),
        "state_style": style,
        "token_seconds": _whole(body, "token_seconds"),
    }
    tenant, created = Tenant.objects.update_or_create(name=name, defaults=wanted)
    return answer({"tenant": tenant.name, "email": tenant.email}, 201 if created else 200)


def create_number(request: HttpRequest) -> HttpResponse:
    """{tenant, phone_number, stream_url, container?, concurrency?}: created, or changed if it is there."""
    body = read_object(request)
    tenant = Tenant.objects.filter(name=text_of(body, "tenant", required=True)).first()
    if tenant is None:
        raise ApiError(400, {"tenant": ["There is no tenant of this name; create it first."]})
    container = text_of(body, "container") or CallerNumber.Container.WAV.value
    if container not in CallerNumber.Container.values:
        raise ApiError(400, {"container": ["'wav' or 'raw' was expected here."]})
    concurrency = _whole(body, "concurrency")
    wanted = {
        "tenant": tenant,
        "stream_url": _stream_url(body),
        "container": container,
        "concurrency": 10 if concurrency is None else concurrency,
    }
    number, created = CallerNumber.objects.update_or_create(
        phone_number=_phone(body, "phone_number"), defaults=wanted
    )
    return answer(_show_number(number), 201 if created else 200)


def list_numbers(_request: HttpRequest) -> HttpResponse:
    rows = CallerNumber.objects.select_related("tenant").order_by("id")
    return answer([_show_number(number) for number in rows])


def _show_number(number: CallerNumber) -> JsonObject:
    """Without the stream URL's path: it is the agent's secret."""
    url = urlsplit(number.stream_url)
    return {
        "tenant": number.tenant.name,
        "phone_number": number.phone_number,
        "stream_host": f"{url.scheme}://{url.hostname}:{url.port or ''}".rstrip(":"),
        "container": number.container,
        "concurrency": number.concurrency,
    }


def _stream_url(body: JsonObject) -> str:
    text = text_of(body, "stream_url", required=True, limit=500)
    try:
        url = urlsplit(text)
        fine = url.scheme in {"ws", "wss"} and bool(url.hostname) and url.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise ApiError(400, {"stream_url": ["A ws:// or wss:// address was expected here."]})
    return text


def _phone(body: JsonObject, name: str) -> str:
    number = phones.canonical(text_of(body, name, required=True))
    if number is None:
        raise ApiError(400, {name: ["A phone number was expected here."]})
    return number


def _whole(body: JsonObject, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ApiError(400, {name: ["A whole number, 0 or more, was expected here."]})
    return value


def _real(body: JsonObject, name: str, default: float, *, most: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ApiError(400, {name: [f"A number between 0 and {most:g} was expected here."]})
    return float(value)


def set_people(request: HttpRequest) -> HttpResponse:
    """{seed?, weights?: {person: weight}, assigned?: {phone: person}}: what is sent replaces what was set."""
    body = read_object(request)
    casting = Casting.objects.order_by("id").first() or Casting()
    if "seed" in body:
        casting.seed = text_of(body, "seed", limit=80)
    if "weights" in body:
        casting.weights = _weights(body["weights"])
    if "assigned" in body:
        casting.assigned = _assigned(body["assigned"])
    casting.save()
    return answer(_show_casting(casting))


def get_people(_request: HttpRequest) -> HttpResponse:
    return answer(_show_casting(Casting.objects.order_by("id").first() or Casting()))


def _show_casting(casting: Casting) -> JsonObject:
    return {"seed": casting.seed, "weights": casting.weights, "assigned": len(casting.assigned)}


def _weights(given: Any) -> dict[str, float]:
    if not isinstance(given, dict):
        raise ApiError(400, {"weights": ["An object {person: weight} was expected here."]})
    weights = {_person("weights", name): _real(given, name, 0, most=1e6) for name in given}
    if weights and not sum(weights.values()):
        raise ApiError(400, {"weights": ["At least one weight must be above 0."]})
    return weights


def _assigned(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise ApiError(400, {"assigned": ["An object {phone number: person} was expected here."]})
    return {_phone({"assigned": number}, "assigned"): _person("assigned", p) for number, p in given.items()}


def _person(member: str, name: object) -> str:
    if not isinstance(name, str) or name not in people.cast():
        known = ", ".join(sorted(people.cast()))
        raise ApiError(400, {member: [f"There is no such person; there are: {known}."]})
    return name


def add_fault(request: HttpRequest) -> HttpResponse:
    """{operation, behaviour, times?, probability?, seed?, seconds?} switches a fault on."""
    body = read_object(request)
    behaviour = text_of(body, "behaviour", required=True)
    if behaviour not in Fault.Behaviour.values:
        raise ApiError(
            400, {"behaviour": ["One of these was expected: " + ", ".join(Fault.Behaviour.values)]}
        )
    fault = Fault.objects.create(
        operation=text_of(body, "operation", limit=40) or "create_bulk",
        behaviour=behaviour,
        remaining=_whole(body, "times"),
        probability=_real(body, "probability", 1.0, most=1.0),
        seed=text_of(body, "seed", limit=80) or "awaaz",
        seconds=_real(body, "seconds", 60.0, most=600.0),
    )
    return answer(_show_fault(fault), 201)


def list_faults(_request: HttpRequest) -> HttpResponse:
    return answer([_show_fault(fault) for fault in Fault.objects.order_by("id")])


def clear_faults(_request: HttpRequest) -> HttpResponse:
    Fault.objects.all().delete()
    return HttpResponse(status=204)


def _show_fault(fault: Fault) -> JsonObject:
    names = ("operation", "behaviour", "remaining", "probability", "seed", "seconds", "seen", "fired")
    return {"id": fault.pk} | {name: getattr(fault, name) for name in names}


def order_call(request: HttpRequest) -> HttpResponse:
    """{from, to, person?, language?, custom_parameters?} rings at once; read it back at `calls/{id}`."""
    body = read_object(request)
    caller = _phone(body, "from")
    if not CallerNumber.objects.filter(phone_number=caller).exists():
        raise ApiError(400, {"from": ["This number is not assigned to anybody; register it under numbers."]})
    person = text_of(body, "person")
    parameters = body.get("custom_parameters", {})
    if not isinstance(parameters, dict):
        raise ApiError(400, {"custom_parameters": ["An object was expected here."]})
    call = CallRecord.objects.create(
        from_number=caller,
        to_number=_phone(body, "to"),
        person=_person("person", person) if person else "",
        language=text_of(body, "language", limit=20),
        custom_parameters={str(name): str(value) for name, value in parameters.items()},
        ordered_at=clock.now(),
    )
    return answer(show_call(call), 202)


def list_messages(request: HttpRequest) -> HttpResponse:
    """?reference=, ?tag= or ?phone_number=: messages with the calls made for them (at most 1,000)."""
    rows = Message.objects.select_related("tenant").prefetch_related("calls").order_by("id")
    if reference := request.GET.get("reference"):
        rows = rows.filter(reference=reference)
    if number := request.GET.get("phone_number"):
        rows = rows.filter(phone_number=phones.canonical(number) or "")
    return answer([_show_message(message) for message in rows[:SHOWN_AT_MOST]])


def _show_message(message: Message) -> JsonObject:
    names = ("id", "phone_number", "reference", "state", "reason_code", "reason", "response_value", "tags")
    shown = {name: getattr(message, name) for name in names}
    calls = [show_call(call) for call in message.calls.all()]
    return {"tenant": message.tenant.name, "send_on": clock.to_wire(message.send_on), **shown, "calls": calls}


def list_calls(request: HttpRequest) -> HttpResponse:
    """?to=, ?state=: calls, the newest first (at most 1,000)."""
    rows = CallRecord.objects.order_by("-id")
    if to := request.GET.get("to"):
        rows = rows.filter(to_number=phones.canonical(to) or "")
    if state := request.GET.get("state"):
        rows = rows.filter(state=state)
    return answer([show_call(call) for call in rows[:SHOWN_AT_MOST]])


def read_call(_request: HttpRequest, *, pk: int) -> HttpResponse:
    call = CallRecord.objects.filter(pk=pk).first()
    if call is None:
        raise ApiError(404, "There is no call of this id.")
    return answer(show_call(call))


SHOWN_OF_A_CALL = (
    "id", "message_id", "state", "from_number", "to_number", "language", "attempt", "person",
    "custom_parameters", "call_sid", "stream_sid", "disposition", "reason", "duration_ms", "frames_sent",
    "frames_late", "media_received", "heard_ms", "dropped_ms", "underruns", "marks_received",
    "marks_returned", "clears", "digits", "containers", "close_code", "problems", "story", "recording",
)  # fmt: skip


def show_call(call: CallRecord) -> JsonObject:
    times = {name: getattr(call, name) for name in ("ordered_at", "answered_at", "ended_at")}
    shown = {name: getattr(call, name) for name in SHOWN_OF_A_CALL}
    return shown | {name: clock.to_wire(time) if time else None for name, time in times.items()}


def summary(_request: HttpRequest) -> HttpResponse:
    """{messages, by_state, references, duplicate_references, live_calls, calls}."""
    return answer(figures())


def figures() -> JsonObject:
    """The counts of `summary`; a reference that more than one message carries is a duplicate."""
    by_state = dict(Message.objects.values_list("state").annotate(n=Count("pk")).order_by())
    named = (
        Message.objects.exclude(reference="").values("tenant", "reference").annotate(n=Count("pk")).order_by()
    )
    live = CallRecord.objects.filter(state__in=[CallRecord.State.RINGING, CallRecord.State.LIVE])
    return {
        "messages": sum(by_state.values()),
        "by_state": {state.value: by_state.get(state.value, 0) for state in Message.State},
        "references": named.count(),
        "duplicate_references": named.filter(n__gt=1).count(),
        "live_calls": live.count(),
        "calls": CallRecord.objects.count(),
    }
