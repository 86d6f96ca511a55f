"""What stands for a phone number once its person's data is gone: found by the number, never read back."""

import hmac

from django.conf import settings

from campaigns.phones import REMOVED

PREFIX = REMOVED
_DIGITS = 15


def pseudonym(phone: str) -> str:
    """A keyed hash of an E.164 number: `x` and 60 bits in hex, so that it fits where the number stood."""
    key = settings.PSEUDONYM_KEY.encode()
    return PREFIX + hmac.digest(key, phone.encode(), "sha256").hex()[:_DIGITS]
