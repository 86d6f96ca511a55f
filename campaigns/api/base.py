"""What the viewsets share: permissions, the error for a wrong state, and typed bases."""

from typing import TYPE_CHECKING, Any

from rest_framework import status, viewsets
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

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
