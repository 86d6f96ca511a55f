"""Whether the keys of this process are those with which the data was stored."""

import logging

from cryptography.fernet import InvalidToken
from django.core import checks
from django.db import DatabaseError

from campaigns.models import Account, KeyMark, PhoneNumber
from campaigns.pseudonyms import pseudonym

log = logging.getLogger(__name__)

_SAMPLE = "+910000000000"
_FIELDS = (
    "What is stored encrypted can't be read with the keys of this machine. Set SECRET_KEY (or FIELD_KEYS) to "
    "that of the machine that stored it; without a setting it stands in the file secret-key of its DATA_DIR."
)
_PSEUDONYMS = (
    "PSEUDONYM_KEY (or SECRET_KEY, where it is not set) is another than the one under which erased people "
    "are known: they would be called again. Set it as it was."
)


def key_problem() -> str:
    """Return a sentence if the keys of this process do not fit the stored data; empty if they do.

    The first process writes the mark by which later ones are judged. Empty, too, where there is no database
    or it has no tables yet.
    """
    try:
        mark = KeyMark.objects.filter(pk=1).first()
        if mark is None:
            # What an earlier version stored: reading decrypts.
            Account.objects.values_list("password", flat=True).first()
            PhoneNumber.objects.values_list("stream_secret", flat=True).first()
            values = {"pseudonym": pseudonym(_SAMPLE), "sealed": _SAMPLE}
            mark, _ = KeyMark.objects.get_or_create(pk=1, defaults=values)
    except InvalidToken:
        return _FIELDS
    except DatabaseError as error:
        log.debug("The keys could not be compared with the database: %s.", type(error).__name__)
        return ""
    return "" if mark.pseudonym == pseudonym(_SAMPLE) else _PSEUDONYMS


def check_keys(**_: object) -> list[checks.CheckMessage]:
    """Return the error of `manage.py check` for keys that do not fit the data; empty if they do."""
    problem = key_problem()
    return [checks.Error(problem, id="campaigns.E001")] if problem else []
