"""Place, release and find legal holds: what one covers is not purged or erased, whatever its period."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from campaigns import audit
from campaigns.errors import NotAllowed
from campaigns.models import Campaign, LegalHold, Recipient, User
from campaigns.pseudonyms import pseudonym


def place(*, reason: str, by: User | None, phone: str = "", campaign: Campaign | None = None) -> LegalHold:
    """Keep everything of one person (E.164) or one campaign, and return the hold.

    Raise `NotAllowed` without a reason, or if there is such a hold already.
    """
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
    """Release a hold. Raise `NotAllowed` without a reason, or if it was released before."""
    if not reason.strip():
        raise NotAllowed("Write down why the hold ends.")
    standing = LegalHold.objects.filter(pk=hold_id, released_at__isnull=True)
    if not standing.update(released_at=now, released_reason=reason.strip(), released_by=by, changed_at=now):
        raise NotAllowed("This hold was released before.")
    audit.note(LegalHold.objects.get(pk=hold_id), {"released": ("", reason.strip())})


def held(person: str = "recipient__", campaign: str = "campaign") -> Q:
    """Return the condition that a row is under a legal hold.

    `person` is the lookup path to its recipient, `campaign` to its campaign; empty if it has none.
    """
    standing = LegalHold.objects.filter(released_at__isnull=True)
    numbers = [*standing.exclude(phone="").values_list("phone", flat=True)]
    of_person = Q(**{f"{person}phone__in": [*numbers, *map(pseudonym, numbers)]})
    if not campaign:
        return of_person
    campaigns = [*standing.filter(campaign__isnull=False).values_list("campaign", flat=True)]
    return of_person | Q(**{f"{campaign}__in": campaigns})


def held_by_number(campaign: str = "") -> Q:
    """Return the condition that a row with a number of its own is under a legal hold.

    Its person is, or is in a campaign under one. `campaign` is the lookup path to the row's own campaign.
    """
    campaigns = LegalHold.objects.filter(released_at__isnull=True, campaign__isnull=False).values("campaign")
    people = Recipient.objects.filter(campaign__in=campaigns)
    return held("", campaign) | Q(phone__in=people.values("phone"))


def held_rows() -> Q:
    """Return the condition that a row of an uploaded file is under a legal hold.

    Every file of a campaign under one is, and of a campaign that has a person under one.
    """
    return Q(source__campaign__in=Recipient.objects.filter(held("")).values("campaign")) | Q(
        source__campaign__in=LegalHold.objects.filter(released_at=None, phone="").values("campaign")
    )


def hold_on(phone: str) -> LegalHold | None:
    """Return the hold that covers a number: its own, or of a campaign it is in. None if there is none."""
    campaigns = Recipient.objects.filter(phone__in=(phone, pseudonym(phone))).values("campaign")
    covers = Q(phone=phone) | Q(campaign__in=campaigns)
    return LegalHold.objects.filter(covers, released_at__isnull=True).select_related("campaign").first()
