"""Ask the database who is on the line, while the call goes on."""

import logging
from dataclasses import dataclass

from django.db import Error as DatabaseFailure

from calls.conversation.outputs import Identify
from calls.identification import Found, NotFound, find
from calls.media.database_threads import lookups

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The database did not answer; `reason` is a sentence. It is asked again after the call."""

    reason: str


async def identify(asked: Identify, number_id: int | None) -> Found | NotFound | Unknown:
    """Return who is on the line and the agent that answers; `Unknown` if the database fails."""
    try:
        return await lookups.run(lambda: find(asked, number_id))
    except DatabaseFailure as error:
        log.error("Who is on the line could not be looked up: %s", type(error).__name__)
        return Unknown("Our database could not be asked who this call is for.")
