"""What a preflight found about a campaign before its launch."""

from typing import ClassVar, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign


class PreflightState(models.TextChoices):
    """How far the counting is."""

    WAITING = "waiting", "Waiting to be counted"
    COUNTING = "counting", "Being counted"
    DONE = "done", "Counted"


class Preflight(Stamped):
    """The newest preflight of a campaign. `figures` stay while a new one is made (`planning.preflight`)."""

    State: TypeAlias = PreflightState

    OPEN_STATES: ClassVar = (State.WAITING, State.COUNTING)

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="preflight")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claim = models.CharField(max_length=40, default="", blank=True, help_text="Of the worker that counts.")
    claimed_until = models.DateTimeField(null=True, blank=True)
    counted = models.PositiveIntegerField(default=0, help_text="People looked at so far.")
    made_at = models.DateTimeField(null=True, blank=True, help_text="When the figures were true.")
    newest_recipient = models.PositiveBigIntegerField(default=0, help_text="Who came later is not in them.")
    figures = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar = [
            one_of("state", PreflightState, table="preflight"),
            models.CheckConstraint(
                condition=~Q(state="counting") | Q(claimed_until__isnull=False),
                name="preflight_counting_is_claimed",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(made_at__isnull=False), name="preflight_done_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"preflight of {self.campaign}"
