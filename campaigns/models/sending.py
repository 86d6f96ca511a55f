"""Attempts: messages, the requests that carried them to XFin, and why each was allowed or not."""

from typing import ClassVar, TypeAlias

from django.db import models
from django.db.models import Q

from campaigns.models.accounts import Account
from campaigns.models.base import Stamped, new_batch_reference, new_message_reference, one_of
from campaigns.models.people import Recipient


class UploadBatchState(models.TextChoices):
    """What we know of the request."""

    SENDING = "sending", "Being sent"
    CONFIRMED = "confirmed", "Reply read"
    NOT_SENT = "not_sent", "Did not reach XFin"
    REFUSED = "refused", "Refused by XFin"
    UNCONFIRMED = "unconfirmed", "Sent, being looked up"
    UNCLEAR = "unclear", "Unclear: XFin does not prove what it has"
    RECONCILED = "reconciled", "Looked up at XFin"


class UploadBatch(Stamped):
    """One `create_bulk` request and what became of it."""

    State: TypeAlias = UploadBatchState

    #: What XFin has of it is not known yet.
    TO_LOOK_UP: ClassVar = (State.UNCONFIRMED, State.UNCLEAR)

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="batches")
    reference = models.CharField(max_length=40, unique=True, default=new_batch_reference, editable=False)
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.SENDING)
    reason = models.TextField(default="Being sent to XFin.", blank=True)
    claimed_until = models.DateTimeField(
        help_text="By the database's clock; after this the worker that held it counts as dead."
    )
    look_up_after = models.DateTimeField(null=True, blank=True, help_text="By the database's clock.")
    looks = models.PositiveSmallIntegerField(
        default=0, help_text="How often XFin was asked for each of its messages, and provably lacked some."
    )
    refusal = models.TextField(
        default="", blank=True, help_text="XFin's words, if it refused the request for its content."
    )

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "upload batches"
        constraints: ClassVar = [
            one_of("state", UploadBatchState, table="batch"),
            models.CheckConstraint(condition=Q(size__gte=1), name="batch_not_empty"),
            models.CheckConstraint(
                condition=~Q(state__in=["unconfirmed", "unclear"]) | Q(look_up_after__isnull=False),
                name="batch_unconfirmed_is_due",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "look_up_after"], name="batch_due")]

    def __str__(self) -> str:
        return self.reference


UNKNOWN_STATE = "XFin writes a state that this program does not know; the call stays open until it says more."
"""The reason of a message at XFin whose `remote_state` is a word without a meaning here."""


class MessageState(models.TextChoices):
    """Where the attempt stands."""

    PLANNED = "planned", "Planned"
    SENDING = "sending", "Being sent to XFin"
    UNCONFIRMED = "unconfirmed", "Sent, being looked up"
    QUEUED = "queued", "At XFin"
    WITHDRAWING = "withdrawing", "Being withdrawn from XFin"
    DIALLING = "dialling", "Being called: too late to withdraw"
    WITHDRAWN = "withdrawn", "Withdrawn before it was dialled"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected by XFin"
    BLOCKED = "blocked", "Blocked by a rule"
    CANCELLED = "cancelled", "Cancelled"
    UNKNOWN = "unknown", "Unknown"


