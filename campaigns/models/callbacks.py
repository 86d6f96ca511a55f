"""Call-backs: by the campaign at a time that a person asked for, and by staff for those who want a person."""

from typing import ClassVar, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models.accounts import PhoneNumber
from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign
from campaigns.models.people import Recipient
from campaigns.models.sending import Message


class CallbackState(models.TextChoices):
    """Where it stands. All but the first two are final."""

    WAITING = "waiting", "Waiting"
    UNDER_WAY = "under_way", "Under way"
    MADE = "made", "Made"
    REPLACED = "replaced", "Replaced by a later wish"
    WITHDRAWN = "withdrawn", "Withdrawn by staff"
    REFUSED = "refused", "Refused"
    ENDED = "ended", "Not needed or not possible any more"


class CallbackSource(models.TextChoices):
    """How we learnt of it."""

    KEY = "key", "key in a call"
    SPOKEN = "spoken", "words in a call"
    STAFF = "staff", "staff"
    API = "api", "a program"


class Callback(Stamped):
    """One wish of one person in a campaign to be called at a time of their own.

    Under way it has the attempt that is made for it. `planned_for` is the first moment from `asked_for` on at
    which all rules let the person be called, as far as is known.
    """

    State: TypeAlias = CallbackState
    Source: TypeAlias = CallbackSource

    OPEN_STATES: ClassVar = (State.WAITING, State.UNDER_WAY)
    #: They count against the most that one person gets.
    COUNTED: ClassVar = (State.UNDER_WAY, State.MADE)

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="callbacks")
    asked_at = models.DateTimeField(help_text="When the wish was uttered.")
    asked_for = models.DateTimeField(help_text="When the person wants to be called.")
    planned_for = models.DateTimeField(help_text="When the rules let us, as far as is known.")
    source = models.CharField(max_length=8, choices=CallbackSource)
    message_reference = models.CharField(
        max_length=40, default="", blank=True, help_text="Of the call in which it was asked for."
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="callback"
    )
    state = models.CharField(max_length=10, choices=CallbackState, default=CallbackState.WAITING)
    reason = models.TextField(help_text="A sentence for the person who reads it later.")

    class Meta:
        ordering = ("recipient", "-id")
        verbose_name = "call-back"
        constraints: ClassVar = [
            one_of("state", CallbackState, table="callback"),
            one_of("source", CallbackSource, table="callback"),
            models.UniqueConstraint(
                fields=["recipient"], condition=Q(state="waiting"), name="one_waiting_callback_a_recipient"
            ),
            models.CheckConstraint(
                condition=~Q(state="under_way") | Q(message__isnull=False), name="callback_under_way_has_call"
            ),
            models.CheckConstraint(
                condition=Q(planned_for__gte=models.F("asked_for")), name="callback_never_early"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "planned_for"], name="callback_due")]

    def __str__(self) -> str:
        return f"call-back {self.pk}"

    @property
    def is_open(self) -> bool:
        """Return whether a call may still come of it."""
        return self.state in self.OPEN_STATES


class StaffCallbackState(models.TextChoices):
    """Where it stands."""

    WAITING = "waiting", "Waiting"
    TAKEN = "taken", "Taken"
    DONE = "done", "Done"


class StaffCallbackSource(models.TextChoices):
    """How it came into the queue."""

    KEY = "key", "by key in a call"
    STEP = "step", "in a call"
    UNSERVED = "unserved", "called us and was not served"


class StaffCallback(Stamped):
    """A person whom a person of staff is to call: who, since when, about what, and who sees to it.

    `call` is the last call in which it was asked for; a further wish of the same person about the same
    campaign is counted in `times` while it waits.
    """

    State: TypeAlias = StaffCallbackState
    Source: TypeAlias = StaffCallbackSource

    phone = models.CharField(max_length=16)
    name = models.CharField(max_length=200, default="", blank=True)
    language = models.CharField(max_length=10, default="", blank=True)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.SET_NULL, null=True, blank=True, related_name="staff_callbacks"
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="staff_callbacks"
    )
    number = models.ForeignKey(
        PhoneNumber, on_delete=models.SET_NULL, null=True, blank=True, related_name="staff_callbacks"
    )
    call = models.UUIDField(null=True, blank=True, help_text="The id of the call.")
    about = models.CharField(max_length=200, default="", blank=True)
    step = models.CharField(max_length=120, default="", blank=True, help_text="Of the dialogue.")
    source = models.CharField(max_length=8, choices=StaffCallbackSource)
    asked_at = models.DateTimeField(help_text="When it was asked for last.")
    times = models.PositiveIntegerField(default=1, help_text="How often it was asked for while it waited.")
    state = models.CharField(max_length=8, choices=StaffCallbackState, default=StaffCallbackState.WAITING)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(default="", blank=True, help_text="What came of it.")

    class Meta:
        ordering = ("-asked_at", "-id")
        verbose_name = "call-back by staff"
        verbose_name_plural = "call-backs by staff"
        constraints: ClassVar = [
            one_of("state", StaffCallbackState, table="staff_callback"),
            one_of("source", StaffCallbackSource, table="staff_callback"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False), name="staff_callback_done_has_time"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "asked_at"], name="staff_callback_queue"),
            models.Index(fields=["phone"], name="staff_callback_phone"),
        ]

    def __str__(self) -> str:
        return f"call-back by staff {self.pk}"
