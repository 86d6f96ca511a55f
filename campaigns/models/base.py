"""Shared by several tables: state checks, unguessable names, time stamps."""

import base64
import secrets
from typing import Any

from django.db import models

from campaigns import clock


def unguessable(prefix: str = "", *, bits: int = 130) -> str:
    """Return a new random name: `prefix` and lower-case base32 letters holding `bits` bits."""
    letters = base64.b32encode(secrets.token_bytes((bits + 7) // 8)).decode().lower()
    return prefix + letters[: bits // 5]


def new_message_reference() -> str:
    """Return a new unique name for one message, the same here, at XFin and on the stream."""
    return unguessable("m-")


def new_batch_reference() -> str:
    """Return a new unique name for one upload, which each of its messages carries as a tag."""
    return unguessable("b-")


def new_stream_key() -> str:
    """Return ten random letters by which a number's row is found; they are no secret."""
    return unguessable(bits=50)


def new_secret() -> str:
    """Return the secret half of a stream address: 160 bits in 32 letters."""
    return unguessable(bits=160)


def one_of(field: str, choices: type[models.TextChoices], *, table: str) -> models.CheckConstraint:
    """Return a database check that `field` holds one of the choices."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": choices.values}), name=f"{table}_{field}_known"
    )


class Stamped(models.Model):
    """Record when a row was made and last changed."""

    created_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row with the time of the change; `update` and raw SQL set `changed_at` themselves."""
        self.changed_at = clock.now()
        super().save(*args, **kwargs)
