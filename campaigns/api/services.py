"""The API of services outside and of what they are told, to be read."""

from typing import TYPE_CHECKING

from rest_framework import viewsets

from campaigns.api.serializers.services import NotificationSerializer, ServiceSerializer
from campaigns.models import Notification, OutsideService

if TYPE_CHECKING:
    ServiceViews = viewsets.ReadOnlyModelViewSet[OutsideService]
    NotificationViews = viewsets.ReadOnlyModelViewSet[Notification]
else:
    ServiceViews = NotificationViews = viewsets.ReadOnlyModelViewSet


class ServiceViewSet(ServiceViews):
    """Services that campaigns may ask before a call; they are entered in the admin."""

    queryset = OutsideService.objects.order_by("name")
    serializer_class = ServiceSerializer


class NotificationViewSet(NotificationViews):
    """What services are told, the newest first, without its values."""

    queryset = Notification.objects.order_by("-id")
    serializer_class = NotificationSerializer
    filterset_fields = {"state": ["exact"], "service": ["exact"], "reference": ["exact"]}
