"""The tables of the platform. Times are UTC in the database and IST at every edge."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from sandbox.pacing import Redials, read_count, read_gaps


class Tenant(models.Model):
    """An organisation on the platform: `/{name}/v1/…`."""

    class StateStyle(models.TextChoices):
        WORDS = "words"
        NUMBERS = "numbers"

    name = models.CharField(max_length=80, unique=True)
    state_style = models.CharField(max_length=10, choices=StateStyle, default=StateStyle.WORDS)
    token_seconds = models.PositiveIntegerField(null=True)


class User(models.Model):
    """A person who may log in for a tenant; all of a tenant's users see and do the same."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="users")
    email = models.CharField(max_length=254)
    password_hash = models.CharField(max_length=256)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", Lower("email"), name="user_email_once_a_tenant")
        ]


class CallerNumber(models.Model):
    """A number assigned to a tenant, and the WebSocket its calls are connected to."""

    class Container(models.TextChoices):
        WAV = "wav"
        RAW = "raw"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="numbers")
    phone_number = models.CharField(max_length=20, unique=True)
    stream_url = models.CharField(max_length=500)
    container = models.CharField(max_length=3, choices=Container, default=Container.WAV)
    concurrency = models.PositiveIntegerField(default=10)
    calls_per_second = models.PositiveIntegerField(default=0)


class Casting(models.Model):
    """Who answers: one row of a mix or weights, and a seed; the same row gives the same people again.

    `weights` stand in place of the mix; without either, SANDBOX_MIX says.
    """

    mix = models.CharField(max_length=80, default="", blank=True)
    seed = models.CharField(max_length=80, default="awaaz")
    weights = models.JSONField(default=dict)
    assigned = models.JSONField(default=dict)


class Template(models.Model):
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="templates")
    name = models.CharField(max_length=200)
    description = models.TextField(default="")
    medium = models.CharField(max_length=20, default="voice")
    advanced_options = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="template_name_once_a_tenant")
        ]

    def option(self, name: str) -> str:
        """Return the value of an advanced option as text, "" if it is not set."""
        found = [o.get("value") for o in self.advanced_options if o.get("option") == name]
        return str(found[0]) if found and found[0] is not None else ""

    def caller_numbers(self) -> list[str]:
        """Return the comma-joined `phone_numbers` option as a list."""
        return [part.strip() for part in self.option("phone_numbers").split(",") if part.strip()]

    def redials(self) -> Redials:
        """Return the options `num_backups` and `backup_gap_minutes`. Raises ValueError if one is wrong."""
        gaps = self.option("backup_gap_minutes") or settings.SANDBOX_REDIAL_MINUTES
        return Redials(read_count(self.option("num_backups")), read_gaps(gaps))


class TemplateLanguage(models.Model):
    template = models.ForeignKey(Template, models.CASCADE, related_name="languages")
    language = models.CharField(max_length=20)
    syntax = models.TextField(default="")
    content_ids = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "language"], name="one_form_a_language")
        ]


class Content(models.Model):
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="contents")
    type = models.CharField(max_length=40, default="audio")
    name = models.CharField(max_length=200)
    file = models.FileField(upload_to="contents/%Y/%m/", null=True)


class Message(models.Model):
    """One uploaded message: dialled, redialled if its template says so, in exactly one final state at last.

    `due_at`: when it is dialled next. None while it is being dialled and once its state is final; between
    two dials the state is `in_progress` and `due_at` is set.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled"
        IN_PROGRESS = "in_progress"
        DONE = "done"
        FAILED = "failed"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="messages")
    template = models.ForeignKey(Template, models.PROTECT, related_name="messages")
    templatelanguage = models.ForeignKey(TemplateLanguage, models.PROTECT, related_name="messages")
    phone_number = models.CharField(max_length=20)
    send_on = models.DateTimeField()
    values = models.JSONField(default=list)
    fields = models.JSONField(default=dict)
    tag1 = models.CharField(max_length=200, default="", blank=True)
    tag2 = models.CharField(max_length=200, default="", blank=True)
    tag3 = models.CharField(max_length=200, default="", blank=True)
    tag4 = models.CharField(max_length=200, default="", blank=True)
    tag5 = models.CharField(max_length=200, default="", blank=True)
    reference = models.CharField(max_length=200, default="", blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.SCHEDULED)
    reason_code = models.CharField(max_length=40, default="", blank=True)
    reason = models.TextField(default="", blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    response_value = models.CharField(max_length=200, default="", blank=True)
    caller_number = models.CharField(max_length=20, default="", blank=True)
    attempts = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    dialled_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    hidden_until = models.DateTimeField(null=True)
    """By the real clock; until then the API does not show it. It is dialled all the same."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["template", "due_at"], name="message_due"),
            models.Index(fields=["state"], name="message_state"),
            models.Index(fields=["tenant", "phone_number"], name="message_phone"),
            models.Index(fields=["reference"], name="message_reference"),
            *[models.Index(fields=["tenant", f"tag{n}"], name=f"message_tag{n}") for n in range(1, 6)],
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["scheduled", "in_progress", "done", "failed"]),
                name="message_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["scheduled", "in_progress"]) | Q(finished_at__isnull=False),
                name="message_final_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state="scheduled", due_at__isnull=False)
                | Q(state="in_progress")
                | Q(state__in=["done", "failed"], due_at__isnull=True),
                name="message_due_until_final",
            ),
        ]

    @property
    def tags(self) -> list[str]:
        """Return the tags that are set, in their order."""
        return [tag for tag in (self.tag1, self.tag2, self.tag3, self.tag4, self.tag5) if tag]

    def custom_parameters(self) -> dict[str, str]:
        """Return what the start frame carries: the uploaded extra fields and the tags, all as text."""
        tags = {f"tag{n}": getattr(self, f"tag{n}") for n in range(1, 6)}
        given = {name: str(value) for name, value in self.fields.items() if value is not None}
        return given | {name: value for name, value in tags.items() if value}


