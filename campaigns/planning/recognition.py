"""Recognise a caller by what they key in: the one person in whose row of a list it stands.

Tries are few, so that no one finds out by trying who is in a list: three a call, six an hour for one caller,
and thirty an hour for all callers of a number whose own number is not known. What is keyed in is no proof of
who is calling: it brings the values of a row, and changes nothing in its campaign.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Replace

from campaigns.models import Campaign, PhoneNumber, Recipient, RecognitionTry, Suppression
from campaigns.phones import parse_number
from campaigns.pseudonyms import PREFIX, pseudonym
from campaigns.queries.inbound import CLOSED

TRIES_A_CALL, TRIES_AN_HOUR, TRIES_WITHOUT_NUMBER = 3, 6, 30
LEAST_DIGITS = 4
"""Fewer would be found by chance."""
PHONE = "phone"
"""The column of the number itself."""
_KEPT = timedelta(days=1)


class TooManyTries(Exception):
    """The caller has tried as often as may be. The text is a sentence for the log."""


def recognise(
    number: PhoneNumber, *, call: UUID, phone: str, column: str, keyed: str, now: datetime
) -> Recipient | None:
    """Return the person in whose `column` stands what was keyed in; None if there is none, or several.

    People are those of campaigns on this number that run, or ended within its `recognise_days`; of one
    person in several the latest. `phone` is the caller's number, if it is known. Raises `TooManyTries`.
    """
    _count_try(number, call=call, whose=pseudonym(phone) if phone else "", now=now)
    if len(keyed) < LEAST_DIGITS:
        return None
    found = _people(number, now)
    if column == PHONE:
        found = found.filter(phone=parse_number(keyed).e164 or "")
    else:
        written = KeyTextTransform(column, "variables")
        plain = Replace(written, Value(" "), output_field=TextField())
        plain = Replace(plain, Value("-"), output_field=TextField())
        found = found.annotate(plain=plain).filter(plain=keyed)
    last = found.order_by("-pk").first()
    return last if last and not found.exclude(phone=last.phone).exists() else None


def _people(number: PhoneNumber, now: datetime) -> QuerySet[Recipient]:
    state = Campaign.State
    since = now - timedelta(days=number.recognise_days)
    running = Q(campaign__state__in=(state.RUNNING, state.PAUSED))
    ended = Q(campaign__state__in=(state.COMPLETED, state.STOPPED), campaign__state_since__gte=since)
    people = Recipient.objects.filter(running | ended, campaign__number=number)
    opted_out = Suppression.objects.live(OuterRef("campaign__category")).filter(phone=OuterRef("phone"))
    people = people.exclude(state__in=CLOSED).exclude(phone__startswith=PREFIX)
    return people.exclude(Exists(opted_out))


@transaction.atomic
def _count_try(number: PhoneNumber, *, call: UUID, whose: str, now: datetime) -> None:
    """Count one more try; tries of the number are counted one after the other."""
    PhoneNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
    RecognitionTry.objects.filter(at__lt=now - _KEPT).delete()
    tries = RecognitionTry.objects.filter(number=number)
    if tries.filter(call=call).count() >= TRIES_A_CALL:
        raise TooManyTries(f"The caller has tried {TRIES_A_CALL} times in this call.")
    most = TRIES_AN_HOUR if whose else TRIES_WITHOUT_NUMBER
    if tries.filter(whose=whose, at__gt=now - timedelta(hours=1)).count() >= most:
        raise TooManyTries(f"There were {most} tries within an hour.")
    RecognitionTry.objects.create(number=number, call=call, whose=whose, at=now)
