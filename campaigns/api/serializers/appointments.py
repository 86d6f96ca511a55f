"""What the API shows and takes of calendars, slots and appointments."""

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from campaigns.api.serializers.base import shown_phone
from campaigns.models import Appointment, Calendar, Slot

if TYPE_CHECKING:
    CalendarModel = serializers.ModelSerializer[Calendar]
    SlotModel = serializers.ModelSerializer[Slot]
    AppointmentModel = serializers.ModelSerializer[Appointment]
else:
    CalendarModel = SlotModel = AppointmentModel = serializers.ModelSerializer


class CalendarSerializer(CalendarModel):
    """A calendar; its slots are under `slots/`."""

    class Meta:
        model = Calendar
        fields = ("id", "name", "account", "lead_minutes", "horizon_days", "reminder_list", "is_open")


class SlotSerializer(SlotModel):
    """A slot; `taken` counts booked and held places."""

    class Meta:
        model = Slot
        fields = ("id", "calendar", "place", "begins", "ends", "capacity", "taken")
        read_only_fields = ("taken",)
        validators = ()  # a slot that is there is entered again: its capacity changes

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the data. Raises `ValidationError` if the slot ends before it begins or is for no one."""
        if attrs.get("ends") and attrs["ends"] <= attrs["begins"]:
            raise serializers.ValidationError({"ends": ["It ends before it begins."]})
        if attrs.get("capacity", 1) < 1:
            raise serializers.ValidationError({"capacity": ["It must be for one person at least."]})
        return attrs


class AppointmentSerializer(AppointmentModel):
    """What a person took in a calendar; `begins` and `place` are those of its slot."""

    phone = serializers.SerializerMethodField()
    begins = serializers.DateTimeField(source="slot.begins", default=None, read_only=True)
    place = serializers.CharField(source="slot.place", default="", read_only=True)

    class Meta:
        model = Appointment
        fields = (
            *("id", "calendar", "slot", "begins", "place", "phone", "name", "state", "reason", "label", "at"),
            *("campaign", "message_reference", "call"),
        )

    def get_phone(self, appointment: Appointment) -> str:
        """Return the number, masked unless the user may see whole numbers."""
        return shown_phone(appointment.phone, self.context)
