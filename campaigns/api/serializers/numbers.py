"""Our own numbers. Secrets are written and never given back."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework import serializers

from campaigns.api.serializers.base import FrozenMixin
from campaigns.models import PhoneNumber

if TYPE_CHECKING:
    NumberModel = serializers.ModelSerializer[PhoneNumber]
else:
    NumberModel = serializers.ModelSerializer


class NumberSerializer(FrozenMixin, NumberModel):
    """One of our own numbers. The address of its stream is a secret and not shown.

    A user name for the stream goes with a password, which is taken and never given back; an empty user name
    takes the password away.
    """

    stream_password = serializers.CharField(
        write_only=True,
        required=False,
        max_length=200,
        trim_whitespace=False,
        style={"input_type": "password"},
    )

    class Meta:
        model = PhoneNumber
        fields = (
            "id",
            "account",
            "e164",
            "label",
            "series",
            "direction",
            "container",
            "max_calls",
            "inbound_agent",
            "inbound_hours",
            "after_hours_agent",
            "ring_back_hours",
            "recognise_days",
            "record_calls",
            "announce_recording",
            "allowed_networks",
            "stream_user",
            "stream_password",
            "previous_secret_until",
            "active",
        )
        read_only_fields = ("previous_secret_until",)
        extra_kwargs: ClassVar = {"max_calls": {"min_value": 1}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that user name and password come together; return the data, the password empty without user.

        Raises `ValidationError` for one without the other.
        """
        attrs = super().validate(attrs)
        user = attrs.get("stream_user", self.instance.stream_user if self.instance else "")
        given, kept = attrs.get("stream_password"), self.instance and self.instance.stream_password
        if given and not user:
            raise serializers.ValidationError({"stream_user": "A password needs a user name."})
        if user and not given and not kept:
            raise serializers.ValidationError({"stream_password": "A user name needs a password."})
        return attrs if user else {**attrs, "stream_password": ""}
