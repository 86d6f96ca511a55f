"""Agents, and the campaigns that send them to people."""

from typing import ClassVar, TypeAlias

from django.conf import settings
from django.db import models
from django.urls import reverse

from campaigns import clock
from campaigns.models.accounts import PhoneNumber
from campaigns.models.base import Stamped, one_of
from campaigns.models.templates import Template


class AgentKind(models.TextChoices):
    """Which program of `calls.agents` runs."""

    PLAYBACK = "playback", "Plays a recording"
    MENU = "menu", "Speaks and takes a key"
    ECHO = "echo", "Echo, for tests"


class Agent(Stamped):
    """What answers on the WebSocket: a kind and its configuration (docs/agents.md)."""

    Kind: TypeAlias = AgentKind

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.MENU)
    configuration = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [one_of("kind", AgentKind, table="agent")]

    def __str__(self) -> str:
        return self.name


class CampaignCategory(models.TextChoices):
    """The purpose of the call, which decides the hours and the series that are lawful."""

    TRANSACTIONAL = "transactional", "Transactional"
    SERVICE = "service", "Service"
    PROMOTIONAL = "promotional", "Promotional"
    COLLECTIONS = "collections", "Collections by a regulated lender"
    MICROFINANCE = "microfinance", "Collections of microfinance loans"
    TRADE_DUES = "trade_dues", "Collections of own trade dues"
    SURVEY = "survey", "Survey"
    POLITICAL = "political", "Political"


class CampaignState(models.TextChoices):
    """Where a campaign stands; `campaigns.services.lifecycle.TRANSITIONS` says what may follow."""

    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


class Campaign(Stamped):
    """Whom to call about what, when, how fast and how often."""

    Category: TypeAlias = CampaignCategory
    State: TypeAlias = CampaignState

    name = models.CharField(max_length=160, unique=True)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="campaigns")
    number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="campaigns")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="campaigns")
    category = models.CharField(max_length=20, choices=Category, default=Category.SERVICE)
    default_language = models.CharField(max_length=10, default="hi")
    starts_at = models.DateTimeField(default=clock.now, help_text="No call before this.")
    window_start = models.TimeField(null=True, blank=True, help_text="IST; may only narrow the lawful hours.")
    window_end = models.TimeField(null=True, blank=True)
    calls_per_minute = models.PositiveIntegerField(default=60)
    max_attempts = models.PositiveSmallIntegerField("calls to one person at most", default=1)
    retry_gaps = models.JSONField("minutes before each retry", default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    reason = models.TextField(default="Not launched yet.", blank=True)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="campaigns"
    )

    class Meta:
        ordering = ("-created_at",)
        constraints: ClassVar = [
            one_of("state", CampaignState, table="campaign"),
            one_of("category", CampaignCategory, table="campaign"),
            models.CheckConstraint(
                condition=models.Q(calls_per_minute__gte=1, max_attempts__gte=1),
                name="campaign_pace_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The campaign's page in the portal."""
        return reverse("campaign", args=[self.pk])
