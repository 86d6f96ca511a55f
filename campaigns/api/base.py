"""What the viewsets share: the answer to a refusal, and typed bases."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import ProtectedError
from rest_framework import status, viewsets
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from campaigns.errors import Refused
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
)
from campaigns.queries.in_use import protected_by

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
    """Answer 409: the thing is in a state in which this can't be done."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the response to an error of a view: 409 with the reason for a `Refused` and for a row that
    others need, else DRF's own.

    None if DRF has none: Django then answers 500. Named in the setting `EXCEPTION_HANDLER`.
    """
    if isinstance(error, Refused):
        error = Conflict(error.reason)
    elif isinstance(error, ProtectedError):
        error = Conflict(protected_by(error))
    return exception_handler(error, dict(context))
