"""Who may do what in the portal: staff read, permissions decide about changes."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request

from campaigns.models import User

#: Whoever may change people may also see their whole numbers in the API; everybody else gets them masked.
SEES_NUMBERS = "campaigns.change_recipient"

#: Whoever may find, hand out and erase what we hold about one person.
HANDLES_PERSONS = "campaigns.handle_person"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_page(*permissions: str) -> Callable[[View[P]], View[P]]:
    """A page for staff who have all of `permissions`; others are asked to log in, or told no (403)."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_staff or not request.user.has_perms(permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("View[P]", login_required(guarded))

    return decorate


def acting_user(request: HttpRequest | Request) -> User | None:
    """Return the signed-in user who acts in `request`; None if it comes from none of ours."""
    return request.user if isinstance(request.user, User) else None


def current_user(request: HttpRequest) -> User:
    """The user behind a request that `staff_page` has let through."""
    return cast("User", request.user)
