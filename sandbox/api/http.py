"""What every API operation shares: routes with an optional slash, authentication, JSON in and out, errors.

Bodies are read by hand and every refusal says which member was wrong: a stand-in that guesses hides mistakes.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path

from sandbox import phones
from sandbox.api import fault_injection, tokens
from sandbox.models import Tenant
from sandbox.people import people

JsonObject = dict[str, Any]
M = TypeVar("M", bound=Model)
View = Callable[..., Awaitable[HttpResponseBase]]
Handler = Callable[..., HttpResponse]
"""One operation: (request, tenant, **ids of the path) → answer. Faults are switched on by its name."""
LONGEST_ID = 18
LONGEST_PAGE = 9
OPERATIONS: set[str] = set()
"""The names of all operations that have a route."""
ROUTES: list["Route"] = []
"""All routes of the XFin API, in their order."""
TENANT = r"^(?P<tenant>[A-Za-z0-9_.-]+)/v1/"


class Route(NamedTuple):
    """One path behind `/{tenant}/v1/`, and its operations by HTTP method."""

    path: str
    public: bool
    handlers: dict[str, Handler]


class ApiError(Exception):
    """Refuse a request with an HTTP status and the JSON body that explains it."""

    def __init__(self, status: int, body: JsonObject | str) -> None:
        super().__init__(str(status))
        self.status = status
        self.body = {"detail": body} if isinstance(body, str) else body


def answer(body: object, status: int = 200) -> HttpResponse:
    """Return a JSON answer."""
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


def no_content() -> HttpResponse:
    """Return an answer without a body (204)."""
    return HttpResponse(status=204)


def route(path: str, *, public: bool = False, **handlers: Handler) -> URLPattern:
    """Return a tenant's path, with and without a last slash; `handlers` maps HTTP methods to operations.

    A POST without the slash is answered where it is: a redirect would lose its body (awaaz-platform.md §1).
    """
    ROUTES.append(Route(path, public, handlers))
    OPERATIONS.update(handler.__name__ for handler in handlers.values())

    async def view(request: HttpRequest, tenant: str, **ids: str) -> HttpResponseBase:
        handler = handlers.get(request.method or "")
        if handler is None:
            reply = answer({"detail": "This method is not offered here."}, 405)
            reply["Allow"] = ", ".join(sorted(handlers))
            return reply

        async def run() -> HttpResponse:
            numbers = {name: int(value) for name, value in ids.items()}
            return await sync_to_async(_perform)(handler, request, tenant, numbers, public)

        return await fault_injection.around(handler.__name__, request, run)

    return async_path(TENANT + path + "/?$", view)


def async_path(pattern: str, view: View) -> URLPattern:
    """Return `re_path` for an async view, which Django takes and its type stubs do not know."""
    return re_path(pattern, cast("Callable[..., HttpResponse]", view))


def _perform(
    handler: Handler, request: HttpRequest, tenant_name: str, ids: dict[str, int], public: bool
) -> HttpResponse:
    try:
        tenant = Tenant.objects.filter(name=tenant_name).first()
        if tenant is None:
            raise ApiError(404, "There is no organisation of this name on the platform.")
        if not public:
            tokens.require(request.headers.get("Authorization", ""), tenant)
        return handler(request, tenant, **ids)
    except tokens.NotAuthenticated as refusal:
        reply = answer({"detail": str(refusal)}, 401)
        reply["WWW-Authenticate"] = 'Bearer realm="api"'
        return reply
    except ApiError as error:
        return answer(error.body, error.status)


def read_json(request: HttpRequest) -> Any:
    """Return the body as JSON, whatever the content type says. Raises `ApiError` 400."""
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(400, f"The request body is not valid JSON: {error}") from error


def read_object(request: HttpRequest) -> JsonObject:
    """Return the body as a JSON object. Raises `ApiError` 400."""
    body = read_json(request)
    if not isinstance(body, dict):
        raise ApiError(400, "The request body must be a JSON object.")
    return body


def text_of(body: JsonObject, name: str, *, required: bool = False, limit: int = 200) -> str:
    """Return a member as text, "" if it is absent; a number is taken as its text.

    Raises `ApiError` 400 naming the member.
    """
    value = body.get(name)
    if value is None or value == "":
        if required:
            raise ApiError(400, {name: ["This field is required."]})
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ApiError(400, {name: ["A text was expected here."]})
    if len(str(value)) > limit:
        raise ApiError(400, {name: [f"At most {limit} characters are taken here."]})
    return str(value)


def phone_of(body: JsonObject, name: str) -> str:
    """Return a member as a phone number, with +. Raises `ApiError` 400 naming the member."""
    number = phones.canonical(text_of(body, name, required=True))
    if number is None:
        raise ApiError(400, {name: ["A phone number was expected here."]})
    return number


def whole_of(body: JsonObject, name: str) -> int | None:
    """Return a whole number, 0 or more, None if it is absent. Raises `ApiError` 400 naming the member."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ApiError(400, {name: ["A whole number, 0 or more, was expected here."]})
    return value


