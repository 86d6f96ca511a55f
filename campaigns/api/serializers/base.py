"""What the serializers share: masked numbers, and what is mirrored at XFin."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from campaigns import phones
from campaigns.models.templates import Mirrored, mark_pending
from campaigns.permissions import sees_numbers
from campaigns.queries.in_use import frozen_fields

if TYPE_CHECKING:
    Plain = serializers.Serializer[Any]
else:
    Plain = serializers.Serializer

SYNC = ("sync_state", "sync_reason", "remote_id", "synced_at")


def shown_phone(e164: str, context: Mapping[str, Any]) -> str:
    """Return the number, masked unless the user of the request in `context` may see whole numbers."""
    request = context.get("request")
    return e164 if request and sees_numbers(request) else phones.mask(e164)


class FrozenMixin:
    """A thing that stays what it is once it is used."""

    instance: Any

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the data. Raises `ValidationError` by field for a new identity of a thing that is used."""
        shown: dict[str, Any] = super().validate(attrs)  # type: ignore[misc]  # of the serializer beside it
        if self.instance is not None:
            changed = [name for name, value in attrs.items() if getattr(self.instance, name, None) != value]
            if frozen := frozen_fields(self.instance, changed):
                raise serializers.ValidationError(frozen)
        return shown


class MirroredMixin(FrozenMixin):
    """A thing that stands here and at XFin: what is written here is uploaded."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Store and return a new row; it is pending by default, so it is uploaded."""
        return super().create(validated_data)  # type: ignore[misc]  # of ModelSerializer

    def update(self, instance: Mirrored, validated_data: dict[str, Any]) -> Any:
        """Store the changes, have them uploaded, and return the row."""
        mark_pending(instance)
        return super().update(instance, validated_data)  # type: ignore[misc]  # of ModelSerializer
