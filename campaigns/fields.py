"""Model fields that keep secrets encrypted at rest."""

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Return `text` as a Fernet token under the newest of FIELD_KEYS."""
    return _cipher(tuple(settings.FIELD_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text of a Fernet token made with any of FIELD_KEYS. Raises `InvalidToken`."""
    return _cipher(tuple(settings.FIELD_KEYS)).decrypt(token.encode()).decode()


class EncryptedTextField(TextField):
    """Text that is a Fernet token in the database and plain text in Python. It can't be searched."""

    def get_prep_value(self, value: str | None) -> str | None:
        """Return the text encrypted; an empty one stays empty, so that "not set" is visible in SQL."""
        return encrypt(value) if value else value

    def from_db_value(
        self, value: str | None, expression: object, connection: BaseDatabaseWrapper
    ) -> str | None:
        """Return the text decrypted; an empty one as it is."""
        return decrypt(value) if value else value
