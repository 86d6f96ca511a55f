"""Bring people up to date by a corrected list who were in the campaign before it and wait."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import Q

from campaigns import audit
from campaigns.errors import UnreadableFile
from campaigns.imports.insert import NewPerson, in_chosen_languages
from campaigns.imports.reader import CHUNK, CampaignEnded, lock_campaign, row_checker
from campaigns.lifecycle.approvals import BEYOND_APPROVAL, needs_second_person
from campaigns.lifecycle.quotas import place
from campaigns.locks import locked
from campaigns.models import Import, ImportRow, Recipient
from campaigns.transitions.attempt import UNSPEAKABLE

UPDATED = "This number was in the campaign already; its person was brought up to date."
#: People who wait, and those who were not called because a value was missing (rule B17) or can't be spoken.
_MAY_CHANGE = (
    Q(state=Recipient.State.WAITING)
    | Q(state=Recipient.State.BLOCKED, reason__contains="there is no usable value for it.")
    | Q(state=Recipient.State.FAILED, reason__startswith=UNSPEAKABLE)
)


@transaction.atomic
def update_those_who_wait(source: Import, *, now: datetime) -> int:
    """Give people of earlier lists who wait the name, language and values that a later list has. Return how
    many.

    Raise `UnreadableFile` while the list is read, when the campaign has ended, and where a second person has
    approved the people as they were.
    """
    if source.state != Import.State.DONE:
        raise UnreadableFile("This list was not read to its end.")
    try:
        lock_campaign(source.campaign_id)
    except CampaignEnded as error:
        raise UnreadableFile("This campaign has ended; make a new one for these people.") from error
    if needs_second_person(source.campaign) and source.campaign.state in BEYOND_APPROVAL:
        raise UnreadableFile(
            "A second person has approved these people with their values; take the campaign back to draft "
            "first."
        )
    changed = 0
    for people in _duplicates(source):
        there = Recipient.objects.filter(_MAY_CHANGE, campaign=source.campaign_id, phone__in=people)
        for one in locked(there.exclude(source=source)):
            person = people[one.phone]
            Recipient.objects.filter(pk=one.pk).update(
                name=person.name,
                language=person.language,
                language_listed=person.language_listed,
                variables=one.variables | msgspec.json.decode(person.variables),
                note=person.note,
                state=Recipient.State.WAITING,
                reason=f"Brought up to date from “{source.filename[:80]}”.",
                changed_at=now,
            )
            source.rows.filter(row_number=person.row_number).update(reason=UPDATED)
            place(source.campaign, Recipient.objects.filter(pk=one.pk))
            changed += 1
    audit.note(source, {"people brought up to date": ("", str(changed))})
    return changed


def _duplicates(source: Import) -> Iterator[dict[str, NewPerson]]:
    """Yield the rows whose number was known before, a chunk at a time by their numbers; the first of each."""
    checker = row_checker(source, width=len(source.columns["headings"]), problems={})
    rows = source.rows.filter(fate=ImportRow.Fate.DUPLICATE).order_by("row_number")
    last = 0
    while found := list(rows.filter(row_number__gt=last).values_list("row_number", "cells")[:CHUNK]):
        last = found[-1][0]
        people = in_chosen_languages(checker.check(found).people, source.campaign)
        yield {person.phone: person for person in reversed(people)}
