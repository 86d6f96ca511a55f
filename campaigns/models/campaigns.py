"""Agents, and the campaigns that send them to people."""

from typing import Any, ClassVar, TypeAlias

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property

from campaigns import clock
from campaigns.models.accounts import PhoneNumber
from campaigns.models.base import Stamped, one_of
from campaigns.models.templates import Template
from campaigns.schedule.retries import Policy, policy, problem


class AgentKind(models.TextChoices):
    """The kinds of agents: choices and database check of the column, keys of `calls.agents.registry`."""

    PLAYBACK = "playback", "Plays a recording"
    DIALOGUE = "dialogue", "Holds a dialogue"
    ECHO = "echo", "Echo, for tests"


class Agent(Stamped):
    """What answers on the WebSocket: a kind and its configuration (docs/agents.md)."""

    Kind: TypeAlias = AgentKind

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.DIALOGUE)
    configuration = models.JSONField(default=dict, blank=True)
    most_calls = models.PositiveIntegerField(
        "most calls at once",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many the agent can serve over all campaigns. Empty: as many as there are lines.",
    )

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
    GOVERNMENT = "government", "Emergency, or by direction of the government"


class CampaignState(models.TextChoices):
    """Where a campaign stands; `campaigns.lifecycle.actions.TRANSITIONS` says what may follow."""

    DRAFT = "draft", "Draft"
    CHECKED = "checked", "Checked"
    APPROVED = "approved", "Approved"
    SCHEDULED = "scheduled", "Scheduled"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


def check_retry_rules(rules: Any) -> None:
    """Raise ValidationError, with a sentence, for retry rules that `campaigns.schedule.retries` refuses."""
    try:
        why = problem(rules)
    except (AttributeError, KeyError, TypeError):
        why = "Write rules such as {“busy”: {“gaps”: [10, 30], “another_hour”: false}}."
    if why:
        raise ValidationError(why)


class WhenSilent(models.TextChoices):
    """What follows when the service that is asked before a call gives no answer."""

    CALL = "call", "Call all the same"
    PUT_OFF = "put_off", "Ask again in half an hour"
    SKIP = "skip", "Do not call"


class CampaignPriority(models.IntegerChoices):
    """Its weight where campaigns share lines: twice the weight, twice the calls."""

    LOW = 1, "Low"
    NORMAL = 2, "Normal"
    HIGH = 4, "High"


