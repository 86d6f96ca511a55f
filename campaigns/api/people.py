"""The API of recipients and of the suppression list."""

from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.serializers import BaseSerializer

from campaigns.api import serializers
from campaigns.api.base import RecipientViews, SuppressionViews
from campaigns.compliance.suppressions import SuppressionRequest, suppress
from campaigns.models import Recipient, Suppression
from campaigns.permissions import acting_user


class RecipientViewSet(RecipientViews):
    """People in campaigns, with state and reason."""

    queryset = Recipient.objects.order_by("id")
    serializer_class = serializers.RecipientSerializer
    filterset_fields = ("campaign", "state", "language", "outcome")


class SuppressionViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, SuppressionViews
):
    """Numbers that must not be called. They are added here, and lifted only by staff in the portal."""

    queryset = Suppression.objects.order_by("-id")
    serializer_class = serializers.SuppressionSerializer
    parser_classes = (JSONParser, FormParser)
    filterset_fields = ("scope", "category", "source")

    def get_queryset(self) -> QuerySet[Suppression]:
        """Return all suppressions, newest first; lifted ones too, because the list is a record."""
        return Suppression.objects.order_by("-id")

    def perform_create(self, serializer: BaseSerializer[Suppression]) -> None:
        """Store the suppression with its source, and withdraw the calls to this number that wait."""
        data = serializer.validated_data
        asked = SuppressionRequest(
            source=Suppression.Source.API,
            reason=data["reason"],
            category=data.get("category", ""),
            by=acting_user(self.request),
        )
        suppress(data["phone"], asked)
        live = Suppression.objects.filter(phone=data["phone"], scope=asked.scope, category=asked.category)
        serializer.instance = live.get(lifted_at__isnull=True)