class CallRecord(models.Model):
    """One attempt to ring one person, or one call of a person to us, with everything that was counted."""

    class State(models.TextChoices):
        ORDERED = "ordered"
        RINGING = "ringing"
        LIVE = "live"
        ENDED = "ended"

    class Direction(models.TextChoices):
        OUTBOUND = "outbound"
        INBOUND = "inbound"

    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="calls")
    state = models.CharField(max_length=8, choices=State, default=State.ORDERED)
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.OUTBOUND)
    faults = models.CharField(max_length=200, default="", blank=True)
    from_number = models.CharField(max_length=20)
    to_number = models.CharField(max_length=20)
    language = models.CharField(max_length=20, default="", blank=True)
    attempt = models.PositiveIntegerField(default=1)
    person = models.CharField(max_length=80, default="", blank=True)
    custom_parameters = models.JSONField(default=dict)
    call_sid = models.CharField(max_length=60, default="", blank=True)
    stream_sid = models.CharField(max_length=60, default="", blank=True)
    ordered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    disposition = models.CharField(max_length=40, default="", blank=True)
    reason = models.TextField(default="", blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    frames_sent = models.PositiveIntegerField(default=0)
    frames_late = models.PositiveIntegerField(default=0)
    media_received = models.PositiveIntegerField(default=0)
    heard_ms = models.PositiveIntegerField(default=0)
    dropped_ms = models.PositiveIntegerField(default=0)
    underruns = models.PositiveIntegerField(default=0)
    marks_received = models.PositiveIntegerField(default=0)
    marks_returned = models.PositiveIntegerField(default=0)
    clears = models.PositiveIntegerField(default=0)
    digits = models.CharField(max_length=80, default="", blank=True)
    containers = models.CharField(max_length=20, default="", blank=True)
    close_code = models.PositiveIntegerField(null=True)
    problems = models.JSONField(default=dict)
    story = models.JSONField(default=list)
    recording = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="call_state"),
            models.Index(fields=["to_number"], name="call_to"),
            models.Index(fields=["from_number", "ordered_at"], name="call_begun"),
        ]

    @property
    def is_inbound(self) -> bool:
        """Return whether the person rang us."""
        return self.direction == self.Direction.INBOUND

    @property
    def line_number(self) -> str:
        """Return the number of ours whose line the call takes."""
        return self.to_number if self.is_inbound else self.from_number

    @property
    def persons_number(self) -> str:
        """Return the person's number, whichever way the call goes."""
        return self.from_number if self.is_inbound else self.to_number


class VirtualClock(models.Model):
    """One row if this database runs on a virtual clock, none otherwise.

    The clock showed `virtual` when it was `real`, and has run at `rate` since; with `jumps` it moves only
    from one due moment to the next. Up to `reached` everything that fell due has been done.
    """

    real = models.DateTimeField()
    virtual = models.DateTimeField()
    rate = models.FloatField(default=1.0)
    jumps = models.BooleanField(default=False)
    reached = models.DateTimeField()


class Switch(models.Model):
    """A fault that is switched on: every time, the next n times, by a seeded draw, or by script.

    `script` says what each call meets, "ok" or a behaviour; without one, `behaviour` does.
    """

    behaviour = models.CharField(max_length=200, default="", blank=True)
    script = models.JSONField(default=list)
    remaining = models.PositiveIntegerField(null=True)
    probability = models.FloatField(default=1.0)
    seed = models.CharField(max_length=80, default="awaaz")
    seen = models.PositiveIntegerField(default=0)
    fired = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        """Return what it is about: with the behaviour and the seed this decides every draw."""
        return ""


class Fault(Switch):
    """A fault of one operation of the API. `seconds`: a wait, a Retry-After, or how long a token lives."""

    operation = models.CharField(max_length=40)
    seconds = models.FloatField(default=60.0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["operation"], name="fault_operation")]

    @property
    def subject(self) -> str:
        """Return the operation."""
        return self.operation


class LineFault(Switch):
    """A fault of the media stream, for the calls that match every filter that is set."""

    from_number = models.CharField(max_length=20, default="", blank=True)
    to_number = models.CharField(max_length=20, default="", blank=True)
    person = models.CharField(max_length=80, default="", blank=True)
    reference = models.CharField(max_length=200, default="", blank=True)
