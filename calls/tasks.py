"""Periodic work of live calls. Nudges: what is due is found in the database and on the disk."""

import logging

from celery import shared_task

from calls import database_time, retention
from calls.dialogues import replaying
from calls.events import abandoned, batch_writer
from calls.media import prewarm
from calls.recordings import files
from campaigns import clock
from campaigns.delivery import turns
from campaigns.tasks import enqueue

log = logging.getLogger(__name__)


@shared_task
def close_abandoned_calls() -> None:
    """Store what stopped processes left on this machine, close the calls of processes that are gone, and file
    their recordings."""
    batch_writer.store_orphans()
    for call_id in abandoned.close_abandoned(database_time.now()):
        log.warning("Call %s was abandoned and has been closed.", call_id)
    files.file_leftovers()


@shared_task
def prepare_speech() -> None:
    """Speak what agents say to all people, and what the calls of the next minute lack; in one worker."""
    if held := turns.take("speech", seconds=60):
        prewarm.prepare(clock.now())
        held.release()


@shared_task
def find_replays() -> None:
    """Enqueue every replay of past calls that waits or whose worker died."""
    for replay_id in replaying.replays_to_run(clock.now()):
        enqueue_replay(replay_id)


@shared_task
def run_replay(replay_id: int) -> None:
    """Replay a dialogue's past calls with its draft."""
    replaying.run(replay_id, clock=clock.now)


def enqueue_replay(replay_id: int) -> None:
    """Queue a replay. Without a broker the next tick finds it."""
    enqueue(run_replay, replay_id, expires=60)


@shared_task
def purge() -> None:
    """Delete what is older than its retention period, once a night; the log says how much."""
    retention.purge(clock.now())


@shared_task
def erase_people() -> None:
    """Erase the people who asked for it, if nothing of theirs is on its way any more."""
    retention.erase_people(clock.now())
