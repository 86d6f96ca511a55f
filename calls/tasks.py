"""Periodic work of live calls. Nudges: what is due is found in the database and on the disk."""

import logging

from celery import shared_task

from calls import retention, services
from calls.events import batch_writer
from calls.media import prewarm
from calls.recordings import files
from campaigns import clock

log = logging.getLogger(__name__)


@shared_task
def close_abandoned_calls() -> None:
    """Store what stopped processes left on this machine, close the calls that nobody holds any more, and
    file their recordings."""
    batch_writer.store_orphans()
    for call_id in services.close_abandoned(clock.now()):
        log.warning("Call %s was abandoned and has been closed.", call_id)
    files.file_leftovers()


@shared_task
def prepare_speech() -> None:
    """Speak the first words of the calls that are due next."""
    prewarm.prepare(clock.now())


@shared_task
def purge() -> None:
    """Once a night: what is older than its clock goes, and the log says so."""
    retention.purge(clock.now())


@shared_task
def erase_people() -> None:
    """Erase who asked for it and whom nothing keeps waiting any more."""
    retention.erase_people(clock.now())
