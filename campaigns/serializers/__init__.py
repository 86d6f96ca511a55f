"""What the API shows and takes of what staff manage. No secret is given back."""

from campaigns.serializers.base import Plain, shown_phone
from campaigns.serializers.campaigns import (
    ApprovalSerializer,
    CampaignSerializer,
    ChangeSerializer,
    CountsSerializer,
)
from campaigns.serializers.numbers import NumberSerializer
from campaigns.serializers.people import (
    AddedPeopleSerializer,
    ColumnsSerializer,
    ImportSerializer,
    MappingSerializer,
    NewPeopleSerializer,
    PeopleFileSerializer,
    RecipientSerializer,
    SuppressionSerializer,
)
from campaigns.serializers.templates import ContentSerializer, LanguageSerializer, TemplateSerializer

__all__ = [
    "AddedPeopleSerializer",
    "ApprovalSerializer",
    "CampaignSerializer",
    "ChangeSerializer",
    "ColumnsSerializer",
    "ContentSerializer",
    "CountsSerializer",
    "ImportSerializer",
    "LanguageSerializer",
    "MappingSerializer",
    "NewPeopleSerializer",
    "NumberSerializer",
    "PeopleFileSerializer",
    "Plain",
    "RecipientSerializer",
    "SuppressionSerializer",
    "TemplateSerializer",
    "shown_phone",
]
