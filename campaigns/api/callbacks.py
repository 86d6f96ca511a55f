"""The API of call-backs."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import clock
from campaigns.api.base import Conflict, ModelPermissions
from campaigns.api.serializers.callbacks import CallbackSerializer
from campaigns.errors import NotAllowed
from campaigns.models import Callback, User
from campaigns.planning import callbacks
from campaigns.planning.callbacks import CallbackRequest

if TYPE_CHECKING:
    CallbackViews = viewsets.GenericViewSet[Callback]
else:
    CallbackViews = viewsets.GenericViewSet


class MayWithdraw(BasePermission):
    """For taking a call-back back."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Whoever may change call-backs."""
        return bool(request.user.has_perm("campaigns.change_callback"))


class CallbackViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, CallbackViews
):
    """Calls at a time that a person asked for, the newest first."""

    queryset = Callback.objects.order_by("-id")
    serializer_class = CallbackSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = {"state": ["exact"], "recipient": ["exact"], "recipient__campaign": ["exact"]}

    def perform_create(self, serializer: BaseSerializer[Callback]) -> None:
        """Enter it for a person; 409 with the reason when it can't be done."""
        data, now = serializer.validated_data, clock.now()
        wish = CallbackRequest(
            asked_for=data["asked_for"], asked_at=now, source=Callback.Source.API, by=_user(self.request)
        )
        try:
            serializer.instance = callbacks.enter(data["recipient"].pk, wish, now=now)
        except NotAllowed as error:
            raise Conflict(error.reason) from error

    @extend_schema(request=None, responses=CallbackSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayWithdraw])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back; 409 with the reason when it is over, or being dialled."""
        try:
            row = callbacks.withdraw(self.get_object().pk, by=_user(request), now=clock.now())
        except NotAllowed as error:
            raise Conflict(error.reason) from error
        return Response(self.get_serializer(row).data)


def _user(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None
