"""The API of what staff manage. Reads through `queries`, changes of state through `services`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import queries, serializers
from campaigns.forms import MOST_BYTES
from campaigns.models import (
    Campaign,
    Content,
    PhoneNumber,
    Recipient,
    Suppression,
    Template,
    TemplateLanguage,
    User,
)
from campaigns.services import imports, lifecycle
from campaigns.services.suppressions import Wish, suppress

if TYPE_CHECKING:
    CampaignViews = viewsets.ModelViewSet[Campaign]
    ContentViews = viewsets.ModelViewSet[Content]
    NumberViews = viewsets.ModelViewSet[PhoneNumber]
    TemplateViews = viewsets.ModelViewSet[Template]
    LanguageViews = viewsets.ModelViewSet[TemplateLanguage]
    RecipientViews = viewsets.ReadOnlyModelViewSet[Recipient]
    SuppressionViews = viewsets.GenericViewSet[Suppression]
else:
    CampaignViews = ContentViews = NumberViews = TemplateViews = LanguageViews = viewsets.ModelViewSet
    RecipientViews = viewsets.ReadOnlyModelViewSet
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
    """Campaigns. They are edited and deleted as drafts only, and launched, paused, resumed and cancelled."""

    queryset = Campaign.objects.select_related("template__account", "number", "agent")
    serializer_class = serializers.CampaignSerializer
    permission_classes = (ModelPermissions,)
    filterset_fields = ("state", "category", "template", "number")

    def perform_create(self, serializer: BaseSerializer[Campaign]) -> None:
        """Note who made it."""
        user = self.request.user
        serializer.save(created_by=user if isinstance(user, User) else None)

    def perform_update(self, serializer: BaseSerializer[Campaign]) -> None:
        """Only a draft is edited."""
        self._refuse_unless_draft(self.get_object(), "edited")
        serializer.save()

    def perform_destroy(self, instance: Campaign) -> None:
        """Only a draft is deleted."""
        self._refuse_unless_draft(instance, "deleted")
        instance.delete()

    def _refuse_unless_draft(self, campaign: Campaign, what: str) -> None:
        if campaign.state != Campaign.State.DRAFT:
            raise Conflict(f"Only a draft can be {what}; this campaign is {campaign.state}.")

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def launch(self, request: Request, pk: str) -> Response:
        """Let it run. 409 with the reason when it can't."""
        return self._change(lifecycle.launch)

    @extend_schema(request=None, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], permission_classes=[MayChangeCampaigns])
    def pause(self, request: Request, pk: str) -> Response:
        """Send nothing more to XFin. What is there may still ring."""
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
        responses={201: serializers.ImportSerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[MayImport],
        parser_classes=[MultiPartParser],
        serializer_class=serializers.PeopleFileSerializer,
    )
    def people(self, request: Request, pk: str) -> Response:
        """Add the people of a file. 400 with the reason when nothing can be read from it."""
        campaign = self.get_object()
        form = serializers.PeopleFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file, user = form.validated_data["file"], request.user
        if file.size > MOST_BYTES:
            raise ValidationError({"file": [f"The file is larger than {MOST_BYTES // 1024 // 1024} MB."]})
        by = user if isinstance(user, User) else None
        try:
            source = imports.import_people(campaign, data=file.read(), filename=file.name, by=by)
        except imports.UnreadableFile as error:
            raise ValidationError({"file": [error.reason]}) from error
        return Response(serializers.ImportSerializer(source).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.CountsSerializer)
    @action(detail=True, permission_classes=[ModelPermissions])
    def counts(self, request: Request, pk: str) -> Response:
        """Every row accounted for."""
        counts = queries.campaign_counts(self.get_object().pk)
        return Response(serializers.CountsSerializer(counts).data)


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
