"""The control API under `/sandbox/…`, for tests and demos; no part of XFin, answers on loopback only.

A POST must carry `Content-Type: application/json`: a foreign web page in a browser on this machine can send
that only after a preflight, which is never granted.
"""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from sandbox import clock, phones
from sandbox.api.http import (
    ApiError,
    JsonObject,
    View,
    answer,
    person_of,
    phone_of,
    read_object,
    real_of,
    text_of,
    whole_of,
)
from sandbox.control.calls import SHOWN_AT_MOST, show_call
from sandbox.models import CallerNumber, CallRecord, Casting, Message, Tenant, User, VirtualClock
from sandbox.people import people
from sandbox.people.casting import check_mix, mixes

Control = Callable[..., HttpResponse]
FASTEST = 1_000_000
"""Virtual seconds a second: eleven days."""
SHOWN_OF_A_MESSAGE = (
    "id", "phone_number", "reference", "state", "reason_code", "reason", "response_value", "tags",
)  # fmt: skip


def control(**handlers: Control) -> View:
    """Return a view of the control API: method → function. Callers not on this machine get 403."""

    @sync_to_async
    def view(request: HttpRequest, **ids: Any) -> HttpResponse:
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

    return view


def from_this_machine(request: HttpRequest) -> bool:
    """Return whether a request comes from a loopback address."""
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def health(_request: HttpRequest) -> HttpResponse:
    """Return {status, now, people}."""
    return answer({"status": "ok", "now": clock.to_wire(clock.now()), "people": sorted(people.cast())})


def create_tenant(request: HttpRequest) -> HttpResponse:
    """Create or change a tenant: {tenant, email, password, state_style?, token_seconds?}.

    The user of this email is added to it, or gets this password. Returns 201 if it was created, else 200.
    Raises `ApiError` 400.
    """
    body = read_object(request)
    name = text_of(body, "tenant", required=True, limit=80)
    if name == "sandbox":
        raise ApiError(400, {"tenant": ["This name is the control API's own."]})
    style = text_of(body, "state_style") or Tenant.StateStyle.WORDS.value
    if style not in Tenant.StateStyle.values:
        raise ApiError(400, {"state_style": ["'words' or 'numbers' was expected here."]})
    wanted = {
        "state_style": style,
        "token_seconds": whole_of(body, "token_seconds"),
    }
    email, password_hash = _credentials(body)
    with transaction.atomic():
        tenant, created = Tenant.objects.update_or_create(name=name, defaults=wanted)
        _set_user(tenant, email, password_hash)
    return answer({"tenant": tenant.name, "email": email}, 201 if created else 200)


def create_user(request: HttpRequest) -> HttpResponse:
    """Add a user, or change the password of one: {tenant, email, password}.

    Returns 201 if the user was created, else 200. Raises `ApiError` 400.
    """
    body = read_object(request)
    tenant = _tenant_of(body)
    email, password_hash = _credentials(body)
    user, created = _set_user(tenant, email, password_hash)
    return answer({"tenant": tenant.name, "id": user.pk, "email": user.email}, 201 if created else 200)


def list_users(_request: HttpRequest) -> HttpResponse:
    """Return the users of all tenants, without passwords."""
    rows = User.objects.select_related("tenant").order_by("id")
    return answer([{"tenant": user.tenant.name, "id": user.pk, "email": user.email} for user in rows])


def _credentials(body: JsonObject) -> tuple[str, str]:
    """Return email and hash of the password."""
    email = text_of(body, "email", required=True, limit=254).strip()
    return email, make_password(text_of(body, "password", required=True))


def _set_user(tenant: Tenant, email: str, password_hash: str) -> tuple[User, bool]:
    made = {"email": email, "password_hash": password_hash}
    return User.objects.update_or_create(
        tenant=tenant, email__iexact=email, defaults={"password_hash": password_hash}, create_defaults=made
    )


def _tenant_of(body: JsonObject) -> Tenant:
    tenant = Tenant.objects.filter(name=text_of(body, "tenant", required=True)).first()
    if tenant is None:
        raise ApiError(400, {"tenant": ["There is no tenant of this name; create it first."]})
    return tenant


def create_number(request: HttpRequest) -> HttpResponse:
    """Create or change a caller number; return 201 if it was created, else 200. Raises `ApiError` 400.

    Takes {tenant, phone_number, stream_url, container?, concurrency?, calls_per_second?}.
    """
    body = read_object(request)
    tenant = _tenant_of(body)
    container = text_of(body, "container") or CallerNumber.Container.WAV.value
    if container not in CallerNumber.Container.values:
        raise ApiError(400, {"container": ["'wav' or 'raw' was expected here."]})
    concurrency = whole_of(body, "concurrency")
    stream_url = text_of(body, "stream_url", required=True, limit=500)
    try:
        url = urlsplit(stream_url)
        is_websocket = url.scheme in {"ws", "wss"} and bool(url.hostname) and url.port != 0
    except ValueError:
        is_websocket = False
    if not is_websocket:
        raise ApiError(400, {"stream_url": ["A ws:// or wss:// address was expected here."]})
    wanted = {
        "tenant": tenant,
        "stream_url": stream_url,
        "container": container,
        "concurrency": 10 if concurrency is None else concurrency,
        "calls_per_second": whole_of(body, "calls_per_second") or 0,
    }
    number, created = CallerNumber.objects.update_or_create(
        phone_number=phone_of(body, "phone_number"), defaults=wanted
    )
    return answer(_show_number(number), 201 if created else 200)


