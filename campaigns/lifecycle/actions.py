"""Move campaigns through their states by a table: draft, checked, approved, scheduled, running, to their end.

One press of "Launch" passes through as many states as it can; each leaves a line of history.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from campaigns import clock, edges
from campaigns.compliance.check import campaign_problems
from campaigns.compliance.complaints import too_many_complaints
from campaigns.errors import NotAllowed
from campaigns.lifecycle import approvals
from campaigns.lifecycle.approvals import needs_second_person
from campaigns.locks import locked
from campaigns.models import (
    Account,
    Campaign,
    CampaignChange,
    Import,
    Message,
    Recipient,
    Template,
    TemplateLanguage,
    User,
)
from campaigns.queries.dialogues import latest_version
from campaigns.queries.templates import drift_of
from campaigns.rules.results import NEVER_A_GOAL
from campaigns.transitions import callback
from campaigns.transitions.attempt import CANCELLED, withdraw_planned
from campaigns.transitions.campaign import move, name_of, note

State = Campaign.State


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
    "raise": Transition(
        frozenset({State.COMPLETED}),
        State.RUNNING,
        "More interviews are wanted: a quota was raised by {actor}.",
    ),
    "reopen": Transition(
        frozenset({State.COMPLETED}), State.RUNNING, "A person asked in its last calls to be called back."
    ),
}
LAUNCHABLE = (State.DRAFT, State.CHECKED, State.APPROVED)
#: No calls are made yet, so the campaign may still be changed.
EDITABLE = (*LAUNCHABLE, State.SCHEDULED)
#: Fields that may change after a check without another one.
HARMLESS = frozenset({"name", "calls_per_minute", "most_at_once", "priority"})
#: Characters of an outcome, as in `Call.outcome`.
LONGEST_OUTCOME = 60


def change(campaign: Campaign, verb: str, *, by: User | None, now: datetime | None = None) -> None:
    """Do one transition of the table.

    Raise `NotAllowed` if the campaign's state is none of its sources, or another transition came first.
    """
    step = TRANSITIONS[verb]
    reason = step.words.format(actor=name_of(by))
    now = now or clock.now()
    changed = move(campaign.pk, step.target, reason, sources=step.sources, now=now, by=by)
    if changed and step.target in (State.CHECKED, State.DRAFT):
        # From its check on it says what was checked, whatever is published meanwhile.
        version = latest_version(campaign.agent_id) if step.target is State.CHECKED else None
        Campaign.objects.filter(pk=campaign.pk).update(dialogue_version=version)
    campaign.refresh_from_db()
    if not changed:
        raise _refusal(campaign, verb)


def _refusal(campaign: Campaign, verb: str) -> NotAllowed:
    return NotAllowed(f"A campaign that is {campaign.get_state_display().lower()} can't be asked to {verb}.")


@transaction.atomic
def launch(campaign: Campaign, by: User | None) -> None:
    """Take a campaign as far as it can go: checked, approved, scheduled, running.

    It waits as CHECKED where a second person must approve, and as SCHEDULED until `starts_at`. Raise
    `NotAllowed` with all that is wrong with it, or if it was launched before.
    """
    campaign.refresh_from_db()
    if campaign.state not in LAUNCHABLE:
        raise _refusal(campaign, "launch")
    problems = launch_problems(campaign)
    if problems:
        raise NotAllowed(" ".join(problems))
    if campaign.state == State.APPROVED:
        _refuse_lapsed(campaign)
    fresh = campaign.state == State.DRAFT
    if fresh:
        change(campaign, "check", by=by)
    if campaign.state == State.CHECKED and not _approved(campaign, by, asked=fresh):
        return
    change(campaign, "schedule", by=by)
    if campaign.starts_at <= clock.now():
        change(campaign, "begin", by=by)


def _approved(campaign: Campaign, by: User | None, *, asked: bool) -> bool:
    """Approve a campaign that needs no second person. Return False if it has to wait for one.

    `asked`: it was checked just now; if not, it was waiting already, and `NotAllowed` is raised to say so.
    """
    if not needs_second_person(campaign):
        change(campaign, "wave through", by=by)
        return True
    if asked:
        return False
    raise NotAllowed("A second person must approve it first, one who neither made nor changed it.")


def _refuse_lapsed(campaign: Campaign) -> None:
    if why := approvals.lapsed(campaign):
        raise NotAllowed(f"{why} {approvals.REMEDY}.")


@transaction.atomic
def approve(campaign: Campaign, by: User | None) -> None:
    """Approve what another person made, or the changes and people since the last approval.

    Raise `NotAllowed` for a person who made or changed it, while a list is being read, or if there is
    nothing to approve.
    """
    locked(Campaign.objects.all()).get(pk=campaign.pk)  # no people are added meanwhile
    campaign.refresh_from_db()
    if by is None or has_worked_on(campaign, by):
        raise NotAllowed("You made, changed or checked this campaign; somebody else must approve it.")
    if approvals.still_read(campaign):
        raise NotAllowed("A list of people is still being read; approve it when it is known who is called.")
    if campaign.state not in approvals.BEYOND_APPROVAL:
        change(campaign, "approve", by=by)
        approvals.keep(campaign, by=by, now=clock.now())
        return
    found = approvals.status(campaign)
    if found is None or found.complete:
        raise NotAllowed("There is nothing to approve: nothing changed and nobody was added.")
    approvals.keep_again(campaign, found, by=by, now=clock.now())
    campaign.refresh_from_db()


def has_worked_on(campaign: Campaign, by: User) -> bool:
    """Return whether a person made the campaign, edited it or its words, added people, or had it checked."""
    made_or_changed = Q(edited=True) | Q(to_state__in=(State.DRAFT, State.CHECKED))
    worked = CampaignChange.objects.filter(made_or_changed, campaign=campaign, actor=by)
    return campaign.created_by_id == by.pk or worked.exists() or approvals.has_changed_parts(campaign, by)


@transaction.atomic
def edit(campaign: Campaign, changed: Collection[str], by: User | None) -> None:
    """Save the changed fields of a campaign that does not run yet; all but `HARMLESS` take it back to draft.

    Of `changed` only what differs from the stored row counts: a form may take another spelling of the same
    value for a change. Raise `NotAllowed`, with nothing saved, if the campaign was launched meanwhile.
    """
    stored = locked(Campaign.objects.all()).get(pk=campaign.pk)
    state = stored.state
    if state not in EDITABLE:
        raise NotAllowed(f"Only a campaign that does not run yet can be edited; this one is {state}.")
    changed = [name for name in changed if getattr(campaign, name) != getattr(stored, name)]
    if not changed:
        return
    campaign.save(update_fields=[*changed, "changed_at"])
    words = f"Changed: {', '.join(sorted(changed))}."
    note(campaign.pk, state, state, words, now=clock.now(), by=by, edited=True)
    if state == State.DRAFT:
        return
    # The pace is a part of what a second person approved.
    approved = state in (State.APPROVED, State.SCHEDULED)
    if not HARMLESS.issuperset(changed) or (approved and approvals.lapsed(campaign)):
        change(campaign, "redraft", by=by)


@transaction.atomic
def choose_goals(campaign: Campaign, goals: Sequence[str], *, by: User | None) -> None:
    """Set which outcomes count as the goal: figures only, so it is allowed in every state.

    Raise `NotAllowed` for an outcome that is too long, or one that forbids further calls.
    """
    wanted = sorted({goal.strip() for goal in goals} - {""})
    if wrong := [goal for goal in wanted if goal in NEVER_A_GOAL or len(goal) > LONGEST_OUTCOME]:
        raise NotAllowed(f"“{wrong[0][:LONGEST_OUTCOME]}” can't be the goal of a campaign.")
    stored = locked(Campaign.objects.all()).get(pk=campaign.pk)
    campaign.goals = wanted
    if stored.goals == wanted:
        return
    campaign.save(update_fields=["goals", "changed_at"])
    words = f"The goal: {', '.join(wanted)}." if wanted else "No outcome is the goal any more."
    note(campaign.pk, stored.state, stored.state, words, now=clock.now(), by=by)


def pause(campaign: Campaign, by: User | None) -> None:
    """Plan and upload nothing more; `delivery.withdraw` withdraws what is at XFin.

    Raise `NotAllowed` if the campaign does not run.
    """

    @transaction.atomic
    def halt() -> None:
        change(campaign, "pause", by=by)
        withdraw_planned(campaign, "The campaign was paused.", now=clock.now())

    edges.retried("a pause", halt)


def resume(campaign: Campaign, by: User | None) -> None:
    """Resume a paused or stopped campaign.

    Raise `NotAllowed` while the account is refused, the approval has lapsed, a template was changed at XFin
    or too many complaints are open.
    """
    if campaign.template.account.state == campaign.template.account.State.REFUSED:
        raise NotAllowed("XFin refuses the account; correct its credentials first.")
    _refuse_lapsed(campaign)
    if why := drift_of(campaign) or too_many_complaints(campaign, now=clock.now()):
        raise NotAllowed(why)
    change(campaign, "resume", by=by)


def cancel(campaign: Campaign, by: User | None) -> None:
    """End a campaign: only calls on the line just now go on. What waits at XFin is withdrawn.

    Raise `NotAllowed` if it has ended.
    """

    @transaction.atomic
    def end() -> None:
        change(campaign, "cancel", by=by)
        planned = Message.objects.filter(recipient__campaign=campaign, state=Message.State.PLANNED)
        list(locked(planned).values_list("pk"))
        # All who are open in one statement; the planned ones among them are locked once more below.
        people = Recipient.objects.filter(campaign=campaign, state__in=Recipient.OPEN_STATES)
        list(locked(people).values_list("pk"))
        withdraw_planned(campaign, CANCELLED, now=clock.now())
        Recipient.objects.filter(campaign=campaign, state=Recipient.State.WAITING).update(
            state=Recipient.State.CANCELLED, reason=CANCELLED
        )
        callback.end_all(Recipient.objects.filter(campaign=campaign), CANCELLED)

    edges.retried("a cancellation", end)


def withdraw_stragglers(now: datetime) -> int:
    """Withdraw what halted campaigns still plan. Return how many messages.

    That is left of a batch that did not reach XFin, and of a stop by the rules.
    """
    planned = Message.objects.filter(state=Message.State.PLANNED)
    halted = Campaign.objects.filter(state__in=Campaign.HALTED, pk__in=planned.values("recipient__campaign"))
    keys = halted.values_list("pk", flat=True)

    @transaction.atomic
    def withdraw(campaign_id: int) -> int:
        campaign = locked(Campaign.objects.all()).get(pk=campaign_id)
        if campaign.state not in Campaign.HALTED:  # it may have been resumed meanwhile
            return 0
        reason = f"The campaign is {campaign.get_state_display().lower()}."
        return withdraw_planned(campaign, reason, now=now)

    return edges.each("withdrawing", list(keys), withdraw)


def launch_problems(campaign: Campaign) -> list[str]:
    """Return what stands in the way of a launch, as sentences; empty if nothing does."""
    number = campaign.number
    account = Account.objects.get(pk=campaign.template.account_id)
    checks = (
        (not campaign.recipients.exists(), "There is nobody to call: import people first."),
        (number.account_id != account.pk, "The number and the template belong to different accounts."),
        (not number.active, "The number is switched off."),
        (number.direction == number.Direction.INBOUND, "The number takes inbound calls only."),
        (account.state == account.State.REFUSED, "XFin refuses the account; correct its credentials first."),
    )
    problems = [sentence for wrong, sentence in checks if wrong]
    ours = [pk for pk in (campaign.template_id, campaign.retry_template_id) if pk]
    refused = Template.objects.filter(pk__in=ours, sync_state=Template.Sync.FAILED)
    problems += [f"XFin refused the template: {template.sync_reason}" for template in refused]
    redialling = Template.objects.filter(pk__in=ours, num_backups__gt=0)
    problems += [
        f"XFin itself would redial {template.num_backups} times, outside the hours and rules too: set the "
        f"redials of the template “{template}” to 0 and use the campaign's retries."
        for template in redialling
    ]
    problems += filter(None, [drift_of(campaign)])
    return [*problems, *_retry_problems(campaign), *campaign_problems(campaign, now=clock.now())]


def _retry_problems(campaign: Campaign) -> list[str]:
    """Return what is wrong with the template through which people are called again."""
    template = campaign.retry_template
    if template is None:
        return []
    if campaign.retry_line is None:
        return ["The template for retries must have exactly one number: from it people are called again."]
    _, number = campaign.retry_line
    first, again = (
        set(TemplateLanguage.objects.filter(template=one).values_list("language", flat=True))
        for one in (campaign.template, template)
    )
    missing = ", ".join(sorted(first - again))
    checks = (
        (
            template.account_id != campaign.template.account_id,
            "The template for retries is another account's.",
        ),
        (not number.active, "The number of the template for retries is switched off."),
        (
            number.direction == number.Direction.INBOUND,
            "The number of the template for retries takes inbound calls only.",
        ),
        (bool(missing), f"The template for retries does not have the languages {missing}."),
    )
    return [sentence for wrong, sentence in checks if wrong]


def start_scheduled(now: datetime) -> int:
    """Start campaigns whose time has come. Return how many."""
    due = Campaign.objects.filter(state=State.SCHEDULED, starts_at__lte=now)
    return edges.each(
        "starting", due, lambda one: not approvals.lapse(one, now=now) and _by_itself(one.pk, "start", now)
    )


def complete_finished(now: datetime) -> int:
    """Complete running campaigns in which every person has a final state. Return how many.

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
    keys = list(finished.values_list("pk", flat=True))

    @transaction.atomic
    def complete(campaign_id: int) -> bool:
        # A call-back may have been asked for meanwhile; `planning.callbacks` takes the same lock.
        locked(Campaign.objects.all()).get(pk=campaign_id)
        still_open = Recipient.objects.filter(campaign=campaign_id, state__in=Recipient.OPEN_STATES)
        return not still_open.exists() and _by_itself(campaign_id, "complete", now)

    return edges.each("completing", keys, complete)


def reopen(campaign_id: int, *, now: datetime) -> bool:
    """Reopen a completed campaign for a call-back. Return False if it is not completed.

    A call-back asked for in one of its last calls may be stored when it has just been completed.
    """
    return _by_itself(campaign_id, "reopen", now)


def _by_itself(campaign_id: int, verb: str, now: datetime) -> bool:
    step = TRANSITIONS[verb]
    return move(campaign_id, step.target, step.words, sources=step.sources, now=now)
