"""What keeps data, and what made it go: legal holds, requests for erasure, and the log of purges."""

from typing import ClassVar, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.fields import EncryptedTextField
from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign


class LegalHold(Stamped):
    """Nothing of this person, or of this campaign, is purged or erased until it is released."""

    phone = models.CharField(max_length=16, default="", blank=True)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="holds"
    )
    reason = models.TextField(help_text="Case, authority, or whatever asks for it.")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    released_reason = models.TextField(default="", blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(phone="", campaign__isnull=False) | (~Q(phone="") & Q(campaign__isnull=True)),
                name="hold_on_a_person_or_a_campaign",
                violation_error_message="A hold is on one phone number or on one campaign.",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | ~Q(released_reason=""),
                name="hold_released_with_reason",
            ),
            models.UniqueConstraint(
                fields=["phone"], condition=~Q(phone="") & Q(released_at=None), name="one_hold_a_person"
            ),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(released_at=None), name="one_hold_a_campaign"
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold on {self.campaign}" if self.campaign else "Legal hold on a person"


class ErasureState(models.TextChoices):
    """How far it is."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"


class Erasure(Stamped):
    """A person's wish that what we hold goes. The number stands here only until it is done."""

    State: TypeAlias = ErasureState

    phone = models.CharField(max_length=16, default="", blank=True)
    pseudonym = models.CharField(max_length=16)
    reason = models.TextField(help_text="How the person asked, and how we know who asked.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    waits_for = models.TextField(default="", blank=True)
    due_at = models.DateTimeField(help_text="Not before this.")
    finished_at = models.DateTimeField(null=True, blank=True)
    removed = models.JSONField(default=dict, blank=True, help_text="How many rows of each kind.")

    class Meta:
        ordering = ("-created_at",)
        permissions: ClassVar = [("handle_person", "Can find, export and erase all data of one person")]
        constraints: ClassVar = [
            one_of("state", ErasureState, table="erasure"),
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at__isnull=True) | Q(state="done", phone=""),
                name="erasure_done_forgets_the_number",
            ),
            models.UniqueConstraint(
                fields=["pseudonym"], condition=Q(state="waiting"), name="one_open_erasure_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk} ({self.get_state_display()})"


class Purge(models.Model):
    """One kind of data on one night: what went, why, and what a legal hold kept."""

    kind = models.CharField(max_length=20)
    day = models.DateField(help_text="In IST.")
    cutoff = models.DateTimeField(help_text="Older rows went.")
    reason = models.TextField()
    removed = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0, help_text="Kept by a legal hold.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-day", "kind")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "day"], name="one_purge_a_kind_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class KeyMark(models.Model):
    """One row, by which a process with other keys is known before it does harm."""

    pseudonym = models.CharField(max_length=20)
    sealed = EncryptedTextField()

    def __str__(self) -> str:
        return "The mark of the keys"