class Message(Stamped):
    """One attempt to call one recipient. Its `reference` goes to XFin and comes back on the stream."""

    State: TypeAlias = MessageState

    #: XFin has it and has not said how it ended.
    AT_XFIN: ClassVar = (State.QUEUED, State.WITHDRAWING, State.DIALLING)
    OPEN_STATES: ClassVar = (State.PLANNED, State.SENDING, State.UNCONFIRMED, *AT_XFIN)

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="messages")
    attempt = models.PositiveSmallIntegerField()
    reference = models.CharField(max_length=40, default=new_message_reference, editable=False)
    send_on = models.DateTimeField()
    batch = models.ForeignKey(
        UploadBatch,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        help_text="The request that carried it. Of a planned one: the request that XFin refused with it in.",
    )
    remote_id = models.CharField(max_length=64, default="", blank=True)
    remote_state = models.CharField(max_length=60, default="", blank=True, help_text="As XFin wrote it.")
    state = models.CharField(max_length=12, choices=State, default=State.PLANNED)
    reason = models.TextField(default="Planned.", blank=True)
    disposition = models.CharField(max_length=20, default="", blank=True)
    counts_as = models.CharField(
        max_length=20,
        default="",
        blank=True,
        help_text="The disposition in place of “answered”: our words were not spoken, or no agent served it.",
    )
    broke_off = models.BooleanField(
        default=False, help_text="The person hung up after some of the answers, before the end."
    )
    duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    withdraw_at = models.DateTimeField(
        null=True, blank=True, help_text="While it is withdrawn: when somebody may next try."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    fetched = models.JSONField(
        default=dict, blank=True, help_text="What a service said before the call: it goes before the list."
    )
    put_offs = models.PositiveSmallIntegerField(
        default=0, help_text="How often the service that is asked before the call had it put off."
    )

    class Meta:
        ordering = ("send_on", "id")
        constraints: ClassVar = [
            # With `unique` at the field PostgreSQL keeps a second index, for LIKE, that every change of a
            # message writes and nothing reads.
            models.UniqueConstraint(fields=["reference"], name="message_reference_once"),
            # An attempt that was withdrawn was never made; its number is used again.
            models.UniqueConstraint(
                fields=["recipient", "attempt"],
                condition=~Q(state="withdrawn"),
                name="one_message_an_attempt",
            ),
            models.UniqueConstraint(
                fields=["recipient"],
                condition=Q(
                    state__in=["planned", "sending", "unconfirmed", "queued", "withdrawing", "dialling"]
                ),
                name="one_open_message_a_recipient",
            ),
            one_of("state", MessageState, table="message"),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "unconfirmed", "queued", "withdrawing", "dialling"])
                | Q(batch__isnull=False),
                name="message_handed_over_has_batch",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawing") | Q(withdraw_at__isnull=False),
                name="message_withdrawing_is_due",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "send_on"], name="message_due"),
            models.Index(
                fields=["settled_at"], condition=Q(settled_at__isnull=False), name="message_settled"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Turn(models.Model):
    """Who does one kind of work for one account just now, until when, and where the next one goes on.

    `until` is in database time: processes whose clocks differ agree on it.
    """

    name = models.CharField(max_length=60, unique=True, help_text="Kind of work, and the account's key.")
    holder = models.CharField(max_length=40, default="", blank=True)
    until = models.DateTimeField()
    places = models.JSONField(default=dict, blank=True, help_text="Where the next one goes on.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Trouble(models.Model):
    """Periodic work that failed when it was last done. The row goes when the work succeeds again."""

    what = models.CharField(max_length=80, unique=True)
    failed = models.PositiveIntegerField(help_text="So many items failed the last time.")
    tried = models.PositiveIntegerField(help_text="Of so many.")
    times = models.PositiveIntegerField(default=0, help_text="So many runs failed one after the other.")
    reason = models.TextField(help_text="The last error, without phone numbers.")
    since = models.DateTimeField()

    class Meta:
        ordering = ("since",)

    def __str__(self) -> str:
        return self.what


class EvidenceStage(models.TextChoices):
    """When it was judged."""

    PLANNING = "planning", "Planning"
    HAND_OVER = "hand_over", "Hand-over"


class Evidence(models.Model):
    """One judgement of one attempt: kept for ever, also where the answer was no."""

    Stage: TypeAlias = EvidenceStage

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="evidence")
    message_reference = models.CharField(max_length=40, default="", blank=True)
    stage = models.CharField(max_length=10, choices=Stage)
    judged_at = models.DateTimeField()
    planned_for = models.DateTimeField()
    verdict = models.CharField(max_length=8)
    findings = models.JSONField(default=list, help_text="Every rule that was not simply fine.")
    facts = models.JSONField(
        default=dict, help_text="What was judged: window, number, basis, scrub, rules that passed."
    )
    rules_version = models.CharField(max_length=40)

    class Meta:
        ordering = ("recipient", "id")
        verbose_name_plural = "evidence"
        constraints: ClassVar = [one_of("stage", EvidenceStage, table="evidence")]

    def __str__(self) -> str:
        return f"{self.stage}: {self.verdict}"
