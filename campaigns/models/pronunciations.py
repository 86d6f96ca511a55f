"""How the organisation has its own words spoken."""

import unicodedata
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from campaigns.formatting import LANGUAGES
from campaigns.models.base import Stamped

MOST_PRONUNCIATIONS = 1000


class Pronunciation(Stamped):
    """A word or words as they are written, and as they are spoken in one language or in every one.

    Only the voice gets the spoken form (`calls.agents.lexicon`); pages and logs keep the written one.
    """

    written = models.CharField(
        max_length=60, help_text="As it stands in texts and lists, such as EMI. Capital letters count."
    )
    spoken = models.CharField(
        max_length=200, help_text="As it sounds, in letters of the language, such as ee em aai or ई एम आई."
    )
    language = models.CharField(
        max_length=8, default="", blank=True, choices=[("", "Every language"), *LANGUAGES.items()]
    )

    class Meta:
        ordering: ClassVar = ["written", "language"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["written", "language"],
                name="pronunciation_once_a_language",
                violation_error_message="This word is there already for this language. Remove it first.",
            ),
            models.CheckConstraint(condition=~Q(written="") & ~Q(spoken=""), name="pronunciation_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.written}: {self.spoken}"

    def clean(self) -> None:
        """Tidy both forms. Raises `ValidationError` for one without a letter, and for too many rows."""
        self._tidy()
        for name in ("written", "spoken"):
            if not any(char.isalnum() for char in getattr(self, name)):
                raise ValidationError({name: "Write at least one letter."})
        if self._state.adding and Pronunciation.objects.count() >= MOST_PRONUNCIATIONS:
            raise ValidationError(f"At most {MOST_PRONUNCIATIONS} words; remove one first.")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row, both forms in Unicode's normal form with single spaces."""
        self._tidy()
        super().save(*args, **kwargs)

    def _tidy(self) -> None:
        self.written, self.spoken = (
            " ".join(unicodedata.normalize("NFC", form).split()) for form in (self.written, self.spoken)
        )
