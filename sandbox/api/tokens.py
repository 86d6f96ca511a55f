"""Tokens of the XFin API: a JWT that lives one hour (awaaz-platform.md §1), under both header schemes."""

from datetime import timedelta
from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.hashers import check_password

from sandbox import clock
from sandbox.models import Tenant, User

ALGORITHM = "HS256"
SCHEMES = frozenset({"bearer", "jwt"})


class NotAuthenticated(Exception):
    """The request carries no usable token; the text says why."""


def user_of(tenant: Tenant, email: str, password: str) -> User | None:
    """Return the user with these credentials, None if there is none."""
    user = tenant.users.filter(email__iexact=email.strip()).first()
    return user if user and check_password(password, user.password_hash) else None


def issue(user: User) -> str:
    """Return a token for this user's tenant; it lives the tenant's or SANDBOX_TOKEN_SECONDS real seconds."""
    tenant = user.tenant
    life = settings.SANDBOX_TOKEN_SECONDS if tenant.token_seconds is None else tenant.token_seconds
    now = clock.real_now()
    claims = {"tenant": tenant.name, "email": user.email, "iat": now, "exp": now + timedelta(seconds=life)}
    return jwt.encode(claims, settings.SECRET_KEY, algorithm=ALGORITHM)


def shortened(token: str, seconds: float) -> str:
    """Return the same token, expiring `seconds` real seconds from now (RFC 7519 §2 allows fractions).

    Raises `NotAuthenticated` if the token cannot be read.
    """
    claims = _claims(token) | {"exp": clock.real_now().timestamp() + seconds}
    return jwt.encode(claims, settings.SECRET_KEY, algorithm=ALGORITHM)


def require(header: str, tenant: Tenant) -> None:
    """Accept `Bearer <jwt>` or `JWT <jwt>` of this tenant. Raises `NotAuthenticated` with the reason."""
    scheme, _, token = header.strip().partition(" ")
    if not header.strip():
        raise NotAuthenticated("Authentication credentials were not provided.")
    if scheme.lower() not in SCHEMES or not token.strip():
        raise NotAuthenticated("The Authorization header must be 'Bearer <token>' or 'JWT <token>'.")
    claims = _claims(token.strip())
    if claims.get("tenant") != tenant.name:
        raise NotAuthenticated("This token belongs to another organisation.")
    if float(claims.get("exp", 0)) <= clock.real_now().timestamp():
        raise NotAuthenticated("The token has expired; log in again.")


def _claims(token: str) -> dict[str, Any]:
    # Expiry is checked by our own, possibly shifted clock, not by the library's.
    options: Any = {"verify_exp": False, "verify_iat": False}
    try:
        return jwt.decode(token, settings.SECRET_KEY, algorithms=[ALGORITHM], options=options)
    except jwt.InvalidTokenError as error:
        raise NotAuthenticated("The token cannot be read; log in again.") from error
