"""What several tables share: state checks, unguessable names, time stamps."""

import base64
import secrets
from typing import Any

from django.db import models

from campaigns import clock


def unguessable(prefix: str = "", *, bits: int = 130) -> str:
    """A new random name: `prefix` and lower-case base32 letters holding `bits` bits."""
    letters = base64.b32encode(secrets.token_bytes((bits + 7) // 8)).decode().lower()
    return prefix + letters[: bits // 5]


def new_message_reference() -> str:
    """The name under which one message is known here, at XFin and on the stream: for ever unique."""
    return unguessable("m-")


def new_batch_reference() -> str:
    """The name that every message of one upload carries as a tag."""
    return unguessable("b-")


def new_stream_key() -> str:
    """Ten letters that find a number's row; no secret."""
    return unguessable(bits=50)


def new_secret() -> str:
    """The secret half of a stream address: 160 bits."""
    return unguessable(bits=160)


def one_of(field: str, choices: type[models.TextChoices], *, table: str) -> models.CheckConstraint:
    """A database check that `field` holds one of the choices."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": choices.values}), name=f"{table}_{field}_known"
    )


class Stamped(models.Model):
    """When a row was made and last changed."""

    created_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Note the time of the change."""
        self.changed_at = clock.now()
        super().save(*args, **kwargs)
