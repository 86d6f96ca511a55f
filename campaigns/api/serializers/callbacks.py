"""What the API shows and takes of call-backs."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework import serializers

from campaigns import clock
from campaigns.api.serializers.base import shown_phone
from campaigns.models import Callback, StaffCallback
from campaigns.planning.staff_callbacks import LONGEST_NOTE
from campaigns.schedule import callback_times

if TYPE_CHECKING:
    CallbackModel = serializers.ModelSerializer[Callback]
    StaffCallbackModel = serializers.ModelSerializer[StaffCallback]
    Plain = serializers.Serializer[Any]
else:
    CallbackModel = StaffCallbackModel = serializers.ModelSerializer
    Plain = serializers.Serializer


class CallbackSerializer(CallbackModel):
    """A call-back: asked for, planned, and what came of it. A time without an offset is India's."""

    class Meta:
        model = Callback
        fields = (
            "id",
            "recipient",
            "asked_at",
            "asked_for",
            "planned_for",
            "source",
            "entered_by",
            "state",
            "reason",
        )
        read_only_fields = ("asked_at", "planned_for", "source", "entered_by", "state", "reason")

    def validate_asked_for(self, value: datetime) -> datetime:
        """Return the time. Raises `ValidationError` unless it lies ahead, by at most CALLBACK_DAYS."""
        if why := callback_times.unusable(value, asked_at=clock.now(), days=settings.CALLBACK_DAYS):
            raise serializers.ValidationError(why)
        return value


class StaffCallbackSerializer(StaffCallbackModel):
    """A person whom staff are to call. The number is masked for users who may not change people."""

    phone = serializers.SerializerMethodField()

    class Meta:
        model = StaffCallback
        fields = (
            *("id", "phone", "name", "language", "recipient", "campaign", "number", "call", "about", "step"),
            *("source", "asked_at", "times", "state", "taken_by", "taken_at", "done_at", "note"),
        )
        read_only_fields = fields

    def get_phone(self, row: StaffCallback) -> str:
        """Return the number, masked unless the user may see whole numbers."""
        return shown_phone(row.phone, self.context)


class FinishSerializer(Plain):
    """What came of a call-back by staff."""

    note = serializers.CharField(max_length=LONGEST_NOTE)
