"""Carry out what agents ask of the world, beside the media loop.

A kind of request is a struct beside `calls.agents.requests.Request` and a line in `PERFORMERS`.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from django.db import Error as DatabaseFailure

from calls.agents.requests import (
    Failed,
    Fetch,
    FindAppointment,
    FindSlots,
    HoldSlot,
    Recognise,
    Reply,
    Request,
)
from calls.identification import Asker
from calls.media import appointments, outside, recognition

log = logging.getLogger(__name__)


Performer = Callable[[Any, Asker], Awaitable[Reply]]
"""Carries out one kind of request. It need not watch the clock: the agent waits no longer than it said."""

PERFORMERS: Final[dict[type[Request], Performer]] = {
    FindSlots: appointments.find_slots,
    HoldSlot: appointments.hold_slot,
    FindAppointment: appointments.find_appointment,
    Fetch: outside.fetch,
    Recognise: recognition.recognise,
}


async def perform(request: Request, asker: Asker, *, performers: Mapping[type[Request], Performer]) -> Reply:
    """Return what came of a request; `Failed` with a sentence, never an exception."""
    performer = performers.get(type(request))
    if performer is None:
        return Failed(f"This server does not know requests of the kind “{type(request).__name__}”.")
    try:
        return await performer(request, asker)
    except DatabaseFailure as error:
        log.error("Call %s asked our database in vain: %s", asker.call_id, type(error).__name__)
        return Failed("Our database did not answer.")
    except Exception:
        log.exception("A request of call %s failed by an error of our own.", asker.call_id)
        return Failed("An error in our own program.")
