"""How large a request's body may be, known before it is read: by path, and by who asks.

The process that reads requests holds calls. So a body is refused with 413 by its declared length, or as soon
as it grows beyond what is allowed; people who are not signed in send no more than their login.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.settings import api_settings

from calls.media.servers.daphne_bodies import body_of
from campaigns.models import User
from campaigns.permissions import API, PAGES, asked_for

log = logging.getLogger(__name__)

MIB = 1 << 20
ANYBODY = MIB
"""Bytes that a person who is not signed in may send: a login has some hundred."""
CLIPS = 64 * MIB
LISTS = frozenset({"campaign-files", "standing-list", "api-campaign-people", "api-standing-list-people"})
"""Addresses that take lists of people, up to IMPORT_MAX_MB."""
RECORDINGS = frozenset(
    {
        "api-content-list",
        "api-content-detail",
        "admin:campaigns_content_add",
        "admin:campaigns_content_change",
    }
)
"""Addresses that take recorded clips."""

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Any, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a request: all that is known before its body. Names of headers in lower case."""

    method: str
    path: str
    headers: Headers

    def header(self, name: bytes) -> str:
        """Return the first header of this name; empty if there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    @property
    def length(self) -> int:
        """Return the length that the request declares; 0 if it declares none, as a chunked one does."""
        declared = self.header(b"content-length")
        return int(declared) if declared.isdigit() else 0


async def most_bytes(head: Head) -> int:
    """Return how many bytes this request may send. Reads the database, in a thread."""
    try:
        found: int = await database_sync_to_async(_most_bytes, thread_sensitive=False)(head)
    except Exception:
        log.exception("It could not be found out who sends a large request; it is refused.")
        return ANYBODY
    return found


async def most_bytes_of(method: str, path: str, headers: Headers) -> int:
    """Return `most_bytes` of a request in the form in which servers know it; `path` still quoted."""
    return await most_bytes(Head(method, unquote(path), headers))


def _most_bytes(head: Head) -> int:
    try:
        address = resolve(head.path).view_name
    except Resolver404:
        return ANYBODY
    user = sender_of(head)
    wanted = asked_for({**PAGES, **API}.get(address) or {"GET": ()}, head.method)
    if user is None or not user.has_perms(wanted or ()):
        return ANYBODY
    if address in LISTS:
        return (int(settings.IMPORT_MAX_MB) + 1) * MIB  # one for the form around the file
    return CLIPS if address in RECORDINGS else int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def sender_of(head: Head) -> User | None:
    """Return the active user who sends this request, by session or by token; None if there is none."""
    request = HttpRequest()
    request.method = "GET"  # nothing is changed here, so no CSRF token is asked for
    request.META["HTTP_AUTHORIZATION"] = head.header(b"authorization")
    with suppress(CookieError):
        request.COOKIES = {name: each.value for name, each in SimpleCookie(head.header(b"cookie")).items()}
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    user = auth.get_user(request)
    if isinstance(user, User) and user.is_active:
        return user
    known = cast("Sequence[type[BaseAuthentication]]", api_settings.DEFAULT_AUTHENTICATION_CLASSES)
    for authentication in known:
        if issubclass(authentication, SessionAuthentication):
            continue
        try:
            found = authentication().authenticate(Request(request))
        except AuthenticationFailed:
            continue
        if found is not None and isinstance(found[0], User):
            return found[0]
    return None


class BodyLimit:
    """ASGI: pass requests on with at most the body that they may have; refuse the others with 413."""

    def __init__(self, application: App) -> None:
        self._application = application

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        head = Head(scope["method"], scope["path"], scope["headers"])
        if (kept := body_of(send)) is not None:  # Daphne's: limited as it came, and on disk if it is large
            with kept:
                await self._application(scope, kept.receive(receive), send)
            return
        if head.length > ANYBODY and head.length > await most_bytes(head):
            await refuse(send)
            return
        body = _Counted(head, receive)
        await self._application(scope, body.receive, send)
        if body.is_refused:
            await refuse(send)


class _Counted:
    """The body of a request, counted as it comes. Beyond its limit the application sees a disconnect."""

    def __init__(self, head: Head, receive: Receive) -> None:
        self._head, self._receive = head, receive
        self._size, self._most = 0, ANYBODY
        self.is_refused = False

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the next message of the server, or a disconnect."""
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self._most == ANYBODY:
            self._most = await most_bytes(self._head)
        if self._size > self._most:
            self.is_refused = True
            return {"type": "http.disconnect"}
        return message


async def refuse(send: Send) -> None:
    """Answer 413 and have the server close the connection, without reading the rest of the body."""
    body = b"The request is larger than this address takes from you.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
