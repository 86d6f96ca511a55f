"""Keep and compare approvals: one covers what the second person saw, and no people who were added since.

Kept with the approval is everything that decides what is said to whom, when and how often. It is compared
each time calls are planned and handed over. Where it differs, an approved campaign waits for a second person
again and a running one stops; both say what changed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from campaigns import audit, edges
from campaigns.agent_inspection import inspect
from campaigns.formatting import ist_exact
from campaigns.models import (
    Agent,
    Approval,
    Campaign,
    CampaignDeclaration,
    Content,
    Import,
    Recipient,
    StandingList,
    Template,
    TemplateLanguage,
    User,
)
from campaigns.queries.quotas import cells_of
from campaigns.rules.law import TWO_PEOPLE
from campaigns.schedule import quotas, retries
from campaigns.transitions.campaign import move, name_of, note, stop

State = Campaign.State

#: Campaigns that ask for a second person, as `needs_second_person` says of one.
NEEDED = Q(category__in=TWO_PEOPLE) | Q(template__account__second_person=True)
#: States of campaigns that have an approval, if they need one.
BEYOND_APPROVAL = (State.APPROVED, State.SCHEDULED, State.RUNNING, State.PAUSED, State.STOPPED)
ADDED_LATER = "Added after the approval: a second person must approve before this person is called."
REMEDY = "A second person must look at it and approve it as it is now"
_FRESH = Recipient._meta.get_field("reason").get_default()
_DIGEST = "sha256:"


@dataclass(frozen=True, slots=True)
class ApprovalStatus:
    """How an approval and its campaign compare: what changed in words, and how many people came later."""

    approval: Approval | None
    changed: tuple[str, ...]
    added: int

    @property
    def complete(self) -> bool:
        """Return whether everything there is was approved."""
        return self.approval is not None and not self.changed and not self.added

    @property
    def lapse(self) -> str:
        """Return why no calls may be made; empty if the approval holds, at least for the people it covers."""
        if self.approval is None:
            return "No second person has approved it."
        if not self.changed:
            return ""
        since = f"since {self.approval.by_name} approved it, {ist_exact(self.approval.at)}"
        return f"Changed {since}: {'; '.join(self.changed)}."


def needs_second_person(campaign: Campaign) -> bool:
    """Return whether the rules or the organisation ask for an approval."""
    asking = Template.objects.filter(pk=campaign.template_id, account__second_person=True)
    return campaign.category in TWO_PEOPLE or asking.exists()


def status(campaign: Campaign) -> ApprovalStatus | None:
    """Compare a campaign with its approval; return None if no second person is asked for."""
    if not needs_second_person(campaign):
        return None
    approval = Approval.objects.filter(campaign=campaign).first()
    if approval is None:
        return ApprovalStatus(None, (), 0)
    added = Recipient.objects.filter(campaign=campaign, pk__gt=approval.newest_recipient)
    return ApprovalStatus(
        approval,
        tuple(differences(approval.contents, contents(campaign))),
        added.aggregate(n=Count("pk"))["n"],
    )


def lapsed(campaign: Campaign) -> str:
    """Return why no calls may be made without another approval; empty if one holds or none is asked for."""
    found = status(campaign)
    return found.lapse if found else ""


def lapse(campaign: Campaign, *, now: datetime) -> bool:
    """Halt a campaign whose approval does not hold any more. Return False if it holds."""
    why = lapsed(campaign)
    if not why:
        return False
    stop(campaign.pk, f"Stopped by itself: {why} {REMEDY}, then resume.", now=now)
    waiting = (State.APPROVED, State.SCHEDULED)
    move(campaign.pk, State.CHECKED, f"{why} {REMEDY}, then launch.", sources=waiting, now=now)
    return True


def lapse_changed(now: datetime) -> int:
    """Halt every campaign whose approval does not hold any more. Return how many."""
    states = (State.APPROVED, State.SCHEDULED, State.RUNNING)
    asked = Campaign.objects.filter(NEEDED, state__in=states)
    related = asked.select_related("template__account", "number", "agent", "dialogue_version")
    return edges.each("comparing with the approval", related, lambda campaign: lapse(campaign, now=now))


def callable_people(campaign: Campaign, people: QuerySet[Recipient]) -> QuerySet[Recipient]:
    """Return those of a campaign's people whom the approval covers; all where none is asked for."""
    if not needs_second_person(campaign):
        return people
    newest = Approval.objects.filter(campaign=campaign).values_list("newest_recipient", flat=True).first()
    return people.filter(pk__lte=newest or 0)


