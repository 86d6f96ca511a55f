"""Changes that staff make to our own numbers."""

from datetime import datetime, timedelta

from django.db import transaction

from campaigns import clock
from campaigns.models import PhoneNumber
from campaigns.models.base import new_secret

KEEP_HOURS = 24.0
"""Long enough to configure the new address at Awaaz and to see that it works."""


@transaction.atomic
def rotate_secret(number: PhoneNumber, keep_hours: float) -> datetime | None:
    """Give the number's address a new secret; the old one works for `keep_hours` more, if any.

    Returns until when it works, None if it stops now. An older one stops in any case; calls on the line
    go on.
    """
    row = PhoneNumber.objects.select_for_update().get(pk=number.pk)
    until = clock.now() + timedelta(hours=keep_hours) if keep_hours > 0 else None
    row.previous_stream_secret = row.stream_secret if until else ""
    row.previous_secret_until = until
    row.stream_secret = new_secret()
    row.save(update_fields=["stream_secret", "previous_stream_secret", "previous_secret_until", "changed_at"])
    number.refresh_from_db()
    return until
