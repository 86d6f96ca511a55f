"""Who may open a call: the right secret in the address, an active number, a free line.

The address is `/stream/<key>-<secret>/`: the key finds the number's row, the secret is compared in constant
time, with the present one and, while it is still good, with the one before. A number may ask for more:
networks the call comes from, and basic auth (awaaz-platform.md §2: the platform can send it). Any other
connection is refused before the WebSocket is accepted and sees HTTP 403. A refused path is never logged, for
it may hold a secret but for one letter; nor is what was sent as user name and password.
"""

import asyncio
import base64
import binascii
import hmac
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseFailure

from calls import services
from calls.conversation.outputs import Close, Ending
from calls.events.journal import Journal
from calls.media.call_registry import call_registry
from calls.protocol.messages import Container
from calls.recordings.recorder import recording_writer
from campaigns import clock
from campaigns.models import PhoneNumber
from campaigns.models.base import new_secret
from campaigns.networks import is_inside, networks_in, sender
from campaigns.phones import mask

log = logging.getLogger(__name__)

_PATH = re.compile(r"/stream/(?P<key>[a-z2-7]{1,20})-(?P<secret>[a-z2-7]{1,80})/?")
_NO_SECRET = new_secret()
"""Compared with when there is no number, so that an unknown key costs the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A call whose row is open. `container` is how the number's agent audio is packed."""

    call_id: UUID
    number_id: int
    container: Container
    reference_tag: str
    """The custom parameter that holds a message's reference where none is called `reference`."""
    record: bool
    announce: bool
    """The call is recorded only after a notice that it is."""
    reserved_for_resume: bool = False
    """Beyond the limits: only good for going on with a call whose connection broke."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A connection that gets no call. `reason` is a sentence for the log, without secret, the number masked.

    `busy`: it might be taken at another time or by another process.
    """

    reason: str
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRequest:
    """What a connection shows of itself before it is accepted."""

    path: str
    peer: str = ""
    forwarded_for: tuple[str, ...] = ()
    authorization: str = ""

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "ConnectionRequest":
        """Return what an ASGI scope shows. Headers that come several times are kept in order."""
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope.get("headers", ())]
        forwarded = tuple(value for name, value in headers if name == b"x-forwarded-for")
        authorization = next((value for name, value in headers if name == b"authorization"), "")
        peer = (scope.get("client") or ("",))[0]
        return cls(path=scope["path"], peer=peer, forwarded_for=forwarded, authorization=authorization)


async def admit_within(seconds: float, request: ConnectionRequest, *, journal: Journal) -> Admitted | Refused:
    """Return what `admit` returns, run in a thread of its own; `Refused` after `seconds`, or if the database
    fails. A call opened too late is closed again."""
    admitting = database_sync_to_async(admit, thread_sensitive=False)(request, journal=journal)
    task = asyncio.ensure_future(admitting)
    try:
        return await asyncio.wait_for(asyncio.shield(task), seconds)
    except TimeoutError:
        task.add_done_callback(lambda late: _close_unused(late, journal))
        return Refused(f"A connection was refused: the database did not answer within {seconds:.0f} s.", True)
    except asyncio.CancelledError:
        task.add_done_callback(lambda late: _close_unused(late, journal))
        raise
    except DatabaseFailure as error:
        return Refused(f"A connection was refused: the database failed ({type(error).__name__}).", True)


def _close_unused(late: "asyncio.Future[Admitted | Refused]", journal: Journal) -> None:
    """Close a call whose connection was given up before it was opened."""
    if late.cancelled() or late.exception() is not None:
        return
    if isinstance(opened := late.result(), Admitted):
        journal.of(opened.call_id).closed(_GIVEN_UP, None)


_GIVEN_UP = Close(
    code=None, ended_by=Ending.CONNECTION, reason="The connection was given up before the call began."
)


def admit(request: ConnectionRequest, *, journal: Journal) -> Admitted | Refused:
    """Check a connection's request and open the call's row and its place in the journal.

    Reads and writes the database: to be run in a thread. Raises what the database raises.
    """
    number = number_at(request.path)
    if number is None:
        return Refused("A connection with an unknown address was refused.")
    if objection := _objection(number, request):
        return Refused(f"A call for {mask(number.e164)} was refused: {objection}.")
    if call_registry.draining and not call_registry.count_awaiting_resume(number.pk):
        return Refused(f"A call for {mask(number.e164)} was refused: this server is about to stop.", True)
    return _open_call(number, journal)


def _objection(number: PhoneNumber, request: ConnectionRequest) -> str:
    """Return why this number does not take this call; empty if it does."""
    if not number.active:
        return "the number is switched off"
    if number.allowed_networks:
        address = sender(request.peer, request.forwarded_for, settings.TRUSTED_PROXIES)
        if not is_inside(address, networks_in(number.allowed_networks)):
            return "it does not come from an allowed network"
    if number.stream_user and not _is_authorized(number, request.authorization):
        return "its user name and password are missing or wrong"
    return ""


def _is_authorized(number: PhoneNumber, authorization: str) -> bool:
    """Check basic auth (RFC 7617), name and password compared as one, in constant time."""
    scheme, _, token = authorization.partition(" ")
    try:
        given = base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    expected = f"{number.stream_user}:{number.stream_password}".encode()
    return hmac.compare_digest(given, expected) and scheme.lower() == "basic"


def _open_call(number: PhoneNumber, journal: Journal) -> Admitted | Refused:
    """Claim a line; where all are taken, one for a call that broke and may come back on this connection."""
    journal.register()
    reserved_for_resume = 0
    try:
        call_id = _claim(number, journal, reserved_for_resume=0)
    except (services.LineFullError, services.ProcessFullError):
        reserved_for_resume = call_registry.count_awaiting_resume(number.pk)
        try:
            call_id = _claim(number, journal, reserved_for_resume=reserved_for_resume)
        except services.LineFullError:
            return _busy(number, f"all {number.max_calls} lines are busy")
        except services.ProcessFullError:
            return _busy(number, f"this server holds {settings.MAX_PROCESS_CALLS} calls")
    journal.open(call_id)
    if number.record_calls:
        recording_writer.start()
    return Admitted(
        call_id=call_id,
        number_id=number.pk,
        container="raw" if number.container == PhoneNumber.Container.RAW else "wav",
        reference_tag=number.account.reference_tag,
        record=number.record_calls,
        announce=number.record_calls and number.announce_recording,
        reserved_for_resume=bool(reserved_for_resume) or call_registry.draining,
    )


def _claim(number: PhoneNumber, journal: Journal, *, reserved_for_resume: int) -> UUID:
    return services.open_call(
        number.pk, process_id=journal.process_id, now=clock.now(), reserved_for_resume=reserved_for_resume
    )


def _busy(number: PhoneNumber, why: str) -> Refused:
    return Refused(f"A call for {mask(number.e164)} was refused: {why}.", busy=True)


def number_at(path: str) -> PhoneNumber | None:
    """Return the number whose address this is, active or not; None if the key or the secret is wrong.

    The secret is compared with the present one and the one before, always with two: all cases cost the same.
    """
    parts = _PATH.fullmatch(path)
    key, secret = (parts["key"], parts["secret"]) if parts else ("", "")
    number = PhoneNumber.objects.select_related("account").filter(stream_key=key).first()
    previous = ""
    if number and (until := number.previous_secret_until) and clock.now() < until:
        previous = number.previous_stream_secret
    is_right = False
    for expected in (number.stream_secret if number else _NO_SECRET, previous or _NO_SECRET):
        is_right |= hmac.compare_digest(secret.encode(), expected.encode())
    return number if is_right and number else None