def real_of(body: JsonObject, name: str, default: float, *, most: float) -> float:
    """Return a number from 0 to `most`, `default` if it is absent. Raises `ApiError` 400."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ApiError(400, {name: [f"A number between 0 and {most:g} was expected here."]})
    return float(value)


def person_of(member: str, name: object) -> str:
    """Return the name of a person of the cast. Raises `ApiError` 400 naming the member."""
    if not isinstance(name, str) or name not in people.cast():
        known = ", ".join(sorted(people.cast()))
        raise ApiError(400, {member: [f"There is no such person; there are: {known}."]})
    return name


def id_of(value: object, name: str) -> int:
    """Return an id given as `7`, `"7"` or `{"id": 7}`. Raises `ApiError` 400 naming the member."""
    inner = value.get("id") if isinstance(value, dict) else value
    if not is_id(inner):
        raise ApiError(400, {name: ['An id was expected here: 7, "7" or {"id": 7}.']})
    return int(str(inner))


def is_id(value: object) -> bool:
    """Return whether a value is a whole number, 0 or more, as number or text, of at most 18 digits."""
    text = str(value) if isinstance(value, int | str) else ""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID


def page_number(request: HttpRequest) -> int:
    """Return the page that is asked for, from 1. Raises `ApiError` 404 if it is no page."""
    text = request.GET.get("page") or "1"
    if not is_id(text) or int(text) < 1 or len(text) > LONGEST_PAGE:
        raise ApiError(404, "Invalid page.")
    return int(text)


def paged(request: HttpRequest, rows: QuerySet[M], show: Callable[[M], JsonObject]) -> HttpResponse:
    """Return one page as `{"results": […], "next": absolute URL or null}` (awaaz-platform.md §1).

    Raises `ApiError` 404 past the end.
    """
    size, page = settings.SANDBOX_PAGE_SIZE, page_number(request)
    found = list(rows[(page - 1) * size : page * size + 1])
    if not found and page > 1:
        raise ApiError(404, "Invalid page.")
    following = None
    if len(found) > size:
        query = request.GET.copy()
        query["page"] = str(page + 1)
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return answer({"results": [show(row) for row in found[:size]], "next": following})


def wanted_fields(request: HttpRequest) -> set[str]:
    """Return the names in the `fields` filter, comma-joined or repeated; empty means all."""
    return set(split_values(request.GET.getlist("fields")))


def split_values(values: Iterable[str]) -> list[str]:
    """Return repeated and comma-joined parameters as one list, blanks left out."""
    return [part.strip() for value in values for part in re.split(",", value) if part.strip()]


def only(body: JsonObject, fields: set[str]) -> JsonObject:
    """Return the members named in `fields`, all if it is empty."""
    return {name: value for name, value in body.items() if name in fields} if fields else body
