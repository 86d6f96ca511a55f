"""The API of programmes and standing lists."""

from typing import TYPE_CHECKING

from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import Conflict, ModelPermissions
from campaigns.api.serializers import programmes as serializers
from campaigns.errors import NotAllowed
from campaigns.models import Draw, Member, Programme, StandingList
from campaigns.permissions import needs
from campaigns.programmes.members import look_at_members, read_members
from campaigns.validation import too_large

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
        """Delete the list. Raises `Conflict` (409) as long as a programme draws from it."""
        try:
            instance.delete()
        except ProtectedError as error:
            raise Conflict("A programme draws from this list.") from error

    @extend_schema(
        request={"multipart/form-data": serializers.MembersFileSerializer},
        responses=serializers.ListResultSerializer,
    )
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[needs("campaigns.add_member", "campaigns.change_member")],
        parser_classes=[MultiPartParser],
        serializer_class=serializers.MembersFileSerializer,
    )
    def people(self, request: Request, pk: str) -> Response:
        """Add and update people with a file; return what became of each row. 400 if it can't be read."""
        standing_list = self.get_object()
        form = serializers.MembersFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        if problem := too_large(file.size):
            raise ValidationError({"file": [problem]})
        headings = {use: form.validated_data[use] for use in ("phone", "name", "language")}
        take = look_at_members if form.validated_data["only_look"] else read_members
        try:
            result = take(standing_list, file.file, file.name, headings=headings)
        except NotAllowed as error:
            raise ValidationError({"file": [error.reason]}) from error
        return Response(serializers.ListResultSerializer(result).data)


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
        """Delete the programme. Raises `Conflict` (409) if it has drawn people: the record of that stays."""
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
