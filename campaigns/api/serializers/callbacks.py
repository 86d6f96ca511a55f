"""What the API shows and takes of call-backs."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework import serializers

from campaigns import clock
from campaigns.models import Callback
from campaigns.schedule import callback_times

if TYPE_CHECKING:
    CallbackModel = serializers.ModelSerializer[Callback]
else:
    CallbackModel = serializers.ModelSerializer


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
