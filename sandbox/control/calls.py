"""Calls of the control API: ordered in both directions, listed with all that was counted."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sandbox import clock, phones
from sandbox.api.http import ApiError, JsonObject, answer, person_of, phone_of, read_object, text_of
from sandbox.line import faults
from sandbox.models import CallerNumber, CallRecord
from sandbox.people import people

SHOWN_AT_MOST = 1000


def order_call(request: HttpRequest) -> HttpResponse:
    """Order a call: {from, to, person?, language?, custom_parameters?, faults?}; it rings at once.

    Returns the call with 202; read it back at `calls/{id}`. Raises `ApiError` 400, or 409 on a virtual clock.
    """
    body = _call_body(request)
    person = text_of(body, "person")
    return _order(
        body,
        direction=CallRecord.Direction.OUTBOUND,
        from_number=_assigned_number(body, "from"),
        to_number=phone_of(body, "to"),
        person=person_of("person", person) if person else "",
    )


def call_in(request: HttpRequest) -> HttpResponse:
    """Let a person ring our number `to`: {from, to, person, language?, custom_parameters?, faults?}.

    The agent gets `custom_parameters` and nothing else: no document says what the platform sends about a
    caller, and there is no message whose data it could send (awaaz-platform.md §2). Returns and raises as
    `order_call`.
    """
    body = _call_body(request)
    person = person_of("person", body.get("person"))
    if people.cast()[person].picks_up is not people.PicksUp.ANSWER:
        raise ApiError(400, {"person": ["This one never picks up a telephone, so it cannot call in."]})
    return _order(
        body,
        direction=CallRecord.Direction.INBOUND,
        from_number=phone_of(body, "from"),
        to_number=_assigned_number(body, "to"),
        person=person,
    )


def _call_body(request: HttpRequest) -> JsonObject:
    if settings.SANDBOX_VIRTUAL_CLOCK:
        raise ApiError(
            409, "The clock is virtual, so no stream is opened; order calls from a sandbox without."
        )
    return read_object(request)


def _assigned_number(body: JsonObject, member: str) -> str:
    number = phone_of(body, member)
    if not CallerNumber.objects.filter(phone_number=number).exists():
        raise ApiError(400, {member: ["This number is not assigned to anybody; register it under numbers."]})
    return number


def _order(body: JsonObject, **columns: str) -> HttpResponse:
    parameters = body.get("custom_parameters", {})
    if not isinstance(parameters, dict):
        raise ApiError(400, {"custom_parameters": ["An object was expected here."]})
    language = text_of(body, "language", limit=20)
    try:
        line_faults = faults.write(faults.read(text_of(body, "faults")))
    except ValueError as error:
        raise ApiError(400, {"faults": [str(error)]}) from error
    call = CallRecord.objects.create(
        language=language,
        faults=line_faults,
        custom_parameters={str(name): str(value) for name, value in parameters.items()},
        ordered_at=clock.now(),
        **columns,
    )
    return answer(show_call(call), 202)


def list_calls(request: HttpRequest) -> HttpResponse:
    """Return calls, the newest first (at most 1,000), filtered by ?to= and ?state=."""
    rows = CallRecord.objects.order_by("-id")
    if to := request.GET.get("to"):
        rows = rows.filter(to_number=phones.canonical(to) or "")
    if state := request.GET.get("state"):
        rows = rows.filter(state=state)
    return answer([show_call(call) for call in rows[:SHOWN_AT_MOST]])


def read_call(_request: HttpRequest, *, pk: int) -> HttpResponse:
    """Return a call. Raises `ApiError` 404."""
    call = CallRecord.objects.filter(pk=pk).first()
    if call is None:
        raise ApiError(404, "There is no call of this id.")
    return answer(show_call(call))


SHOWN_OF_A_CALL = (
    "id", "message_id", "direction", "state", "from_number", "to_number", "language", "attempt", "person",
    "faults", "custom_parameters", "call_sid", "stream_sid", "disposition", "reason", "duration_ms",
    "frames_sent", "frames_late", "media_received", "heard_ms", "dropped_ms", "underruns", "marks_received",
    "marks_returned", "clears", "digits", "containers", "close_code", "problems", "story", "recording",
)  # fmt: skip


def show_call(call: CallRecord) -> JsonObject:
    """Return a call with all that was counted; times as `clock.to_wire` writes them, or None."""
    times = {name: getattr(call, name) for name in ("ordered_at", "answered_at", "ended_at")}
    shown = {name: getattr(call, name) for name in SHOWN_OF_A_CALL}
    return shown | {name: clock.to_wire(time) if time else None for name, time in times.items()}
