"""A campaign's life as a table; every change is a conditional UPDATE with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns import clock
from campaigns.models import Account, Campaign, Message, Recipient, User
from campaigns.services.judging import standing_problems

State = Campaign.State


class NotAllowed(Exception):
    """The campaign can't do this now. `reason` is a sentence for the person who asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Transition:
    """From which states one may come, where one arrives, and how the reason reads."""

    sources: frozenset[Campaign.State]
    target: Campaign.State
    words: str


TRANSITIONS: Mapping[str, Transition] = {
    "launch": Transition(frozenset({State.DRAFT}), State.RUNNING, "Launched by {actor}."),
    "pause": Transition(frozenset({State.RUNNING}), State.PAUSED, "Paused by {actor}."),
    "resume": Transition(frozenset({State.PAUSED, State.STOPPED}), State.RUNNING, "Resumed by {actor}."),
    "cancel": Transition(
        frozenset({State.DRAFT, State.RUNNING, State.PAUSED, State.STOPPED}),
        State.CANCELLED,
        "Cancelled by {actor}. Messages already at XFin may still ring; their results are kept.",
    ),
    "complete": Transition(frozenset({State.RUNNING}), State.COMPLETED, "Every person has a final state."),
}


def change(campaign: Campaign, verb: str, *, actor: str) -> None:
    """Do one transition of the table; `NotAllowed` when another came first or it does not lead here."""
    step = TRANSITIONS[verb]
    changed = Campaign.objects.filter(pk=campaign.pk, state__in=step.sources).update(
        state=step.target, reason=step.words.format(actor=actor), state_since=clock.now()
    )
    campaign.refresh_from_db()
    if not changed:
        raise NotAllowed(
            f"A campaign that is {campaign.get_state_display().lower()} can't be asked to {verb}."
        )


def launch(campaign: Campaign, by: User | None) -> None:
    """Let it run: people are planned, uploaded and called from `starts_at` on."""
    problems = launch_problems(campaign)
    if problems:
        raise NotAllowed(" ".join(problems))
    change(campaign, "launch", actor=_name(by))


def pause(campaign: Campaign, by: User | None) -> None:
    """Plan and upload nothing more. What is already at XFin may still ring."""
    change(campaign, "pause", actor=_name(by))


def resume(campaign: Campaign, by: User | None) -> None:
    """Go on where it was."""
    if campaign.template.account.state == campaign.template.account.State.REFUSED:
        raise NotAllowed("XFin refuses the account; correct its credentials first.")
    change(campaign, "resume", actor=_name(by))


@transaction.atomic
def cancel(campaign: Campaign, by: User | None) -> None:
    """End it: nobody who is not already at XFin is called."""
    change(campaign, "cancel", actor=_name(by))
    reason = "The campaign was cancelled."
    planned = Message.objects.filter(recipient__campaign=campaign, state=Message.State.PLANNED)
    freed = list(planned.values_list("recipient_id", flat=True))
    planned.update(state=Message.State.CANCELLED, reason=reason, settled_at=clock.now())
    Recipient.objects.filter(pk__in=freed).update(state=Recipient.State.CANCELLED, reason=reason)
    Recipient.objects.filter(campaign=campaign, state=Recipient.State.WAITING).update(
        state=Recipient.State.CANCELLED, reason=reason
    )


def launch_problems(campaign: Campaign) -> list[str]:
    """What stands in the way of a launch, in sentences; empty if nothing does."""
    number = campaign.number
    account = Account.objects.get(pk=campaign.template.account_id)
    checks = (
        (not campaign.recipients.exists(), "There is nobody to call: import people first."),
        (number.account_id != account.pk, "The number and the template belong to different accounts."),
        (not number.active, "The number is switched off."),
        (number.direction == number.Direction.INBOUND, "The number takes inbound calls only."),
        (account.state == account.State.REFUSED, "XFin refuses the account; correct its credentials first."),
    )
    plain = [sentence for wrong, sentence in checks if wrong]
    return [*plain, *standing_problems(campaign, now=clock.now())]


def complete_finished(now: datetime) -> int:
    """Close running campaigns in which every person has a final state; how many were closed."""
    open_people = Recipient.objects.filter(state__in=Recipient.OPEN_STATES)
    finished = Campaign.objects.filter(state=State.RUNNING, recipients__isnull=False).exclude(
        recipients__in=open_people
    )
    ids = list(finished.values_list("pk", flat=True).distinct())
    step = TRANSITIONS["complete"]
    return Campaign.objects.filter(pk__in=ids, state__in=step.sources).update(
        state=step.target, reason=step.words, state_since=now
    )


def _name(by: User | None) -> str:
    return (by.get_full_name() or by.get_username()) if by else "the system"
