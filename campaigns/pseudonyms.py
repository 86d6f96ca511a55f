"""What stands for a phone number once its person's data is gone, and for a token of the API in the audit log.

Found by the number or the token, never read back.
"""

import hmac

from django.conf import settings

from campaigns.phones import REMOVED

PREFIX = REMOVED
_DIGITS = 15


def pseudonym(phone: str) -> str:
    """A keyed hash of an E.164 number: `x` and 60 bits in hex, so that it fits where the number stood."""
    key = settings.PSEUDONYM_KEY.encode()
    return PREFIX + hmac.digest(key, phone.encode(), "sha256").hex()[:_DIGITS]


def token_name(token: str) -> str:
    """By what a token of the API is known in the audit log: `t-` and 48 bits in hex of a keyed hash."""
    key = settings.PSEUDONYM_KEY.encode()
    return "t-" + hmac.digest(key, b"token " + token.encode(), "sha256").hex()[:12]
