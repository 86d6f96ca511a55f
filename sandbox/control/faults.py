"""Faults of the control API: switched on, listed with what they did, switched off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse

from sandbox.api import fault_scripts
from sandbox.api.fault_scripts import OK
from sandbox.api.http import (
    OPERATIONS,
    ApiError,
    JsonObject,
    answer,
    no_content,
    person_of,
    phone_of,
    read_object,
    real_of,
    text_of,
    whole_of,
)
from sandbox.line import faults as linefaults
from sandbox.models import Fault, LineFault, Switch

WHEN = ("script", "nth", "times", "probability")
SHOWN = ("behaviour", "script", "remaining", "probability", "seed", "seen", "fired")


def add_fault(request: HttpRequest) -> HttpResponse:
    """Switch a fault on: {operation?, behaviour or script, nth? or times? or probability?, seed?, seconds?}.

    Returns it with 201. Raises `ApiError` 400.
    """
    body = read_object(request)
    operation = text_of(body, "operation", limit=40) or "create_bulk"
    if operation not in OPERATIONS:
        raise ApiError(400, {"operation": ["One of these was expected: " + ", ".join(sorted(OPERATIONS))]})
    fault = Fault(operation=operation, seconds=real_of(body, "seconds", 60.0, most=600.0))
    set_when(fault, body, lambda text: fault_scripts.check(text, operation))
    fault.save()
    return answer(_show_fault(fault), 201)


def list_faults(_request: HttpRequest) -> HttpResponse:
    """Return the faults of the API with how often each acted."""
    return answer([_show_fault(fault) for fault in Fault.objects.order_by("id")])


def clear_faults(_request: HttpRequest) -> HttpResponse:
    """Switch all faults of the API off; return 204."""
    Fault.objects.all().delete()
    return no_content()


def _show_fault(fault: Fault) -> JsonObject:
    return {"id": fault.pk, "operation": fault.operation, "seconds": fault.seconds} | show_switch(fault)


def add_line_fault(request: HttpRequest) -> HttpResponse:
    """Switch a fault of the line on, for the calls that its filters from?, to?, person?, reference? name.

    Further members: behaviour or script, nth? or times? or probability?, seed?. Returns it with 201. Raises
    `ApiError` 400.
    """
    body = read_object(request)
    fault = LineFault(
        from_number=phone_of(body, "from") if "from" in body else "",
        to_number=phone_of(body, "to") if "to" in body else "",
        person=person_of("person", body["person"]) if "person" in body else "",
        reference=text_of(body, "reference"),
    )
    set_when(fault, body, line_faults)
    fault.save()
    return answer(_show_line_fault(fault), 201)


def list_line_faults(_request: HttpRequest) -> HttpResponse:
    """Return the faults of the line with how often each acted."""
    return answer([_show_line_fault(fault) for fault in LineFault.objects.order_by("id")])


def clear_line_faults(_request: HttpRequest) -> HttpResponse:
    """Switch all faults of the line off; return 204."""
    LineFault.objects.all().delete()
    return no_content()


def line_faults(text: str) -> str:
    """Return the faults of a line, each with its measure. Raises ValueError naming those there are."""
    if not (faults := linefaults.read(text)):
        raise ValueError("At least one fault was expected.")
    return linefaults.write(faults)


def _show_line_fault(fault: LineFault) -> JsonObject:
    filters = {"from": fault.from_number, "to": fault.to_number}
    more = {"person": fault.person, "reference": fault.reference}
    return {"id": fault.pk} | filters | more | show_switch(fault)


def show_switch(switch: Switch) -> JsonObject:
    """Return what every switch has in common: what it does, when, and how often it did."""
    return {name: getattr(switch, name) for name in SHOWN}


def set_when(switch: Switch, body: JsonObject, check: Callable[[str], str]) -> None:
    """Set what a switch does and when, from the members `behaviour` and WHEN. Raises `ApiError` 400.

    `check` returns a behaviour as it is stored, or raises ValueError.
    """
    if len(body.keys() & set(WHEN[:3])) > 1:
        raise ApiError(400, {"script": ["Only one of script, nth and times can be given."]})
    switch.seed = text_of(body, "seed", limit=80) or "awaaz"
    switch.probability = real_of(body, "probability", 1.0, most=1.0)
    switch.remaining = whole_of(body, "times")
    if "script" in body:
        with _refusing("script"):
            turns = fault_scripts.read_script(text_of(body, "script", required=True, limit=10_000))
            switch.script = [turn if turn == OK else check(turn) for turn in turns]
        return
    with _refusing("behaviour"):
        switch.behaviour = check(text_of(body, "behaviour", required=True))
    if (turn := whole_of(body, "nth")) is not None:
        with _refusing("nth"):
            switch.script = fault_scripts.nth(turn, switch.behaviour)


@contextmanager
def _refusing(member: str) -> Iterator[None]:
    """Turn a ValueError into an `ApiError` 400 that names the member."""
    try:
        yield
    except ValueError as error:
        raise ApiError(400, {member: [str(error)]}) from error
