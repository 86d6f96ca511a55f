"""Who may do what in the portal and the API: staff read, permissions decide about changes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from campaigns.models import User

#: People with this permission see whole phone numbers in the API; all others get them masked.
SEES_NUMBERS = "campaigns.change_recipient"

#: Permission to find, hand out and erase what we hold about one person.
HANDLES_PERSONS = "campaigns.handle_person"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_page(*permissions: str) -> Callable[[View[P]], View[P]]:
    """Return a decorator that opens a page to staff who have all of `permissions`.

    People who are not signed in are sent to the login; others without them get 403.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_staff or not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("View[P]", login_required(guarded))

    return decorate


def needs(*permissions: str) -> type[BasePermission]:
    """Return a permission class of the API that asks for all of `permissions` (403; 401 without a login)."""

    class HasPermissions(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            return bool(request.user.has_perms(permissions))

    return HasPermissions


def acting_user(request: HttpRequest | Request) -> User | None:
    """Return the signed-in user who acts in `request`; None if it comes from none of ours."""
    return request.user if isinstance(request.user, User) else None


def current_user(request: HttpRequest) -> User:
    """Return the user of a request that `staff_page` has let through."""
    return cast("User", request.user)
