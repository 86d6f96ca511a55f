"""A campaign's life as a table: draft, checked, approved, scheduled, running and paused, to its end.

One press of "Launch" passes as many states as nothing stands in the way of; each leaves a line of history.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from campaigns import clock
from campaigns.models import Account, Campaign, CampaignChange, Import, Message, Recipient, User
from campaigns.rules.law import TWO_PEOPLE
from campaigns.services import callbacks
from campaigns.services.judging import standing_problems
from campaigns.services.settling import CANCELLED, withdraw_planned
from campaigns.services.states import move, name_of, note

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
    "check": Transition(frozenset({State.DRAFT}), State.CHECKED, "Checked: nothing stands in the way."),
    "approve": Transition(frozenset({State.CHECKED}), State.APPROVED, "Approved by {actor}."),
    "wave through": Transition(frozenset({State.CHECKED}), State.APPROVED, "No second person is asked for."),
    "schedule": Transition(frozenset({State.APPROVED}), State.SCHEDULED, "Scheduled by {actor}."),
    "begin": Transition(frozenset({State.SCHEDULED}), State.RUNNING, "Launched by {actor}."),
    "start": Transition(frozenset({State.SCHEDULED}), State.RUNNING, "Started at the time it was set for."),
    "redraft": Transition(
        frozenset({State.CHECKED, State.APPROVED, State.SCHEDULED}),
        State.DRAFT,
        "Changed by {actor}; it must be checked again.",
    ),
    "pause": Transition(frozenset({State.RUNNING}), State.PAUSED, "Paused by {actor}."),
    "resume": Transition(frozenset({State.PAUSED, State.STOPPED}), State.RUNNING, "Resumed by {actor}."),
    "cancel": Transition(
        frozenset(
            {
                State.DRAFT,
                State.CHECKED,
                State.APPROVED,
                State.SCHEDULED,
                State.RUNNING,
                State.PAUSED,
                State.STOPPED,
            }
        ),
        State.CANCELLED,
        "Cancelled by {actor}.",
    ),
    "complete": Transition(frozenset({State.RUNNING}), State.COMPLETED, "Every person has a final state."),
    "reopen": Transition(
        frozenset({State.COMPLETED}), State.RUNNING, "A person asked in its last calls to be called back."
    ),
}
LAUNCHABLE = (State.DRAFT, State.CHECKED, State.APPROVED)
#: Nobody is called yet, so what is to be done may still be changed.
EDITABLE = (*LAUNCHABLE, State.SCHEDULED)
#: What may change after a check and an approval without asking for them again.
HARMLESS = frozenset({"name", "calls_per_minute", "most_at_once", "priority"})


def change(campaign: Campaign, verb: str, *, by: User | None, now: datetime | None = None) -> None:
    """Do one transition of the table; `NotAllowed` when another came first or it does not lead here."""
    step = TRANSITIONS[verb]
    reason = step.words.format(actor=name_of(by))
    now = now or clock.now()
    changed = move(campaign.pk, step.target, reason, sources=step.sources, now=now, by=by)
    campaign.refresh_from_db()
    if not changed:
        raise _refusal(campaign, verb)


def _refusal(campaign: Campaign, verb: str) -> NotAllowed:
    return NotAllowed(f"A campaign that is {campaign.get_state_display().lower()} can't be asked to {verb}.")


@transaction.atomic
def launch(campaign: Campaign, by: User | None) -> None:
    """Go as far as nothing stands in the way: checked, approved, scheduled, running.

    It waits as CHECKED where a second person must approve, and as SCHEDULED until `starts_at`.
    """
    campaign.refresh_from_db()
    if campaign.state not in LAUNCHABLE:
        raise _refusal(campaign, "launch")
    problems = launch_problems(campaign)
    if problems:
        raise NotAllowed(" ".join(problems))
    fresh = campaign.state == State.DRAFT
    if fresh:
        change(campaign, "check", by=by)
    if campaign.state == State.CHECKED and not _approved(campaign, by, asked=fresh):
        return
    change(campaign, "schedule", by=by)
    if campaign.starts_at <= clock.now():
        change(campaign, "begin", by=by)


def _approved(campaign: Campaign, by: User | None, *, asked: bool) -> bool:
    """Whether it may go on; who only asks for the check waits, who asks again is told why."""
    if not needs_second_person(campaign):
        change(campaign, "wave through", by=by)
        return True
    if asked:
        return False
    raise NotAllowed("A second person must approve it first, one who neither made nor changed it.")


def needs_second_person(campaign: Campaign) -> bool:
    """Whether the rules or the organisation ask for an approval."""
    return campaign.category in TWO_PEOPLE or campaign.template.account.second_person


def approve(campaign: Campaign, by: User | None) -> None:
    """Approve what another person made. `NotAllowed` for whoever had a hand in it."""
    if by is None or has_worked_on(campaign, by):
        raise NotAllowed("You made, changed or checked this campaign; somebody else must approve it.")
    change(campaign, "approve", by=by)


def has_worked_on(campaign: Campaign, by: User) -> bool:
    """Whether this person made the campaign, edited it, or had it checked."""
    hand_in_it = Q(from_state=F("to_state")) | Q(to_state__in=(State.DRAFT, State.CHECKED))
    worked = CampaignChange.objects.filter(hand_in_it, campaign=campaign, actor=by)
    return campaign.created_by_id == by.pk or worked.exists()


@transaction.atomic
def edit(campaign: Campaign, changed: Collection[str], by: User | None) -> None:
    """Save the changed fields of a campaign that does not run yet; what matters takes it back to draft.

    `NotAllowed` if it was launched meanwhile: then nothing is saved.
    """
    state = Campaign.objects.select_for_update().values_list("state", flat=True).get(pk=campaign.pk)
    if state not in EDITABLE:
        raise NotAllowed(f"Only a campaign that does not run yet can be edited; this one is {state}.")
    if not changed:
        return
    campaign.save(update_fields=[*changed, "changed_at"])
    note(campaign.pk, state, state, f"Changed: {', '.join(sorted(changed))}.", now=clock.now(), by=by)
    if state != State.DRAFT and not HARMLESS.issuperset(changed):
        change(campaign, "redraft", by=by)


@transaction.atomic
def pause(campaign: Campaign, by: User | None) -> None:
    """Plan and upload nothing more, and have what is at XFin withdrawn (`withdrawing`)."""
    change(campaign, "pause", by=by)
    withdraw_planned(campaign, "The campaign was paused.", now=clock.now())


def resume(campaign: Campaign, by: User | None) -> None:
    """Go on where it was."""
    if campaign.template.account.state == campaign.template.account.State.REFUSED:
        raise NotAllowed("XFin refuses the account; correct its credentials first.")
    change(campaign, "resume", by=by)


@transaction.atomic
def cancel(campaign: Campaign, by: User | None) -> None:
    """End it: only who is on the line just now is still called. What waits at XFin is withdrawn."""
    change(campaign, "cancel", by=by)
    withdraw_planned(campaign, CANCELLED, now=clock.now())
    Recipient.objects.filter(campaign=campaign, state=Recipient.State.WAITING).update(
        state=Recipient.State.CANCELLED, reason=CANCELLED
    )
    callbacks.end_all(Recipient.objects.filter(campaign=campaign), CANCELLED)


def withdraw_stragglers(now: datetime) -> int:
    """Take back what halted campaigns still plan: a batch that did not reach XFin, a stop by the rules.

    How many messages.
    """
    planned = Message.objects.filter(state=Message.State.PLANNED)
    halted = Campaign.objects.filter(state__in=Campaign.HALTED, pk__in=planned.values("recipient__campaign"))
    return sum(_withdraw_if_halted(campaign.pk, now) for campaign in halted)


@transaction.atomic
def _withdraw_if_halted(campaign_id: int, now: datetime) -> int:
    """Under the campaign's lock: it may have been resumed meanwhile."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if campaign.state not in Campaign.HALTED:
        return 0
    return withdraw_planned(campaign, f"The campaign is {campaign.get_state_display().lower()}.", now=now)


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


