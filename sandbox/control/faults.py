"""Faults of the control API: switched on, listed with what they did, switched off."""

from collections.abc import Callable

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
    """{operation?, behaviour or script, nth? or times? or probability?, seed?, seconds?}"""
    body = read_object(request)
    operation = text_of(body, "operation", limit=40) or "create_bulk"
    if operation not in OPERATIONS:
        raise ApiError(400, {"operation": ["One of these was expected: " + ", ".join(sorted(OPERATIONS))]})
    fault = Fault(operation=operation, seconds=real_of(body, "seconds", 60.0, most=600.0))
    set_when(fault, body, lambda text: fault_scripts.check(text, operation))
    fault.save()
    return answer(_show_fault(fault), 201)


def list_faults(_request: HttpRequest) -> HttpResponse:
    return answer([_show_fault(fault) for fault in Fault.objects.order_by("id")])


def clear_faults(_request: HttpRequest) -> HttpResponse:
    Fault.objects.all().delete()
    return no_content()


def _show_fault(fault: Fault) -> JsonObject:
    return {"id": fault.pk, "operation": fault.operation, "seconds": fault.seconds} | show_switch(fault)


def add_line_fault(request: HttpRequest) -> HttpResponse:
    """{behaviour or script, nth? or times? or probability?, seed?, from?, to?, person?, reference?}."""
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
    return answer([_show_line_fault(fault) for fault in LineFault.objects.order_by("id")])


def clear_line_faults(_request: HttpRequest) -> HttpResponse:
    LineFault.objects.all().delete()
    return no_content()


def line_faults(text: str) -> str:
    """The faults of a line, each with its measure. ValueError says what there is."""
    if not (faults := linefaults.read(text)):
        raise ValueError("At least one fault was expected.")
    return linefaults.write(faults)


def _show_line_fault(fault: LineFault) -> JsonObject:
    filters = {"from": fault.from_number, "to": fault.to_number}
    more = {"person": fault.person, "reference": fault.reference}
    return {"id": fault.pk} | filters | more | show_switch(fault)


def show_switch(switch: Switch) -> JsonObject:
    """What every switch has in common."""
    return {name: getattr(switch, name) for name in SHOWN}


def set_when(switch: Switch, body: JsonObject, check: Callable[[str], str]) -> None:
    """What it does and when, from the members `behaviour` and WHEN. `check` raises ValueError."""
    if len(body.keys() & set(WHEN[:3])) > 1:
        raise ApiError(400, {"script": ["Only one of script, nth and times can be given."]})
    switch.seed = text_of(body, "seed", limit=80) or "awaaz"
    switch.probability = real_of(body, "probability", 1.0, most=1.0)
    switch.remaining = whole_of(body, "times")
    if "script" in body:
        switch.script = _script(text_of(body, "script", required=True, limit=10_000), check)
        return
    switch.behaviour = _checked("behaviour", text_of(body, "behaviour", required=True), check)
    if (turn := whole_of(body, "nth")) is not None:
        switch.script = _nth(turn, switch.behaviour)


def _script(text: str, check: Callable[[str], str]) -> list[str]:
    try:
        turns = fault_scripts.read_script(text)
    except ValueError as error:
        raise ApiError(400, {"script": [str(error)]}) from error
    return [turn if turn == OK else _checked("script", turn, check) for turn in turns]


def _nth(turn: int, behaviour: str) -> list[str]:
    try:
        return fault_scripts.nth(turn, behaviour)
    except ValueError as error:
        raise ApiError(400, {"nth": [str(error)]}) from error


def _checked(member: str, text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise ApiError(400, {member: [str(error)]}) from error
