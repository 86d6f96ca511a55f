"""Dialogues: what a call says and asks. A draft that is worked on, published versions that never change."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse

from campaigns import clock
from campaigns.models.base import Stamped
from campaigns.models.campaigns import Agent


class Dialogue(Stamped):
    """A dialogue that staff work on. Its agent is what campaigns and numbers choose.

    The agent's configuration is the latest published version; a campaign that was checked keeps its own.
    """

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="dialogue")
    draft = models.JSONField(help_text="A document as docs/dialogues.md describes it.")
    revision = models.PositiveIntegerField(default=1, help_text="Counts the changes of the draft.")
    draft_changed_at = models.DateTimeField(default=clock.now)
    draft_changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("agent__name",)

    def __str__(self) -> str:
        return self.agent.name

    def get_absolute_url(self) -> str:
        """Return the address of its studio."""
        return reverse("dialogue", args=[self.pk])


class VersionChangedError(Exception):
    """A published version was to be changed."""


class DialogueVersion(models.Model):
    """A published form of a dialogue. A trigger in the database refuses to change what it says."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="From 1.")
    configuration = models.JSONField(help_text="A document as docs/dialogues.md describes it.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the document as it is written to a file.")
    published_at = models.DateTimeField(default=clock.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=400, default="", blank=True, help_text="What was changed, and why.")
    override = models.CharField(
        max_length=400, default="", blank=True, help_text="Why it was published though tests failed."
    )

    class Meta:
        ordering = ("dialogue", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialogue", "number"], name="one_version_a_number"),
        ]
        permissions: ClassVar = [
            ("publish_dialogue", "Can publish a dialogue"),
            ("override_dialogue_tests", "Can publish a dialogue whose tests fail"),
        ]

    def __str__(self) -> str:
        return f"{self.dialogue} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row. Raises `VersionChangedError` for a row that is there already."""
        if not self._state.adding:
            raise VersionChangedError("A published version is never changed; publish another.")
        super().save(*args, **kwargs)


class KeptTest(Stamped):
    """A test of a dialogue: a person, what is pressed or said when, and what must come of it."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="tests")
    name = models.CharField(max_length=120)
    body = models.JSONField(help_text="docs/dialogue-tests.md")
    origin = models.CharField(max_length=20, default="hand", help_text="hand, call or machine")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("dialogue", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialogue", "name"], name="one_test_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
