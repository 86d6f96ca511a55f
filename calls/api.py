"""The API of what happened live: to be read."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Call
from calls.serializers import CallSerializer, EventSerializer
from campaigns.api import ModelPermissions

if TYPE_CHECKING:
    CallViews = viewsets.ReadOnlyModelViewSet[Call]
else:
    CallViews = viewsets.ReadOnlyModelViewSet


class CallViewSet(CallViews):
    """Calls, live and past."""

    queryset = (
        Call.objects.select_related("recipient", "message")
        .prefetch_related("answers")
        .order_by("-started_at", "id")
    )
    serializer_class = CallSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("state", "campaign", "recipient", "disposition", "outcome", "direction")

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """The log of a call, in order."""
        return Response(EventSerializer(self.get_object().events.all(), many=True).data)
