"""`xact/message/`: create (single and in bulk), list, read, change, delete, import (awaaz-platform.md §1)."""

import csv
import io
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict

from sandbox import clock, phones
from sandbox.api import message_intake
from sandbox.api.http import (
    ApiError,
    JsonObject,
    answer,
    is_id,
    no_content,
    only,
    paged,
    read_json,
    read_object,
    split_values,
    wanted_fields,
)
from sandbox.models import Message, Tenant

# The vendor's samples show that states also come as numbers (6 for a finished call); the others are ours.
STATE_NUMBERS = {
    Message.State.SCHEDULED: 1,
    Message.State.IN_PROGRESS: 3,
    Message.State.DONE: 6,
    Message.State.FAILED: 7,
}
ALREADY_DIALLED = "This message is being dialled or has been; it can no longer be changed or deleted."


def show(message: Message) -> JsonObject:
    """Return a message as it is read back (awaaz-platform.md §1)."""
    return {
        "id": message.pk,
        "phone_number": message.phone_number,
        "send_on": clock.to_wire(message.send_on),
        "state": shown_state(message),
        "execution_state_reason_code": message.reason_code or None,
        "duration": hours(message.duration_ms),
        "tags": message.tags,
        "values": message.values,
        "templatelanguage": message.templatelanguage_id,
    }


def shown_state(message: Message) -> str | int:
    """Return the state as a word or as a number, by the tenant's setting."""
    state = Message.State(message.state)
    numbers = message.tenant.state_style == Tenant.StateStyle.NUMBERS
    return STATE_NUMBERS[state] if numbers else state.value


