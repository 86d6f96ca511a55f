"""What the viewsets share: permissions of models, the answer to a refusal, and typed bases."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework import status, viewsets
from rest_framework.exceptions import APIException
from rest_framework.permissions import DjangoModelPermissions
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


class ModelPermissions(DjangoModelPermissions):
    """Ask for Django's permissions of the model, also for reading (`view`)."""

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the response to an error of a view: 409 with the reason for a `Refused`, else DRF's own.

    None if DRF has none: Django then answers 500. Named in the setting `EXCEPTION_HANDLER`.
    """
    known = Conflict(error.reason) if isinstance(error, Refused) else error
    return exception_handler(known, dict(context))