def list_numbers(_request: HttpRequest) -> HttpResponse:
    """Return the caller numbers of all tenants."""
    rows = CallerNumber.objects.select_related("tenant").order_by("id")
    return answer([_show_number(number) for number in rows])


def _show_number(number: CallerNumber) -> JsonObject:
    """Show a number without the stream URL's path, which is the agent's secret."""
    url = urlsplit(number.stream_url)
    return {
        "tenant": number.tenant.name,
        "phone_number": number.phone_number,
        "stream_host": f"{url.scheme}://{url.hostname}:{url.port or ''}".rstrip(":"),
        "container": number.container,
        "concurrency": number.concurrency,
        "calls_per_second": number.calls_per_second,
    }


def set_people(request: HttpRequest) -> HttpResponse:
    """Replace what is sent of {seed?, mix?, weights?: {person: weight}, assigned?: {phone: person}}.

    A mix replaces the weights, and weights the mix. Returns the casting. Raises `ApiError` 400.
    """
    body = read_object(request)
    if body.get("mix") and body.get("weights"):
        raise ApiError(400, {"mix": ["Either a mix or weights can be given."]})
    casting = Casting.objects.order_by("id").first() or Casting()
    if "seed" in body:
        casting.seed = text_of(body, "seed", limit=80)
    if "mix" in body:
        mix = text_of(body, "mix")
        try:
            # An empty name is the usual mix again.
            casting.mix, casting.weights = check_mix(mix) if mix else "", {}
        except ValueError as error:
            raise ApiError(400, {"mix": [str(error)]}) from error
    if "weights" in body:
        given = _object_of(body, "weights", "{person: weight}")
        weights = {person_of("weights", name): real_of(given, name, 0, most=1e6) for name in given}
        if weights and not sum(weights.values()):
            raise ApiError(400, {"weights": ["At least one weight must be above 0."]})
        casting.weights = weights
    if "assigned" in body:
        casting.assigned = {
            phone_of({"assigned": number}, "assigned"): person_of("assigned", person)
            for number, person in _object_of(body, "assigned", "{phone number: person}").items()
        }
    casting.save()
    return answer(_show_casting(casting))


def _object_of(body: JsonObject, name: str, shape: str) -> JsonObject:
    value = body[name]
    if not isinstance(value, dict):
        raise ApiError(400, {name: [f"An object {shape} was expected here."]})
    return value


def get_people(_request: HttpRequest) -> HttpResponse:
    """Return the casting, with the number of numbers assigned and what each mix is about."""
    return answer(_show_casting(Casting.objects.order_by("id").first() or Casting()))


def _show_casting(casting: Casting) -> JsonObject:
    return {
        "seed": casting.seed,
        "mix": casting.mix or settings.SANDBOX_MIX,
        "weights": casting.weights,
        "assigned": len(casting.assigned),
        "mixes": {mix.name: mix.about for mix in mixes().values()},
    }


def read_clock(_request: HttpRequest) -> HttpResponse:
    """Return {mode, now, window}, and of a virtual clock {rate, jumps, reached}."""
    window = settings.SANDBOX_WINDOW
    shown = {"now": clock.to_wire(clock.now()), "window": str(window) if window else None}
    row = VirtualClock.objects.first() if settings.SANDBOX_VIRTUAL_CLOCK else None
    if row is None:
        return answer({"mode": "real", **shown})
    reached = clock.to_wire(row.reached)
    return answer({"mode": "virtual", **shown, "rate": row.rate, "jumps": row.jumps, "reached": reached})


def turn_clock(request: HttpRequest) -> HttpResponse:
    """Set the virtual clock: {rate?, jumps?, now?}: seconds a second, or from one due moment to the next.

    `now` only goes forward. Returns the clock. Raises `ApiError` 400, or 409 if the clock cannot do this.
    """
    body = read_object(request)
    jumps = body.get("jumps", False)
    if not isinstance(jumps, bool) or (jumps and body.get("rate")):
        raise ApiError(400, {"jumps": ["true or false was expected here; true goes with no rate."]})
    rate = real_of(body, "rate", 0, most=FASTEST) if "rate" in body else None
    text = text_of(body, "now")
    try:
        clock.turn(rate=rate, jumps=jumps, to=clock.from_wire(text) if text else None)
    except ValueError as error:
        raise ApiError(400, {"now": ["Expected YYYY-MM-DDTHH:MM:SS."]}) from error
    except clock.ClockConflict as conflict:
        raise ApiError(409, str(conflict)) from conflict
    return read_clock(request)


def list_messages(request: HttpRequest) -> HttpResponse:
    """Return messages (?reference=, ?phone_number=) with the calls made for them, at most 1,000."""
    rows = Message.objects.select_related("tenant").prefetch_related("calls").order_by("id")
    if reference := request.GET.get("reference"):
        rows = rows.filter(reference=reference)
    if number := request.GET.get("phone_number"):
        rows = rows.filter(phone_number=phones.canonical(number) or "")
    shown = [
        {
            "tenant": message.tenant.name,
            "send_on": clock.to_wire(message.send_on),
            **{name: getattr(message, name) for name in SHOWN_OF_A_MESSAGE},
            "calls": [show_call(call) for call in message.calls.all()],
        }
        for message in rows[:SHOWN_AT_MOST]
    ]
    return answer(shown)


def summary(_request: HttpRequest) -> HttpResponse:
    """Return the counts of `figures`."""
    return answer(figures())


def figures() -> JsonObject:
    """Return {messages, by_state, references, duplicate_references, live_calls, calls}.

    A reference is a duplicate if more than one message carries it.
    """
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
