"""Services outside that are asked and told by signed requests, where they may be, and what waits for them."""

from typing import Any, ClassVar, TypeAlias

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from campaigns.fields import EncryptedTextField
from campaigns.models.base import Stamped, new_secret, one_of, unguessable
from campaigns.models.people import Recipient
from campaigns.spreadsheets.written import Kind
from campaigns.xfin.schemas import RESERVED_FIELDS

NAME_OF_VALUE = RegexValidator(r"^[A-Za-z][A-Za-z0-9_]{0,59}\Z")
#: Names that a service can't return: its answer before a call has them, or a message at XFin.
RESERVED = frozenset({"answer", "reason", "until", *RESERVED_FIELDS})
MOST_VALUES = 30


def new_key_id() -> str:
    """Return a new public name of a secret."""
    return unguessable("k-", bits=50)


def check_returns(returns: Any) -> None:
    """Raise `ValidationError`, with a sentence, unless this maps names of values to their kinds."""
    if not isinstance(returns, dict) or not all(isinstance(name, str) for name in returns):
        raise ValidationError("Write each value as name: kind, such as “due: amount”.")
    check_names([*returns])
    for name, kind in returns.items():
        if name in RESERVED:
            raise ValidationError(f"“{name}” has a meaning of its own in a reply; choose another name.")
        if kind not in [*Kind]:
            raise ValidationError(f"“{name}” can be {', '.join(Kind)}, not “{kind}”.")


def check_names(names: Any) -> None:
    """Raise `ValidationError`, with a sentence, unless this is a list of names of values."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError("Write the names of the values.")
    if len(names) > MOST_VALUES:
        raise ValidationError(f"There can be {MOST_VALUES} values at most.")
    for name in names:
        try:
            NAME_OF_VALUE(name)
        except ValidationError:
            raise ValidationError(
                f"“{name[:60]}” can't be the name of a value: letters and digits."
            ) from None


class AllowedHost(Stamped):
    """A host and port to which requests may go. Only superusers enter one."""

    host = models.CharField(
        max_length=253, help_text="As in the address, e.g. api.example.in. Nothing below it is included."
    )
    port = models.PositiveIntegerField(
        default=443, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    own_network = models.BooleanField(
        "may be in our own network",
        default=False,
        help_text="Otherwise private and local addresses are refused, whatever the name resolves to.",
    )
    note = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ("host", "port")
        verbose_name = "allowed host"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["host", "port"], name="one_allowed_host_a_port"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class OutsideService(Stamped):
    """One address that is asked before and in calls, and told what they brought."""

    name = models.CharField(max_length=60, unique=True)
    url = models.URLField("address", max_length=500, help_text="It gets POST requests with JSON.")
    key_id = models.CharField(max_length=20, unique=True, default=new_key_id, editable=False)
    secret = EncryptedTextField(default=new_secret, editable=False)
    timeout_seconds = models.FloatField(
        "seconds to answer",
        default=2.0,
        validators=[MinValueValidator(0.2), MaxValueValidator(10)],
        help_text="For the whole request, from the look-up of the name to the last byte.",
    )
    give_up_hours = models.PositiveSmallIntegerField(
        "hours to try",
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
        help_text="So long it is tried to tell something; then it is given up and shown.",
    )
    sends = models.JSONField(
        "values sent before a call",
        default=list,
        blank=True,
        validators=[check_names],
        help_text="Names of values of the list; `phone` and `name` are the person's.",
    )
    returns = models.JSONField(
        "values it may return",
        default=dict,
        blank=True,
        validators=[check_returns],
        help_text="Their names and kinds. All others are passed over.",
    )
    active = models.BooleanField(default=True, help_text="Otherwise nothing is asked; what waits, waits.")

    class Meta:
        ordering = ("name",)
        verbose_name = "outside service"

    def __str__(self) -> str:
        return self.name


class NotificationState(models.TextChoices):
    """Whether the service knows it."""

    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"


class Notification(Stamped):
    """One thing that a service is to be told. Its `key` is the same at every try."""

    State: TypeAlias = NotificationState

    key = models.UUIDField(unique=True, editable=False, help_text="The Idempotency-Key.")
    service = models.ForeignKey(
        OutsideService, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    service_name = models.CharField(max_length=60)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.SET_NULL, null=True, blank=True, related_name="notifications"
    )
    reference = models.CharField(
        max_length=40, default="", blank=True, help_text="Of the attempt; empty if the person called us."
    )
    values = models.JSONField(default=dict, blank=True, help_text="Deleted once they are delivered.")
    at = models.DateTimeField(help_text="When it happened.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(default="Waiting for its first try.", blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            one_of("state", NotificationState, table="notification"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", settled_at__isnull=True)
                | (~models.Q(state="waiting") & models.Q(settled_at__isnull=False)),
                name="notification_settled_has_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["service", "next_try_at"],
                condition=models.Q(state="waiting"),
                name="notification_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_name}, {self.get_state_display().lower()}"
