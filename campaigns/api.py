"""The API of what staff manage. Reads through `queries`, changes of state through `services`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import clock, preflights, queries, readings, serializers
from campaigns.columns import Columns
from campaigns.forms import too_large
from campaigns.models import (
    Campaign,
    ColumnMapping,
    Content,
    Import,
    PhoneNumber,
    Recipient,
    Suppression,
    Template,
    TemplateLanguage,
    User,
)
from campaigns.preflight_serializers import PreflightSerializer
from campaigns.services import approvals, importing, imports, lifecycle, preflight
from campaigns.services.suppressions import Wish, suppress
from campaigns.tasks import nudge_import, nudge_preflight

if TYPE_CHECKING:
    CampaignViews = viewsets.ModelViewSet[Campaign]
    ContentViews = viewsets.ModelViewSet[Content]
    NumberViews = viewsets.ModelViewSet[PhoneNumber]
    TemplateViews = viewsets.ModelViewSet[Template]
    LanguageViews = viewsets.ModelViewSet[TemplateLanguage]
    RecipientViews = viewsets.ReadOnlyModelViewSet[Recipient]
    ImportViews = viewsets.ReadOnlyModelViewSet[Import]
    MappingViews = viewsets.ReadOnlyModelViewSet[ColumnMapping]
    SuppressionViews = viewsets.GenericViewSet[Suppression]
else:
    CampaignViews = ContentViews = NumberViews = TemplateViews = LanguageViews = viewsets.ModelViewSet
    RecipientViews = ImportViews = MappingViews = viewsets.ReadOnlyModelViewSet
    SuppressionViews = viewsets.GenericViewSet


class Conflict(APIException):
    """The thing is in a state in which this can't be done."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class ModelPermissions(DjangoModelPermissions):
    """Django's permissions, for reading as well."""

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }


class MayChangeCampaigns(BasePermission):
    """For launching, pausing, resuming and cancelling."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whoever may change campaigns."""
        return bool(request.user.has_perm("campaigns.change_campaign"))


class MayApproveCampaigns(BasePermission):
    """For the second person."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whoever may approve campaigns."""
        return bool(request.user.has_perm("campaigns.approve_campaign"))


class MayImport(BasePermission):
    """For adding people."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whoever may add imports."""
        return bool(request.user.has_perm("campaigns.add_import"))


class TemplateViewSet(TemplateViews):
    """Templates; a change is uploaded to XFin by itself."""

    queryset = Template.objects.prefetch_related("numbers", "languages__contents")
    serializer_class = serializers.TemplateSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("account", "sync_state")


class TemplateLanguageViewSet(LanguageViews):
    """Templates in their languages."""

    queryset = TemplateLanguage.objects.prefetch_related("contents")
    serializer_class = serializers.LanguageSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("template", "language", "sync_state")


class ContentViewSet(ContentViews):
    """Recorded clips, sent as a multipart form."""

    queryset = Content.objects.all()
    serializer_class = serializers.ContentSerializer
    permission_classes = (ModelPermissions,)
    parser_classes = (MultiPartParser, FormParser)
    filterset_fields = ("account", "sync_state")


