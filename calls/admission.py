"""Who may open a call: the right secret in the address, an active number, a free line.

The address is `/stream/<key>-<secret>/`: the key finds the number's row, the secret is compared in constant
time. Everybody else is refused before the WebSocket is accepted and sees HTTP 403. A refused path is never
logged, for it may hold a secret but for one letter.
"""

import asyncio
import hmac
import logging
import re
from dataclasses import dataclass
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure

from calls import services
from calls.journal import Journal
from calls.protocol.messages import Container
from calls.recording import desk
from calls.steps import Close, Ending
from campaigns import clock
from campaigns.models import PhoneNumber
from campaigns.models.base import new_secret
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
    record: bool
    announce: bool
    """The call is recorded only after a notice that it is."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No call; `reason` is a sentence for the log, without secret and with the number masked."""

    reason: str


async def admit_within(seconds: float, path: str, *, journal: Journal) -> Admitted | Refused:
    """`admit` in a thread of its own, bounded; what it opens too late is closed again."""
    judging = database_sync_to_async(admit, thread_sensitive=False)(path, journal=journal)
    task = asyncio.ensure_future(judging)
    try:
        return await asyncio.wait_for(asyncio.shield(task), seconds)
    except TimeoutError:
        task.add_done_callback(lambda late: _close_unused(late, journal))
        return Refused(f"A connection was refused: the database did not answer within {seconds:.0f} s.")
    except asyncio.CancelledError:
        task.add_done_callback(lambda late: _close_unused(late, journal))
        raise
    except DatabaseFailure as error:
        return Refused(f"A connection was refused: the database failed ({type(error).__name__}).")


def _close_unused(judged: "asyncio.Future[Admitted | Refused]", journal: Journal) -> None:
    """Nobody waits for this call any more."""
    if judged.cancelled() or judged.exception() is not None:
        return
    if isinstance(opened := judged.result(), Admitted):
        journal.page(opened.call_id).closed(_GIVEN_UP, None)


_GIVEN_UP = Close(
    code=None, ended_by=Ending.CONNECTION, reason="The connection was given up before the call began."
)


def admit(path: str, *, journal: Journal) -> Admitted | Refused:
    """Judge the address of a WebSocket and open the call's row and its page in the journal.

    Reads and writes the database: to be run in a thread.
    """
    number = number_at(path)
    if number is None:
        return Refused("A connection with an unknown address was refused.")
    if not number.active:
        return Refused(f"A call for {mask(number.e164)} was refused: the number is switched off.")
    journal.register()
    try:
        call_id = services.open_call(number.pk, process_id=journal.process_id, now=clock.now())
    except services.LineFullError:
        return Refused(f"A call for {mask(number.e164)} was refused: all {number.max_calls} lines are busy.")
    journal.open(call_id)
    if number.record_calls:
        desk.start()
    return Admitted(
        call_id=call_id,
        number_id=number.pk,
        container="raw" if number.container == PhoneNumber.Container.RAW else "wav",
        record=number.record_calls,
        announce=number.record_calls and number.announce_recording,
    )


def number_at(path: str) -> PhoneNumber | None:
    """The number whose address this is, whether active or not. The secret decides, in constant time."""
    parts = _PATH.fullmatch(path)
    key, secret = (parts["key"], parts["secret"]) if parts else ("", "")
    number = PhoneNumber.objects.filter(stream_key=key).first()
    expected = number.stream_secret if number else _NO_SECRET
    is_right = hmac.compare_digest(secret.encode(), expected.encode())
    return number if is_right and number else None
