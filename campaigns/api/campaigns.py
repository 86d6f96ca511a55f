"""The API of what staff manage. Reads through `queries`, changes of state through `services`."""

from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import clock
from campaigns.api import serializers
from campaigns.api.base import (
    CampaignViews,
    Conflict,
    MayApproveCampaigns,
    MayChangeCampaigns,
    MayImport,
    ModelPermissions,
)
from campaigns.api.serializers.preflight import PreflightSerializer
from campaigns.errors import NotAllowed, UnreadableFile
from campaigns.imports import reader, upload
from campaigns.lifecycle import actions, approvals
from campaigns.models import (
    Campaign,
    User,
)
from campaigns.permissions import acting_user
from campaigns.planning import preflight
from campaigns.queries import campaign as queries
from campaigns.queries import imports
from campaigns.queries import preflight as preflights
from campaigns.tasks import enqueue_import, enqueue_preflight
from campaigns.validation import too_large


class CampaignViewSet(CampaignViews):
    """Campaigns. Edited until they run, deleted as drafts; their state is changed by actions."""

    queryset = Campaign.objects.select_related("template__account", "number", "agent")
    serializer_class = serializers.CampaignSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("state", "category", "template", "number")

    def perform_create(self, serializer: BaseSerializer[Campaign]) -> None:
        """Note who made it."""
        user = self.request.user
        serializer.save(created_by=user if isinstance(user, User) else None)

    def perform_update(self, serializer: BaseSerializer[Campaign]) -> None:
        """Until it runs. What matters takes it back to draft."""
        campaign, given, user = self.get_object(), serializer.validated_data, self.request.user
        changed = [name for name, value in given.items() if getattr(campaign, name) != value]
        for name in changed:
            setattr(campaign, name, given[name])
        try:
            actions.edit(campaign, changed, user if isinstance(user, User) else None)
        except NotAllowed as error:
            raise Conflict(error.reason) from error
        serializer.instance = campaign

    def perform_destroy(self, instance: Campaign) -> None:
        """Only a draft is deleted."""
        if instance.state != Campaign.State.DRAFT:
            raise Conflict(f"Only a draft can be deleted; this campaign is {instance.state}.")
        instance.delete()

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def launch(self, request: Request, pk: str) -> Response:
        """Go as far as nothing stands in the way: the answer's state says how far. 409 when it can't."""
        return self._change(actions.launch)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayApproveCampaigns])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve what another person made, or what came since. 409 for whoever had a hand in it."""
        return self._change(actions.approve)

    @extend_schema(responses=serializers.ApprovalSerializer)
    @action(detail=True, permission_classes=[ModelPermissions], pagination_class=None, filterset_fields=None)
    def approval(self, request: Request, pk: str) -> Response:
        """Who approved it, what changed since, how many were added. 404: no second person is asked for."""
        found = approvals.standing(self.get_object())
        if found is None:
            raise NotFound("No second person is asked for.")
        return Response(serializers.ApprovalSerializer(found).data)

    @extend_schema(responses=serializers.ChangeSerializer(many=True))
    @action(detail=True, permission_classes=[ModelPermissions], pagination_class=None, filterset_fields=None)
    def history(self, request: Request, pk: str) -> Response:
        """Who brought it from which state to which, when and why; the newest first."""
        changes = queries.history(self.get_object().pk)
        return Response(serializers.ChangeSerializer(changes, many=True).data)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def pause(self, request: Request, pk: str) -> Response:
        """Send nothing more to XFin, and withdraw what is there."""
        return self._change(actions.pause)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on where it was."""
        return self._change(actions.resume)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def cancel(self, request: Request, pk: str) -> Response:
        """End it for ever."""
        return self._change(actions.cancel)

    def _change(self, do: Callable[[Campaign, User | None], None]) -> Response:
        campaign, user = self.get_object(), self.request.user
        try:
            do(campaign, user if isinstance(user, User) else None)
        except NotAllowed as error:
            raise Conflict(error.reason) from error
        return Response(self.get_serializer(campaign).data)

    @extend_schema(
        request={"multipart/form-data": serializers.PeopleFileSerializer},
        responses={202: serializers.ImportSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[MayImport],
        parser_classes=[MultiPartParser],
        serializer_class=serializers.PeopleFileSerializer,
    )
    def people(self, request: Request, pk: str) -> Response:
        """Take a file of people, which a worker then reads; `imports/{id}/` tells how far it is.

        400 with the reason when nothing can be read from it.
        """
        campaign = self.get_object()
        form = serializers.PeopleFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file, by = form.validated_data["file"], acting_user(request)
        if problem := too_large(file.size):
            raise ValidationError({"file": [problem]})
        try:
            source = upload.receive(campaign, file, filename=file.name, by=by)
            if form.validated_data["confirm"]:
                upload.choose(source, reader.columns_of(source), by=by)
                enqueue_import(source.pk)
        except UnreadableFile as error:
            raise ValidationError({"file": [error.reason]}) from error
        return Response(serializers.ImportSerializer(source).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=serializers.NewPeopleSerializer, responses={200: serializers.AddedPeopleSerializer}
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="people/add",
        permission_classes=[MayImport],
        serializer_class=serializers.NewPeopleSerializer,
    )
    def add_people(self, request: Request, pk: str) -> Response:
        """Add people without a file, also while the campaign runs; each gets a verdict of its own."""
        campaign = self.get_object()
        form = serializers.NewPeopleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            source = upload.add_rows(campaign, form.validated_data["people"], by=acting_user(request))
        except UnreadableFile as error:
            raise Conflict(error.reason) from error
        added = {"list": source, "verdicts": imports.verdicts(source)}
        return Response(serializers.AddedPeopleSerializer(added).data)

    @extend_schema(responses=serializers.CountsSerializer)
    @action(detail=True, permission_classes=[ModelPermissions])
    def counts(self, request: Request, pk: str) -> Response:
        """Every row accounted for."""
        counts = queries.campaign_counts(self.get_object().pk)
        return Response(serializers.CountsSerializer(counts).data)

    @extend_schema(responses=PreflightSerializer)
    @action(detail=True, permission_classes=[ModelPermissions], pagination_class=None, filterset_fields=None)
    def preflight(self, request: Request, pk: str) -> Response:
        """What a launch would do: who can be called, what is missing, how long it takes. 404: not asked."""
        found = preflights.of_campaign(self.get_object())
        if found is None:
            raise NotFound("Nobody has asked for a preflight of this campaign; POST to preflight/ask/.")
        return Response(PreflightSerializer(found).data)

    @extend_schema(request=None, responses={202: PreflightSerializer})
    @action(detail=True, methods=["post"], url_path="preflight/ask", permission_classes=[MayChangeCampaigns])
    def ask_preflight(self, request: Request, pk: str) -> Response:
        """Have the people counted; `preflight/` has the result when its `state` is `done`, often at once."""
        row = preflight.ask(self.get_object(), acting_user(request), clock=clock.now)
        if row.state == row.State.WAITING:
            enqueue_preflight(row.pk)
        found = PreflightSerializer(preflights.shown(row))
        return Response(found.data, status=status.HTTP_202_ACCEPTED)
