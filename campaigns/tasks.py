"""Celery tasks. Each finds its work by query and calls one function; a lost task costs seconds.

The scheduler enqueues them every few seconds (`settings.CELERY_BEAT_SCHEDULE`). Read top to bottom, this is
the whole course of a campaign: templates go up, lists are read, people are counted before the launch and
planned after it, messages go up, what is unclear is looked up, what is not wanted any more is taken back,
states come back, the campaign is finished.
"""

import contextlib

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from campaigns import clock
from campaigns.compliance import complaints, scrubs
from campaigns.delivery import (
    circuit_breaker,
    poll_states,
    reconcile,
    template_drift,
    template_sync,
    upload,
    withdraw,
)
from campaigns.imports import reader
from campaigns.imports.upload import drop_forgotten
from campaigns.lifecycle import actions, approvals, auto_stop
from campaigns.planning import callbacks, plan, preflight
from campaigns.programmes import draw
from campaigns.transitions import attempt


@shared_task
def synchronise_templates() -> None:
    """Bring new and changed templates, languages and clips to XFin."""
    for account_id in template_sync.accounts_to_synchronise(clock.now()):
        template_sync.synchronise(account_id, clock=clock.now)


@shared_task
def look_at_templates() -> None:
    """Find templates that were changed at XFin itself, and stop their campaigns."""
    for account_id in template_drift.accounts_to_look_at(clock.now()):
        template_drift.look(account_id, clock=clock.now)


@shared_task
def find_imports() -> None:
    """Enqueue every import that waits or whose worker died; delete the files of those that are over."""
    drop_forgotten(clock.now())
    reader.forget_files()
    for import_id in reader.imports_to_read(clock.now()):
        enqueue_import(import_id)


@shared_task
def read_import(import_id: int) -> None:
    """Read an uploaded list to its end."""
    reader.read_import(import_id, clock=clock.now)


def enqueue_import(import_id: int) -> None:
    """Queue an import to be read. Without a broker the next tick finds it."""
    with contextlib.suppress(OperationalError):
        read_import.apply_async((import_id,), expires=60, retry=False)


@shared_task
def find_preflights() -> None:
    """Enqueue every preflight that waits or whose worker died."""
    for preflight_id in preflight.preflights_to_run(clock.now()):
        enqueue_preflight(preflight_id)


@shared_task
def run_preflight(preflight_id: int) -> None:
    """Count the people of a campaign that is to be launched."""
    preflight.run(preflight_id, clock=clock.now)


def enqueue_preflight(preflight_id: int) -> None:
    """Queue a preflight. Without a broker the next tick finds it."""
    with contextlib.suppress(OperationalError):
        run_preflight.apply_async((preflight_id,), expires=60, retry=False)


@shared_task
def draw_programmes() -> None:
    """Draw from the standing lists whose day it is, and launch each day's campaigns."""
    for programme_id in draw.programmes_to_draw():
        draw.draw(programme_id, now=clock.now())
    draw.launch_rounds(clock.now())


@shared_task
def plan_campaigns() -> None:
    """Start campaigns whose time has come, and plan the next calls of every running one.

    Campaigns that differ from what a second person approved are halted first.
    """
    approvals.lapse_changed(clock.now())
    actions.start_scheduled(clock.now())
    for campaign_id in plan.campaigns_to_plan(clock.now()):
        plan.plan(campaign_id, now=clock.now())


@shared_task
def upload_messages() -> None:
    """Enqueue as many uploads as each account needs; accounts do not wait for each other."""
    for account_id, uploads in upload.uploads_wanted(clock.now()).items():
        for _ in range(uploads):
            enqueue_upload(account_id)


@shared_task
def upload_account(account_id: int) -> None:
    """Hand an account's messages to XFin, batch by batch; others may do the same with other batches."""
    upload.upload(account_id, clock=clock.now)


def enqueue_upload(account_id: int) -> None:
    """Queue an upload. Without a broker the next tick finds its messages."""
    with contextlib.suppress(OperationalError):
        upload_account.apply_async((account_id,), expires=max(settings.TICK_SECONDS, 1.0), retry=False)


@shared_task
def reconcile_batches() -> None:
    """Look up every upload whose reply was not read."""
    reconcile.abandon_dead_claims(clock.now())
    for batch_id in reconcile.batches_to_look_up(clock.now()):
        reconcile.reconcile(batch_id, clock=clock.now)


@shared_task
def withdraw_messages() -> None:
    """Withdraw messages whose campaign halts, or whose person said stop, answered or asked for later."""
    actions.withdraw_stragglers(clock.now())
    attempt.withdraw_answered(clock.now())
    callbacks.withdraw_superseded(clock.now())
    withdraw.mark_unwanted(clock.now())
    for account_id in withdraw.accounts_with_withdrawals(clock.now()):
        withdraw.withdraw(account_id, clock=clock.now)


@shared_task
def try_broken_accounts() -> None:
    """Send one trial request to each account whose circuit is open."""
    circuit_breaker.try_broken(clock=clock.now)


@shared_task
def pull_states() -> None:
    """Ask XFin how messages stand; look up those without news for too long, then give up on them."""
    for account_id in poll_states.accounts_with_news(clock.now()):
        poll_states.pull_states(account_id, clock=clock.now)
    for account_id in poll_states.accounts_with_overdue(clock.now()):
        poll_states.look_up_overdue(account_id, clock=clock.now)
    poll_states.give_up_waiting(clock.now())


@shared_task
def finish_campaigns() -> None:
    """Complete campaigns in which every person has a final state; stop those refused, failing, complained of.

    The numbers that a DND scrub refused go at midnight, with the scrub.
    """
    scrubs.purge_scrub_hits(clock.now())
    actions.complete_finished(clock.now())
    circuit_breaker.stop_refused()
    auto_stop.stop_failing(clock.now())
    complaints.stop_complained_about(clock.now())