class NumberViewSet(NumberViews):
    """Our own numbers."""

    queryset = PhoneNumber.objects.all()
    serializer_class = serializers.NumberSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("account", "series", "direction", "active")


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
            lifecycle.edit(campaign, changed, user if isinstance(user, User) else None)
        except lifecycle.NotAllowed as error:
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
        return self._change(lifecycle.launch)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayApproveCampaigns])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve what another person made, or what came since. 409 for whoever had a hand in it."""
        return self._change(lifecycle.approve)

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
        return self._change(lifecycle.pause)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on where it was."""
        return self._change(lifecycle.resume)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def cancel(self, request: Request, pk: str) -> Response:
        """End it for ever."""
        return self._change(lifecycle.cancel)

    def _change(self, do: Callable[[Campaign, User | None], None]) -> Response:
        campaign, user = self.get_object(), self.request.user
        try:
            do(campaign, user if isinstance(user, User) else None)
        except lifecycle.NotAllowed as error:
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
        file, by = form.validated_data["file"], _user(request)
        if problem := too_large(file.size):
            raise ValidationError({"file": [problem]})
        try:
            source = imports.receive(campaign, file, filename=file.name, by=by)
            if form.validated_data["confirm"]:
                imports.choose(source, importing.columns_of(source), by=by)
                nudge_import(source.pk)
        except imports.UnreadableFile as error:
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
            source = imports.add_rows(campaign, form.validated_data["people"], by=_user(request))
        except imports.UnreadableFile as error:
            raise Conflict(error.reason) from error
        added = {"list": source, "verdicts": readings.verdicts(source)}
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
        row = preflight.ask(self.get_object(), _user(request), clock=clock.now)
        if row.state == row.State.WAITING:
            nudge_preflight(row.pk)
        found = PreflightSerializer(preflights.shown(row))
        return Response(found.data, status=status.HTTP_202_ACCEPTED)


class ImportViewSet(ImportViews):
    """Uploaded lists: how far each is, and what became of its rows."""

    queryset = Import.objects.select_related("campaign__template").order_by("-id")
    serializer_class = serializers.ImportSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("campaign", "state")

    @extend_schema(request=serializers.ColumnsSerializer, responses=serializers.ImportSerializer)
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[MayImport],
        serializer_class=serializers.ColumnsSerializer,
    )
    def choose(self, request: Request, pk: str) -> Response:
        """Confirm which column is what; the file is read then. 409 with the reason when it can't be so."""
        source = self.get_object()
        form = serializers.ColumnsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wish = dict(form.validated_data)
        name = wish.pop("remember_as")
        try:
            imports.choose(source, Columns(**wish), by=_user(request), remember_as=name)
        except imports.UnreadableFile as error:
            raise Conflict(error.reason) from error
        nudge_import(source.pk)
        return Response(serializers.ImportSerializer(source).data)

    @extend_schema(request=None, responses=serializers.ImportSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayImport])
    def cancel(self, request: Request, pk: str) -> Response:
        """Read no further. Who was added stays; 409 when it was over already."""
        source = self.get_object()
        if not imports.cancel(source, _user(request)):
            raise Conflict(f"This import is over: {source.get_state_display().lower()}.")
        return Response(serializers.ImportSerializer(source).data)


class MappingViewSet(mixins.DestroyModelMixin, MappingViews):
    """Named mappings of columns. They are made by confirming a file's columns with `remember_as`."""

    queryset = ColumnMapping.objects.order_by("name")
    serializer_class = serializers.MappingSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("account", "template")


def _user(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None


class RecipientViewSet(RecipientViews):
    """People in campaigns, with state and reason."""

    queryset = Recipient.objects.order_by("id")
    serializer_class = serializers.RecipientSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("campaign", "state", "language", "outcome")


class SuppressionViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, SuppressionViews
):
    """Numbers that must not be called. They are added here, and lifted only by staff in the portal."""

    queryset = Suppression.objects.order_by("-id")
    serializer_class = serializers.SuppressionSerializer
    permission_classes = (ModelPermissions,)
    parser_classes = (JSONParser, FormParser)
    filterset_fields = ("scope", "category", "source")

    def get_queryset(self) -> QuerySet[Suppression]:
        """Those lifted as well: the list is a record."""
        return Suppression.objects.order_by("-id")

    def perform_create(self, serializer: BaseSerializer[Suppression]) -> None:
        """Note the way it came, and call off what waits."""
        user, data = self.request.user, serializer.validated_data
        wish = Wish(
            source=Suppression.Source.API,
            reason=data["reason"],
            category=data.get("category", ""),
            by=user if isinstance(user, User) else None,
        )
        suppress(data["phone"], wish)
        live = Suppression.objects.filter(phone=data["phone"], scope=wish.scope, category=wish.category)
        serializer.instance = live.get(lifted_at__isnull=True)
