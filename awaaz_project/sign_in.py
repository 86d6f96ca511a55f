"""Who signs in from where: the address of a request, and a limit to wrong passwords from one address.

django-axes locks one name from one address; a list of names, each tried once, would never be slowed by that.
"""

from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from campaigns.networks import sender


def sender_address(request: HttpRequest) -> str | None:
    """Return the address a request comes from, behind TRUSTED_PROXIES too; None if it is not known.

    It comes from our own proxies or from the connection, never from a header that a client wrote.
    """
    proxied = request.headers.get("X-Forwarded-For", "")
    address = sender(request.META.get("REMOTE_ADDR") or "", [proxied], settings.TRUSTED_PROXIES)
    return str(address) if address else None


class AddressLimit(BaseBackend):
    """Refuse sign-ins from an address with too many wrong passwords, whatever names they were for."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Return nothing: other backends decide. Raises `PermissionDenied` beyond the limit."""
        address = sender_address(request) if request is not None else None
        if address is None or request is None:
            return
        since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
        attempts = AccessAttempt.objects.filter(ip_address=address, attempt_time__gte=since)
        failures = attempts.aggregate(all=Sum("failures_since_start", default=0))["all"]
        if failures >= settings.LOGIN_FAILURES_BY_ADDRESS:
            request.axes_locked_out = True  # type: ignore[attr-defined]  # read by the middleware of axes
            raise PermissionDenied("Too many wrong passwords from this address.")
