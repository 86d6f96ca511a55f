"""Names that replace a phone number once its person's data is gone, and an API token in the audit log.

They are computed from the number or the token; the way back does not exist.
"""

import hmac

from django.conf import settings

from campaigns.phones import REMOVED

PREFIX = REMOVED
_DIGITS = 15


def pseudonym(phone: str) -> str:
    """Return a keyed hash of an E.164 number: `x` and 60 bits in hex, which fits where the number stood."""
    key = settings.PSEUDONYM_KEY.encode()
    return PREFIX + hmac.digest(key, phone.encode(), "sha256").hex()[:_DIGITS]


def token_name(token: str) -> str:
    """Return the name of an API token in the audit log: `t-` and 48 bits in hex of a keyed hash."""
    key = settings.PSEUDONYM_KEY.encode()
    return "t-" + hmac.digest(key, b"token " + token.encode(), "sha256").hex()[:12]
