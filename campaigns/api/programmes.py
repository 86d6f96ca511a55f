"""The API of programmes and standing lists."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns.api.serializers import programmes as serializers
from campaigns.errors import NotAllowed
from campaigns.models import Draw, Member, Programme, StandingList
from campaigns.programmes.members import look_at_members, note_one, read_members
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

    @extend_schema(
        request={"multipart/form-data": serializers.MembersFileSerializer},
        responses=serializers.ListResultSerializer,
    )
    @action(
        detail=True,
        methods=["post"],
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
    filterset_fields = ("standing_list",)

    def perform_create(self, serializer: BaseSerializer[Member]) -> None:
        """Store the person, and who entered it with the list."""
        note_one(serializer.save(), "entered")

    def perform_update(self, serializer: BaseSerializer[Member]) -> None:
        """Store the changes, and who made them with the list."""
        note_one(serializer.save(), "changed")

    def perform_destroy(self, instance: Member) -> None:
        """Delete the person, and note who did it with the list."""
        note_one(instance, "deleted")
        instance.delete()


class ProgrammeViewSet(ProgrammeViews):
    """Programmes. One that has drawn is switched off and kept."""

    queryset = Programme.objects.all()
    serializer_class = serializers.ProgrammeSerializer
    filterset_fields = ("standing_list", "active")


class DrawViewSet(DrawViews):
    """Who was drawn for what and who was missed, the newest first."""

    queryset = Draw.objects.select_related("round").order_by("-id")
    serializer_class = serializers.DrawSerializer
    filterset_fields = ("programme", "fate", "falls_on")