def start_scheduled(now: datetime) -> int:
    """Start campaigns whose time has come; how many."""
    due = Campaign.objects.filter(state=State.SCHEDULED, starts_at__lte=now).values_list("pk", flat=True)
    return sum(_by_itself(pk, "start", now) for pk in list(due))


def complete_finished(now: datetime) -> int:
    """Close running campaigns in which every person has a final state; how many were closed.

    One whose list is still being read goes on: more people may come.
    """
    people = Recipient.objects.filter(campaign=OuterRef("pk"))
    lists = Import.objects.filter(campaign=OuterRef("pk"), state__in=Import.TO_BE_READ)
    finished = Campaign.objects.filter(
        Exists(people),
        ~Exists(people.filter(state__in=Recipient.OPEN_STATES)),
        ~Exists(lists),
        state=State.RUNNING,
    )
    return sum(_complete(pk, now) for pk in finished.values_list("pk", flat=True))


@transaction.atomic
def _complete(campaign_id: int, now: datetime) -> bool:
    """Under the campaign's lock: a call-back may have been asked for meanwhile."""
    Campaign.objects.select_for_update(of=("self",)).get(pk=campaign_id)
    if Recipient.objects.filter(campaign=campaign_id, state__in=Recipient.OPEN_STATES).exists():
        return False
    return _by_itself(campaign_id, "complete", now)


def reopen(campaign_id: int, *, now: datetime) -> bool:
    """Go on for a call-back: news of a call may come when the campaign has just been completed."""
    return _by_itself(campaign_id, "reopen", now)


def _by_itself(campaign_id: int, verb: str, now: datetime) -> bool:
    step = TRANSITIONS[verb]
    return move(campaign_id, step.target, step.words, sources=step.sources, now=now)
