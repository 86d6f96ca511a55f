"""What every answer passes through: the content policy of the portal, and static files under ASGI."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

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
