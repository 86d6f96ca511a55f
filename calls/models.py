"""What happened live: calls, their append-only event logs, recordings and answers."""

import uuid
from typing import Any, ClassVar, TypeAlias

from django.conf import settings
from django.db import models
from django.urls import reverse

from campaigns import clock
from campaigns.models import Agent, Campaign, Dialogue, Message, PhoneNumber, Recipient
from campaigns.rules.results import AnswerKind


class MediaProcess(models.Model):
    """A process that serves calls. They are closed by a worker when it stops giving signs of life."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField(default=clock.now)
    alive_at = models.DateTimeField(default=clock.now)
    stopped_at = models.DateTimeField(null=True, blank=True)
    events_waiting = models.PositiveIntegerField(default=0, help_text="On its disk, not yet stored here.")
    statistics_left_out = models.PositiveIntegerField(default=0, help_text="Too much waited on its disk.")
    events_lost = models.PositiveIntegerField(default=0, help_text="Neither database nor disk took them.")
    troubled_at = models.DateTimeField(null=True, blank=True, help_text="Last time it left something out.")

    class Meta:
        verbose_name_plural = "media processes"

    def __str__(self) -> str:
        return str(self.id)


class Watch(models.Model):
    """Since when the worker has looked after the processes without a break; one row."""

    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "watches"

    def __str__(self) -> str:
        return f"since {self.since:%d.%m.%Y %H:%M:%S}"


class CallState(models.TextChoices):
    """Whether the line is open."""

    LIVE = "live", "Live"
    ENDED = "ended", "Ended"


class CallDirection(models.TextChoices):
    """Who rang whom."""

    OUTBOUND = "outbound", "We called"
    INBOUND = "inbound", "They called"
    TRY = "try", "Tried in the studio"


class CallEndedBy(models.TextChoices):
    """Who ended it, as far as the stream tells."""

    AGENT = "agent", "Our agent"
    CALLER = "caller", "The other side"
    CONNECTION = "connection", "The connection broke"
    SERVER = "server", "Our server stopped"
    LIMIT = "limit", "A limit was reached"


class Call(models.Model):
    """One WebSocket connection: one conversation with one person."""

    State: TypeAlias = CallState
    Direction: TypeAlias = CallDirection
    EndedBy: TypeAlias = CallEndedBy

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.ForeignKey(
        PhoneNumber,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calls",
        help_text="None if a draft is tried in the studio: then no phone rings.",
    )
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="calls")
    campaign = models.ForeignKey(Campaign, on_delete=models.SET_NULL, null=True, related_name="calls")
    recipient = models.ForeignKey(Recipient, on_delete=models.SET_NULL, null=True, related_name="calls")
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="calls")
    process = models.ForeignKey(MediaProcess, on_delete=models.PROTECT, related_name="calls")
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.INBOUND)
    stream_sid = models.CharField(max_length=128, default="", blank=True)
    call_sid = models.CharField(max_length=128, default="", blank=True)
    reference = models.CharField(
        max_length=64, default="", blank=True, help_text="The message's reference, as the start gave it."
    )
    caller = models.CharField(
        max_length=16, default="", blank=True, help_text="The number of a caller who is no recipient."
    )
    language = models.CharField(max_length=10, default="", blank=True)
    version = models.PositiveIntegerField(
        null=True, blank=True, help_text="The number of the dialogue's published version."
    )
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    reason = models.TextField(default="Connected.", blank=True)
    doing = models.CharField(max_length=80, default="", blank=True, help_text="What happens just now.")
    disposition = models.CharField(max_length=20, default="", blank=True, help_text="How it ended.")
    outcome = models.CharField(max_length=60, default="", blank=True, help_text="What was achieved.")
    ended_by = models.CharField(max_length=12, choices=EndedBy, default="", blank=True)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    frames_in = models.PositiveIntegerField(default=0)
    frames_out = models.PositiveIntegerField(default=0)
    heard_ms = models.PositiveIntegerField(default=0, help_text="Agent audio that was played to the person.")
    first_audio_ms = models.PositiveIntegerField(null=True, blank=True)
    statistics = models.JSONField(default=dict, blank=True, help_text="docs/statistics.md names the figures.")

    class Meta:
        ordering = ("-started_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=["live", "ended"]), name="call_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="live", ended_at__isnull=True)
                | models.Q(state="ended", ended_at__isnull=False),
                name="call_ended_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(direction="try", number__isnull=True)
                | (~models.Q(direction="try") & models.Q(number__isnull=False)),
                name="call_try_has_no_number",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-started_at"], name="call_live"),
            # Asked at every admission, in SQLite under the one lock of all writers. With an index of the
            # number alone SQLite walked through every call the number ever had.
            models.Index(fields=["number", "state"], name="call_lines"),
            models.Index(fields=["caller"], name="call_caller", condition=~models.Q(caller="")),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def get_absolute_url(self) -> str:
        """Return the address of the call's page in the portal."""
        return reverse("call", args=[self.pk])


