"""Celery tasks: nudges. Each finds its work by query and calls one service; losing one loses seconds.

The scheduler nudges every few seconds (`settings.CELERY_BEAT_SCHEDULE`). Read top to bottom, this is
the whole story of a campaign: templates go up, people are planned, messages go up, what is unclear is
looked up, states come back, the campaign is finished.
"""

from celery import shared_task

from campaigns import clock
from campaigns.services import (
    accounts,
    compliance,
    lifecycle,
    planning,
    reconciling,
    syncing,
    templates,
    uploading,
)


@shared_task
def synchronise_templates() -> None:
    """Bring new and changed templates, languages and clips to XFin."""
    for account_id in templates.accounts_to_synchronise(clock.now()):
        templates.synchronise(account_id, clock=clock.now)


@shared_task
def plan_campaigns() -> None:
    """Plan the next calls of every running campaign."""
    for campaign_id in planning.campaigns_to_plan(clock.now()):
        planning.plan(campaign_id, now=clock.now())


@shared_task
def upload_messages() -> None:
    """Hand planned messages to XFin."""
    for account_id in uploading.accounts_with_due_messages(clock.now()):
        uploading.upload(account_id, clock=clock.now)


@shared_task
def reconcile_batches() -> None:
    """Look up every upload whose reply was not read."""
    reconciling.abandon_dead_claims(clock.now())
    for batch_id in reconciling.batches_to_look_up(clock.now()):
        reconciling.reconcile(batch_id, clock=clock.now)


@shared_task
def pull_states() -> None:
    """Ask XFin how messages stand; give up on those without news for too long."""
    for account_id in syncing.accounts_with_news(clock.now()):
        syncing.pull_states(account_id, clock=clock.now)
    syncing.give_up_waiting(clock.now())


@shared_task
def finish_campaigns() -> None:
    """Complete campaigns in which every person has a final state; stop those XFin refuses to serve.

    The numbers that a DND scrub refused go at midnight, with the scrub.
    """
    compliance.purge_scrub_hits(clock.now())
    lifecycle.complete_finished(clock.now())
    accounts.stop_refused()
