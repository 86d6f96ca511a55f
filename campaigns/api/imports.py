"""The API of uploaded lists and of remembered column mappings."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import clock
from campaigns.api import serializers
from campaigns.api.base import Conflict, ImportViews, MappingViews
from campaigns.imports import update, upload
from campaigns.models import ColumnMapping, Import
from campaigns.permissions import acting_user
from campaigns.spreadsheets.columns import Columns
from campaigns.tasks import enqueue_import


class ImportViewSet(ImportViews):
    """Uploaded lists: how far each is, and what became of its rows."""

    queryset = Import.objects.select_related("campaign__template").order_by("-id")
    serializer_class = serializers.ImportSerializer
    filterset_fields = ("campaign", "state")

    @extend_schema(request=serializers.ColumnsSerializer, responses=serializers.ImportSerializer)
    @action(
        detail=True,
        methods=["post"],
        serializer_class=serializers.ColumnsSerializer,
    )
    def choose(self, request: Request, pk: str) -> Response:
        """Confirm which column is what, have the file read, and return the import. 409 if it can't be so."""
        source = self.get_object()
        form = serializers.ColumnsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        places = dict(form.validated_data)
        name, comma = places.pop("remember_as"), tuple(places.pop("decimal_comma"))
        columns = Columns(**places, decimal_comma=comma)
        upload.choose(source, columns, by=acting_user(request), remember_as=name)
        enqueue_import(source.pk)
        return Response(serializers.ImportSerializer(source).data)

    @extend_schema(request=None, responses=serializers.ImportSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Read no further; people added so far stay. Return the import; 409 if it was over already."""
        source = self.get_object()
        if not upload.cancel(source, acting_user(request)):
            raise Conflict(f"This import is over: {source.get_state_display().lower()}.")
        return Response(serializers.ImportSerializer(source).data)

    @extend_schema(request=None, responses=serializers.ImportSerializer)
    @action(detail=True, methods=["post"], url_path="update-waiting")
    def update_waiting(self, request: Request, pk: str) -> Response:
        """Bring people up to date who were in the campaign already and wait; return the import. 409 if not
        so.
        """
        source = self.get_object()
        update.update_those_who_wait(source, now=clock.now())
        return Response(serializers.ImportSerializer(source).data)


class MappingViewSet(mixins.DestroyModelMixin, MappingViews):
    """Named mappings of columns. They are made by confirming a file's columns with `remember_as`."""

    queryset = ColumnMapping.objects.order_by("name")
    serializer_class = serializers.MappingSerializer
    filterset_fields = ("account", "template")
