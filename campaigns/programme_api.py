"""The API of programmes and standing lists."""

from typing import TYPE_CHECKING

from django.db.models import ProtectedError
from rest_framework import viewsets

from campaigns import programme_serializers as serializers
from campaigns.api import Conflict, ModelPermissions
from campaigns.models import Draw, Member, Programme, StandingList

if TYPE_CHECKING:
    ListViews = viewsets.ModelViewSet[StandingList]
    MemberViews = viewsets.ModelViewSet[Member]
    ProgrammeViews = viewsets.ModelViewSet[Programme]
    DrawViews = viewsets.ReadOnlyModelViewSet[Draw]
else:
    ListViews = MemberViews = ProgrammeViews = viewsets.ModelViewSet
    DrawViews = viewsets.ReadOnlyModelViewSet


class StandingListViewSet(ListViews):
    """Standing lists. One that a programme draws from can't be deleted."""

    queryset = StandingList.objects.all()
    serializer_class = serializers.StandingListSerializer
    permission_classes = (ModelPermissions,)

    def perform_destroy(self, instance: StandingList) -> None:
        """409 as long as a programme draws from it."""
        try:
            instance.delete()
        except ProtectedError as error:
            raise Conflict("A programme draws from this list.") from error


class MemberViewSet(MemberViews):
    """People of standing lists, with their dates."""

    queryset = Member.objects.prefetch_related("dates").order_by("id")
    serializer_class = serializers.MemberSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("standing_list",)


class ProgrammeViewSet(ProgrammeViews):
    """Programmes. One that has drawn is switched off and kept."""

    queryset = Programme.objects.all()
    serializer_class = serializers.ProgrammeSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("standing_list", "active")

    def perform_destroy(self, instance: Programme) -> None:
        """409 when it has drawn somebody: the record stays."""
        try:
            instance.delete()
        except ProtectedError as error:
            raise Conflict("It has drawn people; switch it off instead.") from error


class DrawViewSet(DrawViews):
    """Who was drawn for what and who was missed, the newest first."""

    queryset = Draw.objects.select_related("round").order_by("-id")
    serializer_class = serializers.DrawSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("programme", "fate", "falls_on")
