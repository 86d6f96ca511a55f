"""Who may open which address: one table for the pages, the API, the live sockets and the files.

The admin asks Django's permissions of each table. Who is signed in and has no permission reads nothing.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from types import MappingProxyType
from typing import Any, Concatenate, Final, ParamSpec, TypeAlias, cast
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from campaigns.models import ApiToken, User

#: People with this permission see whole phone numbers; all others get them masked.
SEES_NUMBERS = "campaigns.change_recipient"

#: Permission to find, hand out and erase what we hold about one person.
HANDLES_PERSONS = "campaigns.handle_person"

Permissions: TypeAlias = tuple[str, ...]
Access: TypeAlias = Mapping[str, Permissions]
"""What each HTTP method of an address asks for, all of them together. Other methods are answered 405."""


def reads(*permissions: str) -> Access:
    """Return the access of an address that only shows something."""
    return {"GET": permissions}


def acts(*permissions: str) -> Access:
    """Return the access of an address that only does something."""
    return {"POST": permissions}


def form(shown: Permissions, sent: Permissions) -> Access:
    """Return the access of a page with a form: to see it, and to send it."""
    return {"GET": shown, "POST": sent}


def _rows(address: str, model: str, *, methods: str = "GET POST PUT PATCH DELETE") -> dict[str, Access]:
    """Return the rows of the API's two addresses of a table: its list, and one row of it."""
    kinds = {"GET": "view", "POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
    app, _, name = model.partition(".")
    access = {method: (f"{app}.{kinds[method]}_{name}",) for method in methods.split()}
    return {
        f"{address}-list": {method: access[method] for method in access if method in ("GET", "POST")},
        f"{address}-detail": {method: access[method] for method in access if method != "POST"},
    }


_SEES_CAMPAIGNS = ("campaigns.view_campaign",)
_SEES_PEOPLE = ("campaigns.view_campaign", "campaigns.view_recipient")
_SEES_DAY = ("campaigns.view_campaign", "calls.view_call")
_CHANGES = ("campaigns.change_campaign",)
_APPROVES = ("campaigns.approve_campaign",)
_IMPORTS = ("campaigns.add_import",)
_PERSONS = (HANDLES_PERSONS,)
_SEES_SLOTS = ("campaigns.view_calendar", "campaigns.view_appointment")
_SEES_DIALOGUES = ("campaigns.view_dialogue",)
_MAKES_DIALOGUES = ("campaigns.change_dialogue",)
_KEEPS_NUMBERS = ("campaigns.view_phonenumber", "campaigns.change_phonenumber")
_SEES_CALLBACKS = (*_SEES_PEOPLE, "campaigns.view_callback")

PAGES: Final[Mapping[str, Access]] = {
    "home": reads(*_SEES_DAY),
    "calls": reads("calls.view_call"),
    "live-calls": reads("calls.view_call"),
    "call": reads("calls.view_call"),
    "call-audio": reads("calls.view_call"),
    "call-test": acts("calls.view_call", *_MAKES_DIALOGUES),
    "recording": reads("calls.view_recording"),
    "spoken-message": reads("calls.view_recording"),
    "person": form(_PERSONS, _PERSONS),
    "campaigns": reads(*_SEES_CAMPAIGNS),
    "campaign": reads(*_SEES_CAMPAIGNS),
    "campaign-new": form(("campaigns.add_campaign",), ("campaigns.add_campaign",)),
    "campaign-edit": form(_CHANGES, _CHANGES),
    "campaign-people": reads(*_SEES_PEOPLE),
    "campaign-report": reads("campaigns.view_message"),
    "campaign-answers": reads("calls.view_call"),
    "campaign-answers-file": reads("campaigns.view_message"),
    "campaign-preflight": reads(*_SEES_CAMPAIGNS),
    "campaign-preflight-ask": acts(*_CHANGES),
    "campaign-cancel": reads(*_CHANGES),
    "campaign-approve": acts(*_APPROVES),
    "campaign-goals": acts(*_CHANGES),
    "campaign-quotas": form(_SEES_CAMPAIGNS, _CHANGES),
    "campaign-change": acts(*_CHANGES),
    "campaign-callbacks": form(_SEES_CALLBACKS, (*_SEES_CALLBACKS, "campaigns.add_callback")),
    "callback-withdraw": acts("campaigns.change_callback"),
    "staff-callbacks": reads("campaigns.view_staffcallback"),
    "staff-callback": acts("campaigns.view_staffcallback", "campaigns.change_staffcallback"),
    "numbers": reads("campaigns.view_phonenumber"),
    # The address of the stream holds a secret: the page is for those who may change it.
    "number": form(_KEEPS_NUMBERS, _KEEPS_NUMBERS),
    "number-secret": acts(*_KEEPS_NUMBERS),
    "campaign-files": form(("campaigns.view_import",), _IMPORTS),
    "import": form(("campaigns.view_import", "campaigns.view_importrow"), _IMPORTS),
    "import-progress": reads("campaigns.view_import"),
    "import-cancel": acts(*_IMPORTS),
    "import-update": acts(*_IMPORTS),
    # The rows as they came, whole numbers and all: for those who correct them and send them again.
    "import-rows": reads("campaigns.view_importrow", SEES_NUMBERS),
    "calendars": form(("campaigns.view_calendar",), ("campaigns.view_calendar", "campaigns.add_calendar")),
    "calendar": form(_SEES_SLOTS, (*_SEES_SLOTS, "campaigns.change_calendar")),
    "calendar-table": acts(*_SEES_SLOTS, "campaigns.add_slot"),
    "calendar-file": acts(*_SEES_SLOTS, "campaigns.add_slot"),
    "slot-remove": acts("campaigns.delete_slot"),
    "slot-enter": acts("campaigns.add_appointment"),
    "appointment-cancel": acts("campaigns.change_appointment"),
    "pronunciations": form(
        ("campaigns.view_pronunciation",), ("campaigns.view_pronunciation", "campaigns.add_pronunciation")
    ),
    "pronunciation-hear": reads("campaigns.view_pronunciation"),
    "pronunciation-remove": acts("campaigns.delete_pronunciation"),
    "voices": form(
        ("campaigns.view_hostedvoice",), ("campaigns.view_hostedvoice", "campaigns.add_hostedvoice")
    ),
    "voice": form(("campaigns.change_hostedvoice",), ("campaigns.change_hostedvoice",)),
    "voice-remove": acts("campaigns.delete_hostedvoice"),
    "dialogues": reads(*_SEES_DIALOGUES),
    "dialogue-new": form(("campaigns.add_dialogue",), ("campaigns.add_dialogue",)),
    "dialogue": form(_SEES_DIALOGUES, _MAKES_DIALOGUES),
    "dialogue-words": reads(*_SEES_DIALOGUES),
    "dialogue-clip": acts(*_MAKES_DIALOGUES, "campaigns.add_content"),
    "dialogue-delete": form(("campaigns.delete_dialogue",), ("campaigns.delete_dialogue",)),
    "dialogue-file": reads(*_SEES_DIALOGUES),
    "dialogue-import": form(_MAKES_DIALOGUES, _MAKES_DIALOGUES),
    "dialogue-try": form(_SEES_DIALOGUES, _MAKES_DIALOGUES),
    "dialogue-talk": form(_SEES_DIALOGUES, _MAKES_DIALOGUES),
    "dialogue-tests": form(_SEES_DIALOGUES, _MAKES_DIALOGUES),
    "dialogue-replay": form((*_SEES_DIALOGUES, "calls.view_call"), (*_MAKES_DIALOGUES, "calls.view_call")),
    "dialogue-versions": reads(*_SEES_DIALOGUES),
    "dialogue-publish": form(("campaigns.publish_dialogue",), ("campaigns.publish_dialogue",)),
    "dialogue-take": acts(*_CHANGES),
    "programmes": reads("campaigns.view_programme"),
    "standing-list": form(
        ("campaigns.view_member",),
        ("campaigns.view_member", "campaigns.add_member", "campaigns.change_member"),
    ),
}
"""The portal's pages and files, by the names of their addresses. All are for staff only."""

API: Final[Mapping[str, Access]] = {
    "api-root": reads(),
    **_rows("api-template", "campaigns.template"),
    **_rows("api-template-language", "campaigns.templatelanguage"),
    **_rows("api-content", "campaigns.content"),
    **_rows("api-number", "campaigns.phonenumber"),
    **_rows("api-campaign", "campaigns.campaign"),
    "api-campaign-goals": acts(*_CHANGES),
    "api-campaign-quotas": {"GET": _SEES_CAMPAIGNS, "PUT": _CHANGES},
    "api-campaign-launch": acts(*_CHANGES),
    "api-campaign-pause": acts(*_CHANGES),
    "api-campaign-resume": acts(*_CHANGES),
    "api-campaign-cancel": acts(*_CHANGES),
    "api-campaign-approve": acts(*_APPROVES),
    "api-campaign-approval": reads(*_SEES_CAMPAIGNS),
    "api-campaign-history": reads(*_SEES_CAMPAIGNS),
    "api-campaign-counts": reads(*_SEES_CAMPAIGNS),
    "api-campaign-preflight": reads(*_SEES_CAMPAIGNS),
    "api-campaign-ask-preflight": acts(*_CHANGES),
    "api-campaign-people": acts(*_IMPORTS),
    "api-campaign-add-people": acts(*_IMPORTS),
    "api-campaign-report": reads("campaigns.view_message"),
    **_rows("api-import", "campaigns.import", methods="GET"),
    "api-import-choose": acts(*_IMPORTS),
    "api-import-cancel": acts(*_IMPORTS),
    "api-import-update-waiting": acts(*_IMPORTS),
    **_rows("api-mapping", "campaigns.columnmapping", methods="GET DELETE"),
    **_rows("api-recipient", "campaigns.recipient", methods="GET"),
    **_rows("api-callback", "campaigns.callback", methods="GET POST"),
    "api-callback-withdraw": acts("campaigns.change_callback"),
    **_rows("api-staff-callback", "campaigns.staffcallback", methods="GET"),
    "api-staff-callback-take": acts("campaigns.change_staffcallback"),
    "api-staff-callback-give-back": acts("campaigns.change_staffcallback"),
    "api-staff-callback-finish": acts("campaigns.change_staffcallback"),
    **_rows("api-suppression", "campaigns.suppression", methods="GET POST"),
    **_rows("api-standing-list", "campaigns.standinglist"),
    "api-standing-list-people": acts("campaigns.add_member", "campaigns.change_member"),
    **_rows("api-member", "campaigns.member"),
    **_rows("api-programme", "campaigns.programme"),
    **_rows("api-draw", "campaigns.draw", methods="GET"),
    **_rows("api-calendar", "campaigns.calendar"),
    **_rows("api-slot", "campaigns.slot", methods="GET POST DELETE"),
    **_rows("api-appointment", "campaigns.appointment", methods="GET"),
    "api-appointment-cancel": acts("campaigns.change_appointment"),
    **_rows("api-service", "campaigns.outsideservice", methods="GET"),
    **_rows("api-notification", "campaigns.notification", methods="GET"),
    "api-dialogue-schema": reads(*_SEES_CAMPAIGNS),
    **_rows("api-call", "calls.call", methods="GET"),
    "api-call-events": reads("calls.view_call"),
    "api-call-message": reads("calls.view_recording"),
    "api-person-find": acts(*_PERSONS),
    "api-person-export": acts(*_PERSONS),
    "api-person-erase": acts(*_PERSONS),
}
"""The REST API, by the names of its addresses. Its users need not be staff."""

SOCKETS: Final[Mapping[str, Permissions]] = MappingProxyType(
    {
        "live/home/": _SEES_DAY,
        "live/campaigns/<int:pk>/": _SEES_DAY,
        "live/calls/<uuid:pk>/": ("calls.view_call",),
        "talk/<str:ticket>/": _MAKES_DIALOGUES,
    }
)
"""The sockets of the portal's live pages and of talking to a draft, by route. For staff only."""

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def address_of(request: HttpRequest | Request) -> str:
    """Return the name of the address that was asked for; empty if no address of ours was."""
    return request.resolver_match.view_name if request.resolver_match else ""


def asked_for(access: Access, method: str | None) -> Permissions | None:
    """Return what `method` asks for; None if the address does not take it. HEAD and OPTIONS read."""
    if method == "OPTIONS":
        return access.get("GET", next(iter(access.values())))
    return access.get("GET" if method == "HEAD" else method or "")


def staff_page(view: View[P]) -> View[P]:
    """Open a page to staff with the permissions that `PAGES` asks for at its address.

    People who are not signed in are sent to the login; others without them get 403; a method that is not in
    the table is answered 405.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        access = PAGES[address_of(request)]
        if not request.user.is_authenticated:
            return redirect_to_login(_to_come_back_to(request, access))
        permissions = asked_for(access, request.method)
        if permissions is None:
            return HttpResponseNotAllowed([*access])
        if not request.user.is_staff or not request.user.has_perms(permissions):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View[P]", guarded)


def _to_come_back_to(request: HttpRequest, access: Access) -> str:
    """Return what is opened after the sign-in that a request has to wait for: a page that may be opened so.

    That is where the form of a request stood that was sent: what was typed into it is given back there.
    """
    sent_from = urlsplit(request.headers.get("Referer", ""))
    if request.method not in ("GET", "HEAD") and sent_from.netloc == request.get_host():
        with suppress(Resolver404):
            if "GET" in PAGES.get(resolve(sent_from.path).view_name, {}):
                return urlunsplit(("", "", sent_from.path, sent_from.query, ""))
    return request.get_full_path() if "GET" in access else resolve_url(settings.LOGIN_REDIRECT_URL)


class ByAddress(BasePermission):
    """Ask for what `API` says (403; 401 without a login; 405 for a method that is not in the table)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the user of this request has the permissions of its address."""
        access = API[address_of(request)]
        if not request.user.is_authenticated:
            return False
        permissions = asked_for(access, request.method)
        if permissions is None:
            raise MethodNotAllowed(str(request.method))
        return bool(request.user.has_perms(permissions)) and _token_allows(request, permissions)


def _token_allows(request: HttpRequest | Request, permissions: Permissions) -> bool:
    """Return whether the token of this request, if it has one, has the scope for these permissions."""
    token = getattr(request, "auth", None)
    return not isinstance(token, ApiToken) or token.allows(permissions)


def may_watch(user: object, route: str) -> bool:
    """Return whether this user may open the socket at a route of `SOCKETS`. Reads the database."""
    is_staff = isinstance(user, User) and user.is_active and user.is_staff
    return is_staff and cast("User", user).has_perms(SOCKETS[route])


def sees_numbers(request: HttpRequest | Request) -> bool:
    """Return whether who asks sees whole phone numbers. The one gate of all pages, files and replies."""
    allowed = isinstance(request.user, User) and request.user.has_perm(SEES_NUMBERS)
    return allowed and _token_allows(request, (SEES_NUMBERS,))


def acting_user(request: HttpRequest | Request) -> User | None:
    """Return the signed-in user who acts in `request`; None if it comes from none of ours."""
    return request.user if isinstance(request.user, User) else None


def current_user(request: HttpRequest) -> User:
    """Return the user of a request that `staff_page` has let through."""
    return cast("User", request.user)