def reason_of_new_people(campaign: Campaign) -> str:
    """Return the `reason` of people who are added now: `ADDED_LATER` if they wait for another approval."""
    later = needs_second_person(campaign) and Approval.objects.filter(campaign=campaign).exists()
    return ADDED_LATER if later else _FRESH


def still_read(campaign: Campaign) -> bool:
    """Return whether a list of the campaign is being read, so that its people are not known yet."""
    return Import.objects.filter(campaign=campaign, state__in=Import.TO_BE_READ).exists()


@transaction.atomic
def keep(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Write down that `by` approves the campaign as it is now; the caller has locked its row."""
    people = Recipient.objects.filter(campaign=campaign)
    figures = people.aggregate(people=Count("pk"), newest_recipient=Max("pk"))
    Approval.objects.update_or_create(
        campaign=campaign,
        defaults={
            "at": now,
            "by": by,
            "by_name": name_of(by),
            "contents": contents(campaign),
            "people": figures["people"],
            "newest_recipient": figures["newest_recipient"] or 0,
        },
    )
    people.filter(state=Recipient.State.WAITING, reason=ADDED_LATER).update(reason=_FRESH)


@transaction.atomic
def keep_again(campaign: Campaign, found: ApprovalStatus, *, by: User, now: datetime) -> None:
    """Approve once more a campaign that had an approval, or should have had; its state stays as it is."""
    seen = [*found.changed, *([f"{found.added} people were added"] if found.added else [])]
    reason = f"Approved again by {name_of(by)}: {'; '.join(seen) or 'as it is'}."
    keep(campaign, by=by, now=now)
    note(campaign.pk, campaign.state, campaign.state, reason, now=now, by=by)
    if found.lapse:  # that is what it was stopped for; any other reason stays
        stopped = Campaign.objects.filter(pk=campaign.pk, state=State.STOPPED)
        stopped.update(reason=f"{reason} It can be resumed.", changed_at=now)
    audit.note(campaign, {"approved": ("", reason)})


def has_changed_parts(campaign: Campaign, by: User) -> bool:
    """Return whether a person changed what the campaign says or added people since the last approval.

    Of a programme's campaign also whether the person ever changed the standing list that it was drawn from.
    """
    approval = Approval.objects.filter(campaign=campaign).first()
    brought = Recipient.objects.filter(campaign=campaign, source__created_by=by)
    if approval:
        brought = brought.filter(pk__gt=approval.newest_recipient)
    lists = StandingList.objects.filter(programmes__rounds__campaign=campaign).distinct()
    if brought.exists() or any(audit.changed_by(by, [each], since=each.created_at) for each in lists):
        return True
    # The rows beside the campaign's own that `contents` reads.
    templates = [template for template in (campaign.template, campaign.retry_template) if template]
    forms = list(TemplateLanguage.objects.filter(template__in=templates))
    declaration = CampaignDeclaration.objects.filter(campaign=campaign)
    parts = [*templates, campaign.agent, *forms, *declaration, *_clips_of(campaign.agent, campaign)]
    return audit.changed_by(by, parts, since=approval.at if approval else campaign.created_at)


# --- What is approved -----------------------------------------------------------------------------


def contents(campaign: Campaign) -> dict[str, str]:
    """Return everything that decides what is said to whom, when and how often: each part's name and text.

    Long texts are given as a digest.
    """
    agent, silent = campaign.agent, campaign.get_when_silent_display().lower()
    asked = f"{campaign.asks.name}; if it does not answer: {silent}" if campaign.asks else ""
    clips = sorted(_clip(clip) for clip in _clips_of(agent, campaign))
    return {
        "purpose": campaign.get_category_display(),
        "number": f"{campaign.number.e164} ({campaign.number.get_series_display()})",
        **_of_template(campaign.template),
        **(_of_template(campaign.retry_template, "the retry template") if campaign.retry_template else {}),
        "agent": f"{agent.name} ({agent.get_kind_display()})",
        "what the agent says": _digest([campaign.spoken, clips]),
        **_of_declaration(campaign),
        "default language": campaign.default_language,
        "no call before": ist_exact(campaign.starts_at),
        "hours": f"{campaign.window_start or '…'} to {campaign.window_end or '…'}",
        "calls a minute": str(campaign.calls_per_minute),
        "calls at once": str(campaign.most_at_once or "all lines"),
        "priority": campaign.get_priority_display(),
        "calls to one person": str(campaign.max_attempts),
        "minutes before retries": ", ".join(map(str, campaign.retry_gaps)),
        "retry rules": retries.written(campaign.retry_rules).replace("\n", ", "),
        # Empty where it is off: approvals from before there was this choice still hold.
        "goes on where a call broke off": "yes" if campaign.goes_on else "",
        "stops when so many in a hundred fail": str(campaign.stop_at_percent),
        "stops at so many complaints": str(campaign.stop_at_complaints),
        "asked before each call": asked,
        **_of_quotas(campaign),
    }


def _of_quotas(campaign: Campaign) -> dict[str, str]:
    """Return how many interviews are wanted of whom, and what counts as one; empty without quotas."""
    if not (names := campaign.quota_values):
        return {}
    wanted = quotas.written(cells_of(campaign), names).replace("\n", "; ")
    return {f"quotas by {quotas.part_of(names)}": wanted, "what a quota counts": ", ".join(campaign.goals)}


def differences(approved: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Yield what changed, in words: the part's name, with before and after where they are short. Pure."""
    for name in dict.fromkeys([*approved, *now]):
        before, after = approved.get(name, ""), now.get(name, "")
        if before == after:
            continue
        if _DIGEST not in before + after:
            yield f"{name}: {before or 'none'} → {after or 'none'}"
        elif before and after:
            yield name
        else:
            yield f"{name}: {'gone' if before else 'new'}"


def _of_template(template: Template, named: str = "the template") -> dict[str, str]:
    numbers = sorted(template.numbers.values_list("e164", flat=True))
    forms = list(TemplateLanguage.objects.filter(template=template).prefetch_related("contents"))
    said = {
        f"{named}'s words in {form.language}": _digest([form.syntax, sorted(map(_clip, form.contents.all()))])
        for form in forms
    }
    drifted = {f"{named}'s words in {form.language}, as XFin has them": _drift(form) for form in forms}
    drifted[f"{named}, as XFin has it"] = _drift(template)
    return {
        named: template.name,
        f"{named}'s description": _digest(template.description),
        f"{named}'s numbers": ", ".join(numbers),
        f"{named}'s response at XFin": template.get_response_type_display(),
        f"{named}'s redials by XFin": str(template.num_backups),
        f"{named}'s key retries": str(template.max_touchtone_retries),
        **said,
        **{name: why for name, why in drifted.items() if why},
    }


def _drift(mirrored: Template | TemplateLanguage) -> str:
    """Return what is other at XFin than it was uploaded; an approval was given for what was."""
    return mirrored.sync_reason if mirrored.sync_state == mirrored.Sync.DRIFTED else ""


def _clips_of(agent: Agent, campaign: Campaign) -> QuerySet[Content]:
    names = inspect(agent.kind, campaign.spoken).clips
    return Content.objects.filter(account=campaign.template.account_id, name__in=names)


def _clip(clip: Content) -> list[str]:
    """Return name and file name, which tell versions apart: storage never writes over a file."""
    return [clip.name, clip.file.name or ""]


def _of_declaration(campaign: Campaign) -> dict[str, str]:
    row = CampaignDeclaration.objects.filter(campaign=campaign).first()
    own = ("id", "campaign", "created_at", "changed_at", "declared_by")
    fields = [field for field in CampaignDeclaration._meta.concrete_fields if field.name not in own]
    values = {str(field.verbose_name): getattr(row, field.name, None) for field in fields}
    yes_no = {True: "yes", False: "no"}
    return {
        f"declared “{name}”": yes_no[value] if isinstance(value, bool) else value or ""
        for name, value in values.items()
    }


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return _DIGEST + hashlib.sha256(text.encode()).hexdigest() if value else ""
