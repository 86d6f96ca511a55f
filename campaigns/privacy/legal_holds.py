"""Legal holds: while one stands, nothing it covers is purged or erased, whatever a clock says."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from campaigns import audit
from campaigns.errors import NotAllowed
from campaigns.models import Campaign, LegalHold, Recipient, User
from campaigns.pseudonyms import pseudonym


def place(*, reason: str, by: User | None, phone: str = "", campaign: Campaign | None = None) -> LegalHold:
    """Keep everything of one person (E.164) or one campaign. `NotAllowed` without a reason, or if held."""
    if not reason.strip():
        raise NotAllowed("Write down what asks for the hold.")
    try:
        with transaction.atomic():
            return LegalHold.objects.create(
                phone=phone, campaign=campaign, reason=reason.strip(), placed_by=by
            )
    except IntegrityError as error:
        raise NotAllowed("This is held already.") from error


@transaction.atomic
def release(hold_id: int, *, reason: str, by: User | None, now: datetime) -> None:
    """Let the clocks go on. `NotAllowed` without a reason, or if it was released before."""
    if not reason.strip():
        raise NotAllowed("Write down why the hold ends.")
    standing = LegalHold.objects.filter(pk=hold_id, released_at__isnull=True)
    if not standing.update(released_at=now, released_reason=reason.strip(), released_by=by, changed_at=now):
        raise NotAllowed("This hold was released before.")
    audit.note(LegalHold.objects.get(pk=hold_id), {"released": ("", reason.strip())})


def held(person: str = "recipient__", campaign: str = "campaign") -> Q:
    """The condition that a row is held: `person` leads to its recipient, `campaign` to its campaign."""
    standing = LegalHold.objects.filter(released_at__isnull=True)
    numbers = [*standing.exclude(phone="").values_list("phone", flat=True)]
    of_person = Q(**{f"{person}phone__in": [*numbers, *map(pseudonym, numbers)]})
    if not campaign:
        return of_person
    campaigns = [*standing.filter(campaign__isnull=False).values_list("campaign", flat=True)]
    return of_person | Q(**{f"{campaign}__in": campaigns})


def held_by_number(campaign: str = "") -> Q:
    """The condition that a row with a number of its own is held: its person is, or is in a held campaign.

    `campaign` leads to the campaign of the row itself, where it has one.
    """
    campaigns = LegalHold.objects.filter(released_at__isnull=True, campaign__isnull=False).values("campaign")
    people = Recipient.objects.filter(campaign__in=campaigns)
    return held("", campaign) | Q(phone__in=people.values("phone"))


def held_rows() -> Q:
    """The condition that a row of an uploaded file is held: so is every file of a campaign that a held
    person is in."""
    return Q(source__campaign__in=Recipient.objects.filter(held("")).values("campaign")) | Q(
        source__campaign__in=LegalHold.objects.filter(released_at=None, phone="").values("campaign")
    )


def hold_on(phone: str) -> LegalHold | None:
    """The hold that covers a number: its own, or of a campaign it is in."""
    campaigns = Recipient.objects.filter(phone__in=(phone, pseudonym(phone))).values("campaign")
    covers = Q(phone=phone) | Q(campaign__in=campaigns)
    return LegalHold.objects.filter(covers, released_at__isnull=True).select_related("campaign").first()
