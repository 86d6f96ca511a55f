"""`account/login` (awaaz-platform.md §1)."""

from django.http import HttpRequest, HttpResponse

from sandbox.api import tokens
from sandbox.api.http import answer, read_object, text_of
from sandbox.models import Tenant


def login(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Return a token and the user for `{"email","password"}` of any of the tenant's users, else 401."""
    body = read_object(request)
    email = text_of(body, "email", required=True, limit=254)
    password = text_of(body, "password", required=True, limit=1000)
    user = tokens.user_of(tenant, email, password)
    if user is None:
        return answer({"non_field_errors": ["Unable to log in with provided credentials."]}, 401)
    return answer({"token": tokens.issue(user), "user": {"id": user.pk, "email": user.email}})