class Campaign(Stamped):
    """Whom to call about what, when, how fast and how often."""

    Category: TypeAlias = CampaignCategory
    State: TypeAlias = CampaignState
    Priority: TypeAlias = CampaignPriority

    #: No person may be called: what is at XFin is withdrawn.
    HALTED: ClassVar = (State.PAUSED, State.STOPPED, State.CANCELLED)

    name = models.CharField(max_length=160, unique=True)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="campaigns")
    number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="campaigns")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="campaigns")
    dialogue_version = models.ForeignKey(
        "campaigns.DialogueVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="campaigns",
        help_text="What its calls say, from its check on. Empty: the agent's latest.",
    )
    category = models.CharField(max_length=20, choices=Category, default=Category.SERVICE)
    default_language = models.CharField(max_length=10, default="hi")
    starts_at = models.DateTimeField(default=clock.now, help_text="No call before this.")
    window_start = models.TimeField(null=True, blank=True, help_text="IST; may only narrow the lawful hours.")
    window_end = models.TimeField(null=True, blank=True)
    calls_per_minute = models.PositiveIntegerField(default=60)
    most_at_once = models.PositiveIntegerField(
        "calls at once at most",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: as many as the number has lines.",
    )
    stop_at_percent = models.PositiveSmallIntegerField(
        "stop when so many in a hundred calls fail",
        default=50,
        validators=[MaxValueValidator(100)],
        help_text="Counted over the latest calls. 0: never.",
    )
    stop_at_complaints = models.PositiveSmallIntegerField(
        "stop at so many complaints",
        default=2,
        help_text="Open ones about calls of this campaign in the last days. 0: never; three about any calls "
        "in ten days stop every campaign all the same.",
    )
    priority = models.PositiveSmallIntegerField(choices=CampaignPriority, default=CampaignPriority.NORMAL)
    max_attempts = models.PositiveSmallIntegerField("calls to one person at most", default=1)
    retry_gaps = models.JSONField("minutes before each retry", default=list, blank=True)
    retry_rules = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_retry_rules],
        help_text="Retries for single reasons (`campaigns.retries`).",
    )
    goes_on = models.BooleanField(
        "go on where a call broke off",
        default=False,
        help_text="Who hung up after some of the answers is called again, and asked the rest.",
    )
    retry_template = models.ForeignKey(
        Template,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="retried_campaigns",
        help_text="Of the same account, with exactly one number: from it people are called again.",
    )
    asks = models.ForeignKey(
        "campaigns.OutsideService",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        verbose_name="ask before each call",
        help_text="This service says whether to call, to wait or to leave it. Empty: none is asked.",
    )
    when_silent = models.CharField(
        "if it does not answer", max_length=10, choices=WhenSilent, default=WhenSilent.CALL
    )
    goals = models.JSONField(default=list, blank=True, help_text="Outcomes that count as the goal reached.")
    quota_values = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="The one or two values by which interviews are counted into cells (`QuotaCell`).",
    )
    quota_each = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="Wanted of each new cell of its quotas."
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    reason = models.TextField(default="Not launched yet.", blank=True)
    state_since = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="campaigns"
    )

    class Meta:
        ordering = ("-created_at",)
        permissions: ClassVar = [("approve_campaign", "Can approve what somebody else made")]
        constraints: ClassVar = [
            one_of("state", CampaignState, table="campaign"),
            one_of("category", CampaignCategory, table="campaign"),
            one_of("when_silent", WhenSilent, table="campaign"),
            models.CheckConstraint(
                condition=models.Q(priority__in=CampaignPriority.values), name="campaign_priority_known"
            ),
            models.CheckConstraint(
                condition=models.Q(calls_per_minute__gte=1, max_attempts__gte=1),
                name="campaign_pace_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def spoken(self) -> dict[str, Any]:
        """Return the configuration from which the agent of its calls is made."""
        configuration = (self.dialogue_version or self.agent).configuration
        assert isinstance(configuration, dict)
        return configuration

    @property
    def retries(self) -> Policy:
        """Return when and how often a person who was not reached is called again."""
        return policy(self.max_attempts, self.retry_gaps, self.retry_rules, goes_on=self.goes_on)

    @cached_property
    def retry_line(self) -> tuple[Template, PhoneNumber] | None:
        """Return the template and number of retries; None where they are those of the first call. One query.

        XFin takes the caller's number from the template, so a template with no number or with several
        names none: then retries go as the first call did.
        """
        numbers = list(self.retry_template.numbers.all()[:2]) if self.retry_template else []
        return (self.retry_template, numbers[0]) if self.retry_template and len(numbers) == 1 else None

    def line(self, attempt: int) -> tuple[Template, PhoneNumber]:
        """Return the template through which an attempt (from 1) goes, and the number it is made from."""
        return (self.retry_line if attempt > 1 else None) or (self.template, self.number)

    def get_absolute_url(self) -> str:
        """Return the path of the campaign's page in the portal."""
        return reverse("campaign", args=[self.pk])


class CampaignChange(models.Model):
    """One line of a campaign's history, never changed: who brought it from where to where, when and why.

    A line whose states are the same tells of an edit, or of one more approval.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=10, choices=CampaignState)
    to_state = models.CharField(max_length=10, choices=CampaignState)
    edited = models.BooleanField(default=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=200)
    reason = models.TextField()

    class Meta:
        ordering = ("campaign", "-id")

    def __str__(self) -> str:
        return f"{self.get_from_state_display()} to {self.get_to_state_display()}"
