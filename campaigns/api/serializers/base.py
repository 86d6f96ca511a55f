"""What the serializers share: masked numbers, and what is mirrored at XFin."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from campaigns import phones
from campaigns.models.templates import Mirrored, mark_pending
from campaigns.permissions import SEES_NUMBERS

if TYPE_CHECKING:
    Plain = serializers.Serializer[Any]
else:
    Plain = serializers.Serializer

SYNC = ("sync_state", "sync_reason", "remote_id", "synced_at")


def shown_phone(e164: str, context: Mapping[str, Any]) -> str:
    """Return the number, masked unless the user of the request in `context` may see whole numbers."""
    request = context.get("request")
    return e164 if request and request.user.has_perm(SEES_NUMBERS) else phones.mask(e164)


class MirroredMixin:
    """A thing that stands here and at XFin: what is written here is uploaded."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Store and return a new row; it is pending by default, so it is uploaded."""
        return super().create(validated_data)  # type: ignore[misc]  # of ModelSerializer

    def update(self, instance: Mirrored, validated_data: dict[str, Any]) -> Any:
        """Store the changes, have them uploaded, and return the row."""
        mark_pending(instance)
        return super().update(instance, validated_data)  # type: ignore[misc]  # of ModelSerializer
