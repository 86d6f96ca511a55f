"""Who may open a call: the right secret in the address, an active number, a free line.

The address is `/stream/<key>-<secret>/`: the key finds the number's row, the secret is compared in constant
time, with the present one and, while it is still good, with the one before. A number may ask for more:
networks the call comes from, and basic auth (awaaz-platform.md §2: the platform can send it). Any other
connection is refused before the WebSocket is accepted and sees HTTP 403. A refused path is never logged, for
it may hold a secret but for one letter; nor is what was sent as user name and password.
"""

import base64
import binascii
import hmac
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from calls import services
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
    """A call whose row is open. `container` is how the number's agent audio is packed.

    `number_id` is None if a draft is tried.
    """

    call_id: UUID
    number_id: int | None
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

    def is_authorized(self, user: str, password: str) -> bool:
        """Return whether basic auth (RFC 7617) holds both, compared as one, in constant time."""
        scheme, _, token = self.authorization.partition(" ")
        try:
            given = base64.b64decode(token.strip(), validate=True)
        except (binascii.Error, ValueError):
            given = b""
        return hmac.compare_digest(given, f"{user}:{password}".encode()) and scheme.lower() == "basic"


def admit_all(requests: Sequence[ConnectionRequest], *, journal: Journal) -> list[Admitted | Refused]:
    """Check what connections show, and open the calls of those that may come in one transaction, in order.

    Reads and writes the database: to be run in a thread. Raises what the database raises.
    """
    numbers = numbers_at([request.path for request in requests])
    answers: list[Admitted | Refused | PhoneNumber] = [
        _look_at(number, request) for number, request in zip(numbers, requests, strict=True)
    ]
    opened = iter(_open_calls([answer for answer in answers if isinstance(answer, PhoneNumber)], journal))
    return [next(opened) if isinstance(answer, PhoneNumber) else answer for answer in answers]


def _look_at(number: PhoneNumber | None, request: ConnectionRequest) -> PhoneNumber | Refused:
    """Return the number if it takes this connection, else why it does not."""
    if number is None:
        return Refused("A connection with an unknown address was refused.")
    if objection := _objection(number, request):
        return Refused(f"A call for {mask(number.e164)} was refused: {objection}.")
    if call_registry.draining and not call_registry.count_awaiting_resume(number.pk):
        return _busy(number, "this server is about to stop")
    return number


def _objection(number: PhoneNumber, request: ConnectionRequest) -> str:
    """Return why this number does not take this call; empty if it does."""
    if not number.active:
        return "the number is switched off"
    if number.allowed_networks:
        address = sender(request.peer, request.forwarded_for, settings.TRUSTED_PROXIES)
        if not is_inside(address, networks_in(number.allowed_networks)):
            return "it does not come from an allowed network"
    if number.stream_user and not request.is_authorized(number.stream_user, number.stream_password):
        return "its user name and password are missing or wrong"
    return ""


def _open_calls(numbers: Sequence[PhoneNumber], journal: Journal) -> list[Admitted | Refused]:
    """Claim a line for each; where all are taken, one for a call that broke and may come back."""
    if not numbers:
        return []
    journal.register()
    results = services.open_calls(
        [number.pk for number in numbers],
        process_id=journal.process_id,
        now=clock.now(),
        awaiting={number.pk: call_registry.count_awaiting_resume(number.pk) for number in numbers},
        ended=journal.ended,
    )
    return [_answer(number, result, journal) for number, result in zip(numbers, results, strict=True)]


def _answer(
    number: PhoneNumber, result: services.Opened | services.Full, journal: Journal
) -> Admitted | Refused:
    """Make ready what an opened call needs, and return what the consumer has to know of it."""
    if result is services.Full.LINES:
        return _busy(number, f"all {number.max_calls} lines are busy")
    if isinstance(result, services.Full):
        return _busy(number, f"this server holds {settings.MAX_PROCESS_CALLS} calls")
    journal.open(result.call_id)
    if number.record_calls:
        recording_writer.start()
    return Admitted(
        call_id=result.call_id,
        number_id=number.pk,
        container="raw" if number.container == PhoneNumber.Container.RAW else "wav",
        reference_tag=number.account.reference_tag,
        record=number.record_calls,
        announce=number.record_calls and number.announce_recording,
        reserved_for_resume=result.for_resume or call_registry.draining,
    )


def _busy(number: PhoneNumber, why: str) -> Refused:
    return Refused(f"A call for {mask(number.e164)} was refused: {why}.", busy=True)


def numbers_at(paths: Sequence[str]) -> list[PhoneNumber | None]:
    """Return the number of each address, active or not; None if the key or the secret is wrong. One query."""
    parts = [_PATH.fullmatch(path) for path in paths]
    keys = {found["key"] for found in parts if found}
    rows = PhoneNumber.objects.select_related("account").filter(stream_key__in=keys)
    by_key = {number.stream_key: number for number in rows}
    return [
        _with_secret(by_key.get(found["key"]), found["secret"]) if found else _with_secret(None, "")
        for found in parts
    ]


def _with_secret(number: PhoneNumber | None, secret: str) -> PhoneNumber | None:
    """Return the number if the secret is its present one or the one before, while that is still good.

    It is compared with both, always: all cases cost the same.
    """
    previous = ""
    if number and (until := number.previous_secret_until) and clock.now() < until:
        previous = number.previous_stream_secret
    is_right = False
    for expected in (number.stream_secret if number else _NO_SECRET, previous or _NO_SECRET):
        is_right |= hmac.compare_digest(secret.encode(), expected.encode())
    return number if is_right else None
