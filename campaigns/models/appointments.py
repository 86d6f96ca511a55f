"""Calendars of appointment slots, places held for calls, and what people have booked."""

from datetime import datetime
from typing import ClassVar, TypeAlias

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from campaigns import clock
from campaigns.ist import IST
from campaigns.models.accounts import Account
from campaigns.models.base import Stamped, one_of
from campaigns.models.campaigns import Campaign
from campaigns.models.people import Recipient
from campaigns.models.programmes import StandingList

MOST_PLACES = 1000
LONGEST_HORIZON = 366


class Calendar(Stamped):
    """Slots of one kind of appointment. Dialogues name it by its name."""

    name = models.CharField(max_length=120, unique=True)
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calendars",
        help_text="Only calls of this account use it. Empty: calls of all accounts.",
    )
    lead_minutes = models.PositiveIntegerField(
        "not sooner than (minutes)",
        default=120,
        validators=[MaxValueValidator(60 * 24 * LONGEST_HORIZON)],
        help_text="A slot that begins sooner than this after the call is not offered.",
    )
    horizon_days = models.PositiveSmallIntegerField(
        "not later than (days)",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_HORIZON)],
        help_text="A slot that begins later than so many days after the call is not offered.",
    )
    is_open = models.BooleanField(
        "offered in calls", default=True, help_text="Switched off, nothing of it is offered; bookings stay."
    )

    reminder_list = models.OneToOneField(
        StandingList,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="calendar",
        help_text="Who has an appointment is kept here with the date “appointment”, for reminders.",
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the calendar's page in the portal."""
        return reverse("calendar", args=[self.pk])


class Slot(Stamped):
    """One time at one place, for so many people.

    `taken` counts booked and held places. It is written only in `campaigns.appointments`, under the row's
    lock or by a conditional UPDATE, so that it never passes `capacity`.
    """

    calendar = models.ForeignKey(
        Calendar, on_delete=models.CASCADE, related_name="slots", db_index=False
    )  # the constraint's index begins with it
    place = models.CharField(max_length=120, default="", blank=True)
    begins = models.DateTimeField()
    ends = models.DateTimeField(null=True, blank=True)
    capacity = models.PositiveSmallIntegerField(
        default=1, validators=[MaxValueValidator(MOST_PLACES)], help_text="How many people it is for."
    )
    taken = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("begins", "place", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "begins", "place"], name="one_slot_a_time_and_place"),
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="slot_never_overbooked"),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gt=F("begins")), name="slot_ends_after_its_begin"
            ),
        ]

    def __str__(self) -> str:
        when = f"{self.begins.astimezone(IST):%d.%m.%Y %H:%M}"
        return f"{when}, {self.place}" if self.place else when

    @property
    def free(self) -> int:
        """Return how many places are neither booked nor held."""
        return self.capacity - self.taken


class Hold(models.Model):
    """A place of a slot that is kept for a call, until it is booked, the call ends or `until` is over."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="holds")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="holds")
    call = models.UUIDField(help_text="The call's id; campaigns knows no table of calls.")
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["call", "calendar"], name="one_hold_a_call_and_calendar"),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class AppointmentState(models.TextChoices):
    """Where it stands. All but the first are final."""

    BOOKED = "booked", "Booked"
    CANCELLED = "cancelled", "Cancelled"
    MOVED = "moved", "Moved to another slot"
    NOT_BOOKED = "not_booked", "Not booked: taken meanwhile"


class Appointment(Stamped):
    """What one person took in a calendar. Booked, it takes up one place of its slot.

    NOT_BOOKED: the person chose the slot in a call, and its last place went to another person before that
    was stored. Staff call them back.
    """

    State: TypeAlias = AppointmentState

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="appointments")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, null=True, related_name="appointments")
    phone = models.CharField(
        max_length=16, default="", blank=True, help_text="Empty: the caller's number is not known."
    )
    name = models.CharField(max_length=200, default="", blank=True)
    language = models.CharField(max_length=10, default="", blank=True)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    message_reference = models.CharField(
        max_length=40, default="", blank=True, help_text="Of the attempt in whose call it was taken."
    )
    call = models.UUIDField(null=True, blank=True, help_text="The id of the call in which it was taken.")
    label = models.CharField(max_length=200, default="", blank=True, help_text="As it was said in the call.")
    state = models.CharField(max_length=10, choices=AppointmentState, default=AppointmentState.BOOKED)
    reason = models.TextField(help_text="A sentence for the person who reads it later.")
    at = models.DateTimeField(default=clock.now, help_text="When the person took it.")

    class Meta:
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            one_of("state", AppointmentState, table="appointment"),
            models.CheckConstraint(
                condition=~Q(state="booked") | Q(slot__isnull=False), name="appointment_booked_has_slot"
            ),
            models.UniqueConstraint(
                fields=["calendar", "phone"],
                condition=Q(state="booked") & ~Q(phone=""),
                name="one_appointment_a_person_and_calendar",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["phone"], name="appointment_phone"),
            models.Index(fields=["calendar", "state", "-at"], name="appointment_of_calendar"),
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk}"

    @property
    def begins(self) -> datetime | None:
        """Return when its slot begins; None if the slot is gone."""
        return self.slot.begins if self.slot else None
