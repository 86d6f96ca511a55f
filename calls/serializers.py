"""What the API shows of calls."""

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from calls.models import Answer, Call, CallEvent, CallTag
from campaigns.api.serializers import shown_phone

if TYPE_CHECKING:
    Plain = serializers.Serializer[Any]
    AnswerModel = serializers.ModelSerializer[Answer]
    CallModel = serializers.ModelSerializer[Call]
    EventModel = serializers.ModelSerializer[CallEvent]
else:
    Plain = serializers.Serializer
    AnswerModel = CallModel = EventModel = serializers.ModelSerializer


class AnswerSerializer(AnswerModel):
    """What the person answered to one question."""

    class Meta:
        model = Answer
        fields = (
            *("id", "question", "value", "label", "kind", "step", "version"),
            *("heard_ms", "question_ms", "heard_whole", "at"),
        )
        read_only_fields = fields


class EventSerializer(EventModel):
    """One line of a call's log."""

    class Meta:
        model = CallEvent
        fields = ("sequence", "at_ms", "kind", "text", "data")
        read_only_fields = fields


class CallSerializer(CallModel):
    """A call. The number is masked for users who may not change people."""

    phone = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField()
    answers = AnswerSerializer(many=True, read_only=True)
    tags = serializers.SlugRelatedField[CallTag](slug_field="tag", many=True, read_only=True)

    class Meta:
        model = Call
        fields = (
            "id",
            "number",
            "agent",
            "campaign",
            "recipient",
            "phone",
            "reference",
            "direction",
            "stream_sid",
            "call_sid",
            "language",
            "version",
            "state",
            "reason",
            "doing",
            "disposition",
            "outcome",
            "ended_by",
            "started_at",
            "ended_at",
            "duration_ms",
            "heard_ms",
            "first_audio_ms",
            "frames_in",
            "frames_out",
            "answers",
            "tags",
        )
        read_only_fields = fields

    def get_reference(self, call: Call) -> str:
        """Return the message's reference; where the message is not known, what the platform called it."""
        return call.message.reference if call.message else call.reference

    def get_phone(self, call: Call) -> str:
        """Return the number, whole or masked; empty if it is not known who was on the line."""
        return shown_phone(call.recipient.phone, self.context) if call.recipient else ""


class PersonWishSerializer(Plain):
    """A number in any spelling; a reason where something is erased."""

    phone = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=1000, required=False)


class PersonSerializer(Plain):
    """What we hold about a number, and whether a hold or an erasure stands."""

    counts = serializers.DictField(child=serializers.IntegerField())
    hold = serializers.CharField(source="hold.reason", default="")
    erasure = serializers.CharField(source="erasure.state", default="")
    waits_for = serializers.CharField(source="erasure.waits_for", default="")
