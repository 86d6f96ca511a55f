"""Celery tasks. Each finds its work by query and calls one function; a lost task costs seconds.

The scheduler enqueues them every few seconds (`settings.CELERY_BEAT_SCHEDULE`). Read top to bottom, this is
the whole course of a campaign: templates go up, lists are read, people are counted before the launch and
planned after it, messages go up, what is unclear is looked up, what is not wanted any more is taken back,
states come back, the campaign is finished.

A periodic task that concerns XFin enqueues one task for each account, so that no account waits for another's
XFin, and each item has its own edge (`edges`). What protects people (withdrawals, stops) has a queue and
workers of its own and never expires; `settings.CELERY_TASK_ROUTES` says which task goes where.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from campaigns import clock, edges
from campaigns.appointments import places
from campaigns.compliance import complaints, scrubs
from campaigns.delivery import (
    circuit_breaker,
    poll_states,
    recheck,
    reconcile,
    telling,
    template_drift,
    template_sync,
    turns,
    upload,
    withdraw,
)
from campaigns.imports import reader
from campaigns.imports.upload import drop_forgotten
from campaigns.lifecycle import actions, approvals, auto_stop, quotas
from campaigns.planning import callbacks, plan, preflight
from campaigns.programmes import draw
from campaigns.transitions import attempt


def enqueue(task: "Task[Any, Any]", item: int, *, expires: float | None) -> None:
    """Queue a task for one account or one row. Without a broker the next tick finds its work."""
    with contextlib.suppress(OperationalError):
        if expires is None:
            task.apply_async((item,), retry=False)
        else:
            task.apply_async((item,), expires=expires, retry=False)


def enqueue_for_accounts(task: "Task[Any, Any]", accounts: "list[int]") -> None:
    """Queue a task for each account; one not taken before the next tick has expired."""
    for account_id in accounts:
        enqueue(task, account_id, expires=max(settings.TICK_SECONDS, 1.0))


def for_account(what: str, account_id: int, work: Callable[..., object]) -> None:
    """Run work for one account at its own edge, with the clock."""
    circuit_breaker.for_account(what, account_id, work, clock=clock.now)


def steps(what: str, *works: Callable[[datetime], object]) -> None:
    """Run one step after the other with the present time; one that fails does not stop the next."""
    for work in works:
        edges.step(f"{what}: {work.__name__}", lambda work=work: work(clock.now()))  # type: ignore[misc]


def first_in_a_tick(name: str) -> bool:
    """Return whether this task has not run in this tick yet.

    Tasks that never expire wait for a worker that was away, one for every tick of its absence: one is enough.
    """
    return turns.take(f"tick:{name}", seconds=settings.TICK_SECONDS / 2) is not None


@shared_task
def synchronise_templates() -> None:
    """Enqueue each account that has new or changed templates, languages or clips."""
    enqueue_for_accounts(synchronise_account, template_sync.accounts_to_synchronise(clock.now()))


@shared_task
def synchronise_account(account_id: int) -> None:
    """Bring an account's new and changed templates, languages and clips to XFin."""
    for_account("bringing templates to XFin", account_id, template_sync.synchronise)


@shared_task
def look_at_templates() -> None:
    """Enqueue each account with templates at XFin."""
    enqueue_for_accounts(look_at_account, template_drift.accounts_to_look_at(clock.now()))


@shared_task
def look_at_account(account_id: int) -> None:
    """Find an account's templates that were changed at XFin itself, and stop their campaigns."""
    for_account("looking at templates", account_id, template_drift.look)


@shared_task
def find_imports() -> None:
    """Enqueue every import that waits or whose worker died; delete the files of those that are over."""
    steps("imports", drop_forgotten)
    edges.step("forgetting files", reader.forget_files)
    for import_id in reader.imports_to_read(clock.now()):
        enqueue_import(import_id)


@shared_task
def read_import(import_id: int) -> None:
    """Read an uploaded list to its end."""
    reader.read_import(import_id, clock=clock.now)


def enqueue_import(import_id: int) -> None:
    """Queue an import to be read. Without a broker the next tick finds it."""
    enqueue(read_import, import_id, expires=60)


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
    enqueue(run_preflight, preflight_id, expires=60)


@shared_task
def draw_programmes() -> None:
    """Draw from the standing lists whose day it is, and launch each day's campaigns."""
    edges.each("drawing", draw.programmes_to_draw(), lambda each: draw.draw(each, now=clock.now()))
    steps("programmes", draw.launch_rounds)


