"""The API of call-backs."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import clock
from campaigns.api.serializers.callbacks import CallbackSerializer
from campaigns.models import Callback
from campaigns.permissions import acting_user
from campaigns.planning import callbacks
from campaigns.planning.callbacks import CallbackRequest

if TYPE_CHECKING:
    CallbackViews = viewsets.GenericViewSet[Callback]
else:
    CallbackViews = viewsets.GenericViewSet


class CallbackViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, CallbackViews
):
    """Calls at a time that a person asked for, the newest first."""

    queryset = Callback.objects.order_by("-id")
    serializer_class = CallbackSerializer
    filterset_fields = {"state": ["exact"], "recipient": ["exact"], "recipient__campaign": ["exact"]}

    def perform_create(self, serializer: BaseSerializer[Callback]) -> None:
        """Enter the call-back. Raises `NotAllowed` (409, with the reason) if the person can't be called."""
        data, now = serializer.validated_data, clock.now()
        asked = CallbackRequest(
            asked_for=data["asked_for"],
            asked_at=now,
            source=Callback.Source.API,
            by=acting_user(self.request),
        )
        serializer.instance = callbacks.enter(data["recipient"].pk, asked, now=now)

    @extend_schema(request=None, responses=CallbackSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Withdraw the call-back and return it; 409 with the reason if it is over or being dialled."""
        row = callbacks.withdraw(self.get_object().pk, by=acting_user(request), now=clock.now())
        return Response(self.get_serializer(row).data)
