"""The API of call-backs."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import clock
from campaigns.api.serializers.callbacks import CallbackSerializer, FinishSerializer, StaffCallbackSerializer
from campaigns.models import Callback, StaffCallback
from campaigns.permissions import acting_user
from campaigns.planning import callbacks, staff_callbacks
from campaigns.planning.callbacks import CallbackRequest

if TYPE_CHECKING:
    CallbackViews = viewsets.GenericViewSet[Callback]
    StaffCallbackViews = viewsets.ReadOnlyModelViewSet[StaffCallback]
else:
    CallbackViews = viewsets.GenericViewSet
    StaffCallbackViews = viewsets.ReadOnlyModelViewSet


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


class StaffCallbackViewSet(StaffCallbackViews):
    """People whom staff are to call, who waits the longest first."""

    queryset = StaffCallback.objects.order_by("asked_at", "id")
    serializer_class = StaffCallbackSerializer
    filterset_fields = ("state", "campaign", "recipient", "number", "source")

    @extend_schema(request=None, responses=StaffCallbackSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        """Take the person and return the row; 409 with the reason if it does not wait any more."""
        row = staff_callbacks.take(self.get_object().pk, by=acting_user(request), now=clock.now())
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None, responses=StaffCallbackSerializer)
    @action(detail=True, methods=["post"], url_path="give-back")
    def give_back(self, request: Request, pk: str) -> Response:
        """Put the person back into the queue and return the row; 409 with the reason if it is not taken."""
        row = staff_callbacks.give_back(self.get_object().pk, now=clock.now())
        return Response(self.get_serializer(row).data)

    @extend_schema(request=FinishSerializer, responses=StaffCallbackSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """Close the row with a note and return it; 409 with the reason if it is not taken."""
        sent = FinishSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        note = sent.validated_data["note"]
        by, key = acting_user(request), self.get_object().pk
        row = staff_callbacks.finish(key, note=note, by=by, now=clock.now())
        return Response(self.get_serializer(row).data)
