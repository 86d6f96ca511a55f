"""Periodic work of live calls. Nudges: what is due is found in the database and on the disk."""

import logging

from celery import shared_task

from calls import preparing, recording, services, storing
from campaigns import clock

log = logging.getLogger(__name__)


@shared_task
def close_abandoned_calls() -> None:
    """Store what stopped processes left on this machine, close the calls that nobody holds any more, and
    file their recordings."""
    storing.store_orphans()
    for call_id in services.close_abandoned(clock.now()):
        log.warning("Call %s was abandoned and has been closed.", call_id)
    recording.file_leftovers()


@shared_task
def prepare_speech() -> None:
    """Speak the first words of the calls that are due next."""
    preparing.prepare(clock.now())
