"""Signed tickets with which a browser talks to a draft: for one person of staff, one minute and one call."""

from typing import Any, Final, Self
from uuid import UUID

import msgspec
from django.core import signing

SALT: Final = "calls.studio.tickets"
VALID_SECONDS: Final = 60
"""For connecting; the call may last longer."""
MOST_CHARACTERS: Final = 4000
"""uvicorn takes a request line of 8 KiB."""


class TicketError(Exception):
    """A ticket that opens nothing. The text says why."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser may talk to. `call` is the id that the call will have, so a second use is found."""

    call: UUID
    user: int
    dialogue: int
    revision: int
    """Of the draft."""
    language: str
    values: dict[str, str]
    """Of the made-up person."""
    really_asks: bool = False
    """Services outside and calendars are asked; else everyday replies stand for theirs."""
    record: bool = False

    def signed(self) -> str:
        """Return the ticket as text for an address. Raises `TicketError` if the values are too long."""
        text = signing.dumps(msgspec.to_builtins(self), salt=SALT, compress=True)
        if len(text) > MOST_CHARACTERS:
            raise TicketError("The values are too long to talk with. Shorten them.")
        return text

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the ticket of a text that was signed within the last minute. Raises `TicketError`."""
        try:
            found: Any = signing.loads(text, salt=SALT, max_age=VALID_SECONDS)
        except signing.SignatureExpired as error:
            raise TicketError(f"The ticket is older than {VALID_SECONDS} s.") from error
        except signing.BadSignature as error:
            raise TicketError("The ticket is not one of ours.") from error
        return msgspec.convert(found, cls)
