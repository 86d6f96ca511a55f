"""What every answer passes through: the content policy of the portal, and static files under ASGI."""

from collections.abc import Callable

from auditlog.middleware import AuditlogMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject
from rest_framework.authtoken.models import Token
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from campaigns import clock
from campaigns.models import User
from campaigns.networks import sender
from campaigns.pseudonyms import token_name

#: Pages of libraries that bring inline scripts and styles of their own; staff only, and behind the login.
OWN_POLICY = ("/admin/", "/api/docs/")

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class ContentPolicy:
    """Lets the browser run and draw only what comes from our own static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the header, but to the pages that cannot live with it."""
        response = self.get_response(request)
        if not request.path.startswith(OWN_POLICY):
            response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        return response


class Audit(AuditlogMiddleware):
    """Tells the audit log who asks and from where.

    The user is looked at when something is written: a token of the API is read after every middleware. The
    address comes from our own proxies or from the connection, never from whoever writes a header.
    """

    def get_extra_data(self, request: HttpRequest) -> dict[str, object]:
        """What each entry of this request gets; auditlog calls what can be called."""
        proxied = request.headers.get("X-Forwarded-For", "")
        address = sender(request.META.get("REMOTE_ADDR") or "", [proxied], settings.TRUSTED_PROXIES)
        return {
            "actor": SimpleLazyObject(lambda: request.user),
            "remote_addr": str(address) if address else None,
            "timestamp": clock.now,
            "additional_data": lambda: {"who": _name(request), "path": request.path, **_token(request)},
        }


def _name(request: HttpRequest) -> str:
    return request.user.get_username() if isinstance(request.user, User) else ""


def _token(request: HttpRequest) -> dict[str, str]:
    """By which token of the API it was asked, under the name that the log has for it."""
    token = getattr(request, "auth", None)  # set by the API when it knows who asks
    return {"token": token_name(token.key)} if isinstance(token, Token) else {}


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise whose answers are read at once: a file handle is a synchronous iterator, which ASGI warns
    about and copies into memory anyway."""

    @staticmethod
    def serve(  # type: ignore[override]  # as the middleware has it, not as the WSGI application
        static_file: StaticFile, request: HttpRequest
    ) -> HttpResponse:
        """The file, or what its conditional and range headers ask for."""
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file as file:
                body = file.read()
        response = HttpResponse(body, status=int(answer.status))
        del response["content-type"]
        for key, value in answer.headers:
            response[key] = value
        return response