@shared_task
def plan_campaigns() -> None:
    """Start campaigns whose time has come, and plan the next calls of every running one."""
    steps("campaigns", actions.start_scheduled, quotas.settle)
    edges.each("planning", plan.campaigns_to_plan(clock.now()), lambda each: plan.plan(each, now=clock.now()))


@shared_task
def upload_messages() -> None:
    """Enqueue as many uploads as each account needs; accounts do not wait for each other."""
    for account_id, uploads in upload.uploads_wanted(clock.now()).items():
        enqueue_for_accounts(upload_account, [account_id] * uploads)


@shared_task
def upload_account(account_id: int) -> None:
    """Hand an account's messages to XFin, batch by batch; others may do the same with other batches."""
    for_account("uploading", account_id, upload.upload)


@shared_task
def reconcile_batches() -> None:
    """Give up batches whose worker died, and enqueue each account with uploads whose reply was not read."""
    steps("uploads", reconcile.abandon_dead_claims)
    enqueue_for_accounts(reconcile_account, reconcile.accounts_to_look_up(clock.now()))


@shared_task
def reconcile_account(account_id: int) -> None:
    """Look up every upload of an account whose reply was not read."""
    for_account("looking up uploads", account_id, reconcile.reconcile_account)


@shared_task
def withdraw_messages() -> None:
    """Mark what must not be dialled any more, and enqueue a withdrawal for each account that has some."""
    if not first_in_a_tick("withdraw"):
        return
    steps(
        "withdrawing",
        actions.withdraw_stragglers,
        attempt.withdraw_answered,
        callbacks.withdraw_superseded,
        withdraw.mark_unwanted,
    )
    for account_id in withdraw.accounts_with_withdrawals(clock.now()):
        enqueue(withdraw_account, account_id, expires=None)


@shared_task
def recheck_messages() -> None:
    """Mark for withdrawal what the rules forbid by now: every tick what is due, every minute all at XFin."""
    if first_in_a_tick("recheck"):
        everything = turns.take("recheck everything", seconds=60) is not None
        edges.step("judging again: recheck", lambda: recheck.recheck(clock.now(), everything=everything))


@shared_task
def withdraw_account(account_id: int) -> None:
    """Withdraw an account's messages from XFin."""
    for_account("withdrawing", account_id, withdraw.withdraw)


@shared_task
def stop_campaigns() -> None:
    """Stop campaigns that are refused, failing, complained of, or not as they were approved."""
    if not first_in_a_tick("stop"):
        return
    steps("stopping", approvals.lapse_changed, auto_stop.stop_failing, complaints.stop_complained_about)
    edges.step("stopping: refused accounts", circuit_breaker.stop_refused)


@shared_task
def try_broken_accounts() -> None:
    """Enqueue a trial for each account whose circuit is open and whose pause is over."""
    enqueue_for_accounts(try_account, circuit_breaker.accounts_to_try(clock.now()))


@shared_task
def try_account(account_id: int) -> None:
    """Send one trial request to an account whose circuit is open."""
    for_account("a trial request", account_id, circuit_breaker.try_account)


@shared_task
def tell_services() -> None:
    """Enqueue each service outside that has something to be told; services do not wait for each other."""
    enqueue_for_accounts(tell_service, telling.services_to_tell(clock.now()))


@shared_task
def tell_service(service_id: int) -> None:
    """Tell a service outside what calls brought."""
    edges.each(
        f"telling service {service_id}", [service_id], lambda each: telling.tell(each, clock=clock.now)
    )


@shared_task
def pull_states() -> None:
    """Enqueue a pull for each account with news to come; give up on messages without news for too long."""
    enqueue_for_accounts(pull_account, poll_states.accounts_with_news(clock.now()))
    enqueue_for_accounts(look_up_overdue, poll_states.accounts_with_overdue(clock.now()))
    steps("states", poll_states.give_up_waiting)


@shared_task
def pull_account(account_id: int) -> None:
    """Ask XFin how an account's messages stand."""
    for_account("pulling states", account_id, poll_states.pull_states)


@shared_task
def look_up_overdue(account_id: int) -> None:
    """Look up an account's messages that have had no news for too long, then give up on them."""
    for_account("looking up late messages", account_id, poll_states.look_up_overdue)


@shared_task
def free_slots() -> None:
    """Free the places of slots that were held for calls for too long."""
    steps("slots", places.free_expired)


@shared_task
def finish_campaigns() -> None:
    """Complete campaigns in which every person has a final state.

    The numbers that a DND scrub refused go at midnight, with the scrub.
    """
    steps("finishing", scrubs.purge_scrub_hits, actions.complete_finished)