class CallTag(models.Model):
    """A word that a dialogue put on a call, to find it by."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.CharField(max_length=40, db_index=True)

    class Meta:
        ordering = ("call", "id")
        constraints: ClassVar = [models.UniqueConstraint(fields=["call", "tag"], name="one_tag_a_call")]

    def __str__(self) -> str:
        return self.tag


class AppendOnlyError(Exception):
    """An event that happened was to be changed."""


class CallEvent(models.Model):
    """One thing that happened in a call. Rows are added, never changed: a trigger in the database refuses."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveIntegerField(help_text="From 1, without gaps.")
    at_ms = models.PositiveIntegerField(help_text="Milliseconds since the connection was accepted.")
    kind = models.CharField(max_length=30)
    text = models.TextField(help_text="What happened, in a sentence.")
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("call", "sequence")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "sequence"], name="one_event_a_sequence_number"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row. Raises `AppendOnlyError` for a row that is there already."""
        if not self._state.adding:
            raise AppendOnlyError("Call events are never changed.")
        super().save(*args, **kwargs)


class Recording(models.Model):
    """The audio of a call: stereo WAV, caller left, agent as heard right."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="recording")
    file = models.FileField(upload_to="recordings/%Y/%m/%d/")
    duration_ms = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.file.name or ""


class Answer(models.Model):
    """What the person answered to one question."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="answers")
    recipient = models.ForeignKey(Recipient, on_delete=models.SET_NULL, null=True, related_name="answers")
    question = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    label = models.CharField(max_length=200, default="", blank=True)
    kind = models.CharField(max_length=20, default="", blank=True, help_text="Choice, number, rating, …")
    step = models.CharField(max_length=120, default="", blank=True, help_text="The step that asked.")
    version = models.PositiveIntegerField(null=True, blank=True, help_text="Of the dialogue.")
    heard_ms = models.PositiveIntegerField(null=True, blank=True, help_text="Heard of the question.")
    question_ms = models.PositiveIntegerField(null=True, blank=True, help_text="The whole question.")
    heard_whole = models.BooleanField(null=True, blank=True, help_text="Heard to its end; no: cut.")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("at",)

    def __str__(self) -> str:
        return f"{self.question}: {self.value}"

    @property
    def span_ms(self) -> tuple[int, int] | None:
        """Return where in the call's recording a spoken message begins and ends; None for other answers."""
        begins, _, ends = self.value.partition("-")
        is_span = self.kind == AnswerKind.RECORDING and begins.isdecimal() and ends.isdecimal()
        return (int(begins), int(ends)) if is_span else None


class ReplayState(models.TextChoices):
    """How far a replay is."""

    WAITING = "waiting", "Waiting to begin"
    RUNNING = "running", "Under way"
    DONE = "done", "Done"


class Replay(models.Model):
    """The newest replay of a dialogue's past calls with its draft (`calls.dialogues.replaying`).

    `figures` holds counts, outcomes and ids of calls: what these calls said is read from their logs.
    """

    State: TypeAlias = ReplayState

    dialogue = models.OneToOneField(Dialogue, on_delete=models.CASCADE, related_name="replay")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=clock.now)
    most = models.PositiveIntegerField(help_text="Calls at most, the latest.")
    found = models.PositiveIntegerField(default=0, help_text="Calls that there are of these.")
    done = models.PositiveIntegerField(default=0, help_text="Calls replayed so far.")
    revision = models.PositiveIntegerField(default=0, help_text="Of the draft that they were replayed with.")
    claim = models.CharField(max_length=40, default="", blank=True, help_text="Of the worker that replays.")
    claimed_until = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0.0, help_text="It took so long.")
    figures = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=ReplayState.values), name="replay_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(claimed_until__isnull=False),
                name="replay_running_is_claimed",
            ),
        ]

    def __str__(self) -> str:
        return f"replay of {self.dialogue}"
