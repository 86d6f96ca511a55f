"""Calendars, their slots and what was booked, to be read: the portal has the pages that change them."""

from django.contrib import admin

from campaigns import phones
from campaigns.admin.base import RecordAdmin
from campaigns.models import Appointment, Calendar, Hold, Slot


@admin.register(Calendar)
class CalendarAdmin(RecordAdmin):
    """Calendars of appointment slots."""

    list_display = ("name", "account", "is_open", "lead_minutes", "horizon_days")
    list_select_related = ("account",)
    search_fields = ("name",)


@admin.register(Slot)
class SlotAdmin(RecordAdmin):
    """Slots: when and where, for how many, and how many places are taken."""

    list_display = ("begins", "place", "calendar", "capacity", "taken")
    list_filter = ("calendar",)
    list_select_related = ("calendar",)


@admin.register(Hold)
class HoldAdmin(RecordAdmin):
    """Places that are kept for calls just now."""

    list_display = ("slot", "call", "until")
    list_select_related = ("slot",)


@admin.register(Appointment)
class AppointmentAdmin(RecordAdmin):
    """What people took in calls."""

    list_display = ("slot", "calendar", "masked", "state", "reason", "at")
    list_filter = ("state", "calendar")
    list_select_related = ("slot", "calendar")
    fields = (
        *("calendar", "slot", "masked", "name", "language", "state", "reason", "label", "at"),
        *("campaign", "message_reference", "call"),
    )
    readonly_fields = fields

    @admin.display(description="phone")
    def masked(self, appointment: Appointment) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(appointment.phone)
