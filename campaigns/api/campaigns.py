"""The API of campaigns. Reads through `queries`, changes of state through `lifecycle`."""

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
from campaigns.api.base import CampaignViews, Conflict
from campaigns.api.serializers.preflight import PreflightSerializer
from campaigns.errors import UnreadableFile
from campaigns.imports import reader, upload
from campaigns.lifecycle import actions, approvals
from campaigns.lifecycle import quotas as lifecycle_quotas
from campaigns.models import Campaign, User
from campaigns.permissions import acting_user
from campaigns.planning import preflight
from campaigns.queries.campaign import campaign_counts, campaign_history
from campaigns.queries.imports import verdicts
from campaigns.queries.preflight import latest_preflight, shown
from campaigns.queries.quotas import table
from campaigns.tasks import enqueue_import, enqueue_preflight
from campaigns.validation import too_large


class CampaignViewSet(CampaignViews):
    """Campaigns. Edited until they run, deleted as drafts; their state is changed by actions."""

    queryset = Campaign.objects.select_related("template__account", "number", "agent", "dialogue_version")
    serializer_class = serializers.CampaignSerializer
    filterset_fields = ("state", "category", "template", "number")

    def perform_create(self, serializer: BaseSerializer[Campaign]) -> None:
        """Store the new draft with the user who made it."""
        serializer.save(created_by=acting_user(self.request))

    def perform_update(self, serializer: BaseSerializer[Campaign]) -> None:
        """Store the changes; one that matters takes a checked campaign back to draft.

        Raises `NotAllowed` (409) if the campaign was launched.
        """
        campaign, given = self.get_object(), serializer.validated_data
        changed = [name for name, value in given.items() if getattr(campaign, name) != value]
        for name in changed:
            setattr(campaign, name, given[name])
        actions.edit(campaign, changed, acting_user(self.request))
        serializer.instance = campaign

    def perform_destroy(self, instance: Campaign) -> None:
        """Delete a draft. Raises `Conflict` (409) for any other campaign."""
        if instance.state != Campaign.State.DRAFT:
            raise Conflict(f"Only a draft can be deleted; this campaign is {instance.state}.")
        instance.delete()

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, pk: str) -> Response:
        """Go as far as nothing stands in the way; the returned state says how far. 409 if not at all."""
        return self._change(actions.launch)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve what another person made, or what came since. Returns it; 409 for one who worked on it."""
        return self._change(actions.approve)

    @extend_schema(responses=serializers.ApprovalSerializer)
    @action(detail=True, pagination_class=None, filterset_fields=None)
    def approval(self, request: Request, pk: str) -> Response:
        """Return who approved it, what changed since and how many were added. 404: it needs no approval."""
        found = approvals.status(self.get_object())
        if found is None:
            raise NotFound("No second person is asked for.")
        return Response(serializers.ApprovalSerializer(found).data)

    @extend_schema(responses=serializers.ChangeSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_fields=None)
    def history(self, request: Request, pk: str) -> Response:
        """Return who brought it from which state to which, when and why; the newest first."""
        changes = campaign_history(self.get_object().pk)
        return Response(serializers.ChangeSerializer(changes, many=True).data)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Send nothing more to XFin and withdraw what is there. Returns the campaign; 409 if it can't."""
        return self._change(actions.pause)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on where it was. Returns the campaign; 409 if it can't."""
        return self._change(actions.resume)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End it for ever. Returns the campaign; 409 if it is over."""
        return self._change(actions.cancel)

    @extend_schema(request=serializers.GoalsSerializer, responses=serializers.CampaignSerializer)
    @action(
        detail=True,
        methods=["post"],
        serializer_class=serializers.GoalsSerializer,
    )
    def goals(self, request: Request, pk: str) -> Response:
        """Set the outcomes that count as the goal, in any state. 409 for one that forbids further calls."""
        campaign = self.get_object()
        form = serializers.GoalsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        actions.choose_goals(campaign, form.validated_data["goals"], by=acting_user(request))
        return Response(serializers.CampaignSerializer(campaign).data)

    @extend_schema(methods=["GET"], responses=serializers.QuotasSerializer)
    @extend_schema(
        methods=["PUT"], request=serializers.NewQuotasSerializer, responses=serializers.QuotasSerializer
    )
    @action(detail=True, methods=["get", "put"], pagination_class=None, filterset_fields=None)
    def quotas(self, request: Request, pk: str) -> Response:
        """Return the cells of the quotas with their figures; `PUT` sets them, no values end them.

        400 for cells that don't fit the values, 409 in a cancelled campaign.
        """
        campaign = self.get_object()
        if request.method == "PUT":
            form = serializers.NewQuotasSerializer(data=request.data)
            form.is_valid(raise_exception=True)
            given = form.validated_data
            lifecycle_quotas.choose(
                campaign,
                given["values"],
                each=given["each"],
                cells=given["cells"],
                by=acting_user(request),
            )
        shown = {"values": campaign.quota_values, "each": campaign.quota_each, "cells": table(campaign)}
        return Response(serializers.QuotasSerializer(shown).data)

    def _change(self, do: Callable[[Campaign, User | None], None]) -> Response:
        campaign = self.get_object()
        do(campaign, acting_user(self.request))
        return Response(self.get_serializer(campaign).data)

    @extend_schema(
        request={"multipart/form-data": serializers.PeopleFileSerializer},
        responses={202: serializers.ImportSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        parser_classes=[MultiPartParser],
        serializer_class=serializers.PeopleFileSerializer,
    )
    def people(self, request: Request, pk: str) -> Response:
        """Take a file of people, which a worker then reads; return its import.

        `imports/{id}/` has how far it is. 400 with the reason if nothing can be read from it.
        """
        campaign = self.get_object()
        form = serializers.PeopleFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file, by = form.validated_data["file"], acting_user(request)
        if problem := too_large(file.size):
            raise ValidationError({"file": [problem]})
        try:
            headings = {use: form.validated_data[use] for use in ("phone", "name", "language")}
            source = upload.receive(campaign, file, filename=file.name, by=by, headings=headings)
            if form.validated_data["confirm"] and not source.columns["asked"]:
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
        serializer_class=serializers.NewPeopleSerializer,
    )
    def add_people(self, request: Request, pk: str) -> Response:
        """Add people without a file, also while the campaign runs; return a verdict for each. 409 if over."""
        campaign = self.get_object()
        form = serializers.NewPeopleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        source = upload.add_rows(campaign, form.validated_data["people"], by=acting_user(request))
        added = {"list": source, "verdicts": verdicts(source)}
        return Response(serializers.AddedPeopleSerializer(added).data)

    @extend_schema(responses=serializers.CountsSerializer)
    @action(detail=True)
    def counts(self, request: Request, pk: str) -> Response:
        """Return the campaign in figures: every row accounted for."""
        counts = campaign_counts(self.get_object())
        return Response(serializers.CountsSerializer(counts).data)

    @extend_schema(responses=PreflightSerializer)
    @action(detail=True, pagination_class=None, filterset_fields=None)
    def preflight(self, request: Request, pk: str) -> Response:
        """Return what a launch would do: who can be called, what is missing, how long. 404 if not asked."""
        found = latest_preflight(self.get_object())
        if found is None:
            raise NotFound("Nobody has asked for a preflight of this campaign; POST to preflight/ask/.")
        return Response(PreflightSerializer(found).data)

    @extend_schema(request=None, responses={202: PreflightSerializer})
    @action(
        detail=True,
        methods=["post"],
        url_path="preflight/ask",
    )
    def ask_preflight(self, request: Request, pk: str) -> Response:
        """Have the people counted and return the preflight; with many, `preflight/` has the result later."""
        row = preflight.ask(self.get_object(), acting_user(request), clock=clock.now)
        if row.state == row.State.WAITING:
            enqueue_preflight(row.pk)
        found = PreflightSerializer(shown(row))
        return Response(found.data, status=status.HTTP_202_ACCEPTED)
