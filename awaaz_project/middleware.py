"""What every request passes through: the content policy, the audit log, and static files under ASGI."""

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence

from auditlog.middleware import AuditlogMiddleware
from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from awaaz_project.sign_in import sender_address
from campaigns import clock, edges
from campaigns.models import ApiToken

log = logging.getLogger(__name__)

LOST_RACE = (
    "Others changed the same people or campaigns at this moment. Nothing of yours was changed: go back and "
    "try again."
)
#: What pages of libraries need beyond the policy in the settings, by the beginning of their path. The admin:
#: Alpine compiles the expressions in its attributes, and unfold writes its colours into the page. The API's
#: documentation: a script and a style in the page, with a nonce each (templates/api_docs.html).
OWN_DIRECTIVES: Mapping[str, Mapping[str, Sequence[object]]] = {
    "/admin/": {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]},
    "/api/docs/": {"script-src": [SELF, NONCE], "style-src": [SELF, NONCE]},
}


class ContentPolicy(CSPMiddleware):
    """Send each page with a content policy: the browser runs and draws only what the policy names."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return CONTENT_SECURITY_POLICY with the sockets of the host that was asked, and of no other.

        Directives in `OWN_DIRECTIVES` for the path replace its own.
        """
        parts = super().get_policy_parts(request, response, report_only)
        with contextlib.suppress(DisallowedHost):
            host = request.get_host()
            parts.update = {**(parts.update or {}), "connect-src": [f"ws://{host}", f"wss://{host}"]}
        for beginning, directives in OWN_DIRECTIVES.items():
            if request.path.startswith(beginning):
                parts.replace = {**directives, **(parts.replace or {})}
        return parts


class LostRaces:
    """Say so where a request lost a race in the database too often: nothing changed, it may be repeated."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return 503 with a sentence for a lost race, None for any other error."""
        if not edges.is_lost_race(error):
            return None
        log.warning("%s %s lost a race in the database", request.method, request.path, exc_info=error)
        answer = HttpResponse(LOST_RACE, status=503, content_type="text/plain; charset=utf-8")
        answer["Retry-After"] = "2"
        return answer


class Audit(AuditlogMiddleware):
    """Give the audit log the user, the address and the path of each request.

    The user is read when an entry is written, because the API reads its token after every middleware.
    """

    def get_extra_data(self, request: HttpRequest) -> dict[str, object]:
        """Return what each entry of this request gets; auditlog calls the values that are functions.

        `additional_data` has the user name, the path, and for the API the token's name in the log.
        """

        def additional_data() -> dict[str, str]:
            data = {"who": request.user.get_username(), "path": request.path}
            token = getattr(request, "auth", None)  # set by the API once it knows the user
            return data | {"token": token.known_as} if isinstance(token, ApiToken) else data

        return {
            "actor": SimpleLazyObject(lambda: request.user),
            "remote_addr": sender_address(request),
            "timestamp": clock.now,
            "additional_data": additional_data,
        }


class StaticFiles(WhiteNoiseMiddleware):
    """Serve static files with WhiteNoise, each read at once.

    A file handle would be a synchronous iterator, which ASGI warns about and copies into memory anyway.
    """

    @staticmethod
    def serve(  # type: ignore[override]  # as the middleware has it, not as the WSGI application
        static_file: StaticFile, request: HttpRequest
    ) -> HttpResponse:
        """Return the file, or what its conditional and range headers ask for: 200, 206, 304 or 416."""
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