def hours(duration_ms: int | None) -> str | None:
    """Return a duration as `HH:MM:SS`, rounded; None if there was no call."""
    if duration_ms is None:
        return None
    seconds = round(duration_ms / 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def create_bulk(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Create up to 10,000 messages of `{"data": […], "instant_message"?}`; return the results in that order.

    Each is created or refused by itself. Raises `ApiError` 400 if the request as a whole cannot be taken.
    """
    body = read_json(request)
    if isinstance(body, list):
        # One branch of the vendor's client sends the bare list.
        body = {"data": body}
    batch = body.get("data") if isinstance(body, dict) else None
    if not isinstance(batch, list):
        raise ApiError(400, {"data": ["A list of messages was expected here."]})
    instant = body.get("instant_message", False)
    if not isinstance(instant, bool):
        raise ApiError(400, {"instant_message": ["true or false was expected here."]})
    if len(batch) > settings.SANDBOX_BULK_LIMIT:
        raise ApiError(400, f"At most {settings.SANDBOX_BULK_LIMIT} messages are taken in one request.")
    if instant and len(batch) > settings.SANDBOX_INSTANT_LIMIT:
        limit = settings.SANDBOX_INSTANT_LIMIT
        raise ApiError(400, f"At most {limit} instant messages are taken in one request.")
    if instant:
        batch = [{**m, "send_on": ""} if isinstance(m, dict) else m for m in batch]
    return answer([taken.echo() for taken in message_intake.receive(tenant, batch)], 201)


def create_message(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Create one message, in either dialect, and return it with 201. Raises `ApiError` 400."""
    [taken] = message_intake.receive(tenant, [read_object(request)])
    if taken.message is None:
        raise ApiError(400, taken.error)
    return answer({**taken.given, **show(taken.message), "phone_number": taken.given["phone_number"]}, 201)


def list_messages(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Return one page of the messages that match the filters of the query. Raises `ApiError` 400 or 404."""
    fields = wanted_fields(request)
    rows, query = Message.objects.filter(shown(), tenant=tenant), request.GET
    for name in ("send_on__gt", "send_on__lt"):
        if text := query.get(name):
            try:
                rows = rows.filter(**{name: clock.from_wire(text)})
            except ValueError as error:
                raise ApiError(400, {name: ["Expected YYYY-MM-DDTHH:MM:SS."]}) from error
    if query.get("state"):
        rows = rows.filter(state__in=_states(query.getlist("state")))
    if query.get("tags"):
        tags = query.getlist("tags")
        wanted = {*tags, *split_values(tags)}
        rows = rows.filter(reduce(or_, (Q(**{f"{name}__in": wanted}) for name in message_intake.TAGS)))
    if query.get("templatelanguage"):
        rows = rows.filter(templatelanguage_id__in=_ids("templatelanguage", query))
    if query.get("recipient_phone_number"):
        # A '+' that was not percent-encoded arrives as a blank: canonical() drops it again.
        rows = rows.filter(phone_number=phones.canonical(query["recipient_phone_number"]) or "")
    rows = rows.select_related("tenant").order_by("id")
    return paged(request, rows, lambda message: only(show(message), fields))


def shown() -> Q:
    """Return the condition of messages that the API shows; some it shows late."""
    return Q(hidden_until__isnull=True) | Q(hidden_until__lte=clock.real_now())


def _states(values: list[str]) -> list[str]:
    known = {str(number): state.value for state, number in STATE_NUMBERS.items()}
    known |= {state.value: state.value for state in Message.State}
    asked = split_values(values)
    if unknown := [value for value in asked if value not in known]:
        raise ApiError(400, {"state": [f"There is no state '{unknown[0][:40]}'."]})
    return [known[value] for value in asked]


def _ids(name: str, query: QueryDict) -> list[int]:
    asked = split_values(query.getlist(name))
    if not all(map(is_id, asked)):
        raise ApiError(400, {name: ["Ids were expected here."]})
    return [int(value) for value in asked]


def _get(tenant: Tenant, pk: int) -> Message:
    rows = Message.objects.filter(shown(), tenant=tenant, pk=pk)
    found = rows.select_related("tenant", "templatelanguage").first()
    if found is None:
        raise ApiError(404, "Not found.")
    return found


def read_message(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return a message. Raises `ApiError` 404."""
    return answer(show(_get(tenant, pk)))


def change_message(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Change what was sent (PATCH) and return the message. Raises `ApiError` 409 once it is being dialled."""
    return _rewrite(tenant, pk, read_object(request))


def replace_message(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Replace the whole message (PUT) and return it. Raises `ApiError` 409 once it is being dialled."""
    given = read_object(request)
    blank: JsonObject = {"values": [], "tags": [], "send_on": ""}
    if not {"tags", *message_intake.TAGS} & given.keys():
        given = {**given, "tags": []}
    return _rewrite(
        tenant, pk, {**blank, **given} if "tags" in given else {"send_on": "", **given}, replace=True
    )


def _rewrite(tenant: Tenant, pk: int, given: JsonObject, *, replace: bool = False) -> HttpResponse:
    # The transaction begins IMMEDIATE: the scheduler cannot claim it between reading the state and saving.
    with transaction.atomic():
        message = _get(tenant, pk)
        if message.state != Message.State.SCHEDULED:
            raise ApiError(409, ALREADY_DIALLED)
        if replace:
            message.fields = {}
        try:
            message_intake.apply_changes(message, message_intake.TemplateBook(tenant), given, clock.now())
        except message_intake.Refused as refusal:
            raise ApiError(400, str(refusal)) from refusal
        message.save()
    return answer(show(message))


def delete_message(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Delete a message; return 204. Raises `ApiError` 404, or 409 once it is being dialled."""
    with transaction.atomic():
        if _get(tenant, pk).state != Message.State.SCHEDULED:
            raise ApiError(409, ALREADY_DIALLED)
        Message.objects.filter(pk=pk).delete()
    return no_content()


def delete_messages(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Delete the messages of `{"ids": […]}` that are not yet dialled.

    Returns 204 if all are gone, else 200 with which were deleted and why others were not. Raises `ApiError`.
    """
    ids = read_object(request).get("ids")
    if not isinstance(ids, list) or not ids or not all(map(is_id, ids)):
        raise ApiError(400, {"ids": ["A list of message ids was expected here."]})
    wanted = list(dict.fromkeys(int(i) for i in ids))
    with transaction.atomic():
        states = dict(
            Message.objects.filter(tenant=tenant, pk__in=wanted).values_list("pk", "state").iterator()
        )
        gone = [pk for pk in wanted if states.get(pk) == Message.State.SCHEDULED]
        Message.objects.filter(pk__in=gone).delete()
    kept = [
        {"id": pk, "reason": ALREADY_DIALLED if pk in states else "There is no message of this id."}
        for pk in wanted
        if states.get(pk) != Message.State.SCHEDULED
    ]
    return answer({"deleted": gone, "not_deleted": kept}) if kept else no_content()


def import_messages(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Create the messages of a CSV `phone_number,template,language,send_on,val1,val2…`; return the results.

    The file is UTF-8 or ISO-8859-1. Raises `ApiError` 400 if it cannot be read or has too many rows.
    """
    file = request.FILES.get("file")
    if file is None or isinstance(file, list):
        raise ApiError(400, {"file": ["A CSV file was expected here."]})
    data = file.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("iso-8859-1")
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    if "phone_number" not in (reader.fieldnames or []):
        raise ApiError(400, {"file": ["The first row must name the columns, phone_number among them."]})
    rows: list[JsonObject] = []
    try:
        for row in reader:
            row.pop("", None)
            values = [text for name, text in row.items() if name.startswith("val") and name[3:].isdecimal()]
            rows.append({**row, "values": values} if values else row)
    except csv.Error as error:
        raise ApiError(400, {"file": [f"Line {reader.line_num} cannot be read: {error}"]}) from error
    if len(rows) > settings.SANDBOX_BULK_LIMIT:
        raise ApiError(400, f"At most {settings.SANDBOX_BULK_LIMIT} rows are taken in one file.")
    return answer([taken.echo() for taken in message_intake.receive(tenant, rows)], 201)
