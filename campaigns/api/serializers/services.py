"""What the API shows of services outside and of what they are told."""

from typing import TYPE_CHECKING

from rest_framework import serializers

from campaigns.models import Notification, OutsideService

if TYPE_CHECKING:
    ServiceModel = serializers.ModelSerializer[OutsideService]
    NotificationModel = serializers.ModelSerializer[Notification]
else:
    ServiceModel = NotificationModel = serializers.ModelSerializer


class ServiceSerializer(ServiceModel):
    """A service, without its secret."""

    class Meta:
        model = OutsideService
        fields = ("id", "name", "url", "timeout_seconds", "give_up_hours", "sends", "returns", "active")


class NotificationSerializer(NotificationModel):
    """One thing that a service is told; `key` is the Idempotency-Key."""

    class Meta:
        model = Notification
        fields = (
            *("id", "key", "service", "service_name", "reference", "at", "state", "reason", "tries"),
            *("next_try_at", "give_up_at", "settled_at"),
        )
