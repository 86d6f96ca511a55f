"""The errors of calls to XFin, and whether the call may be repeated.

Whether a call may be repeated is a property of the error's type (`XFinError.retry`), so that no
caller has to look at status codes. Every `reason` is one sentence for staff; it holds no secret and
no phone number (see `scrub`).
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar


class Retry(StrEnum):
    """What the caller may do after an error."""

    NEVER = "never"
    """Repeating the same call gives the same answer; a person has to change something."""

    LATER = "later"
    """Nothing was changed at XFin, or repeating changes nothing more: repeat after a pause."""

    LOOK_UP_FIRST = "look_up_first"
    """XFin may have carried the call out: look up what it created before sending anything again."""


class XFinError(Exception):
    """Base of the tree.

    `reason` is one readable sentence; `retry_after` is the pause XFin asked for, in seconds, where
    it named one.
    """

    retry: ClassVar[Retry] = Retry.NEVER

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class NotSent(XFinError):
    """No connection came about (DNS, refused, TLS, connection pool): nothing reached XFin."""

    retry = Retry.LATER


class TakenOver(XFinError):
    """The work was no longer ours just before the request would have gone out; nothing was sent."""

    retry = Retry.LATER


class Unconfirmed(XFinError):
    """A creating call whose outcome is unknown: XFin may or may not have carried it out."""

    retry = Retry.LOOK_UP_FIRST


class Unavailable(XFinError):
    """XFin gave no usable answer to a call that may be repeated without harm."""

    retry = Retry.LATER


class BadReply(Unavailable):
    """The answer could not be read; `field` names the place, e.g. `results[3].id`.

    A creating call surfaces it as `Unconfirmed`, with this error as the cause.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"XFin's answer could not be read: {field}: {problem}.")


class AuthRefused(XFinError):
    """XFin does not accept the account: wrong credentials, or no right to do this (401, 403)."""


class Throttled(XFinError):
    """XFin asked us to slow down (429): repeat after `retry_after` seconds.

    Of messages that were to be created it proves nothing: a proxy may have said it after XFin did the work.
    """

    retry = Retry.LATER


class Refused(XFinError):
    """XFin understood the call and rejected it (any other 4xx).

    Of messages that were to be created it proves nothing: XFin may have created some before it refused.
    """

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"XFin refused the request ({status}): {detail}")


class NotFound(Refused):
    """What the call names does not exist at XFin (404, 410)."""


_LONGEST_DETAIL = 300
_HIDDEN = "•••"
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
_DATE_OR_NUMBER = re.compile(r"(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?)|\+?\d(?:[\s().-]?\d){6,}")


def scrub(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return `text` on one line, at most 300 characters, without `secrets`, tokens and phone numbers.

    Any run of seven digits or more counts as a phone number, ISO dates excepted.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    text = _JWT.sub(_HIDDEN, text)
    text = _DATE_OR_NUMBER.sub(lambda found: found[1] or _HIDDEN, text)
    return " ".join(text.split())[:_LONGEST_DETAIL]
