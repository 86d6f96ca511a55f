"""What the API shows and takes of what staff manage. No secret is given back."""

from campaigns.api.serializers.base import Plain, shown_phone
from campaigns.api.serializers.campaigns import (
    ApprovalSerializer,
    CampaignSerializer,
    ChangeSerializer,
    CountsSerializer,
    GoalsSerializer,
    NewQuotasSerializer,
    QuotasSerializer,
)
from campaigns.api.serializers.numbers import NumberSerializer
from campaigns.api.serializers.people import (
    AddedPeopleSerializer,
    ColumnsSerializer,
    ImportSerializer,
    MappingSerializer,
    NewPeopleSerializer,
    PeopleFileSerializer,
    RecipientSerializer,
    SuppressionSerializer,
)
from campaigns.api.serializers.templates import ContentSerializer, LanguageSerializer, TemplateSerializer

__all__ = [
    "AddedPeopleSerializer",
    "ApprovalSerializer",
    "CampaignSerializer",
    "ChangeSerializer",
    "ColumnsSerializer",
    "ContentSerializer",
    "CountsSerializer",
    "GoalsSerializer",
    "ImportSerializer",
    "LanguageSerializer",
    "MappingSerializer",
    "NewPeopleSerializer",
    "NewQuotasSerializer",
    "NumberSerializer",
    "PeopleFileSerializer",
    "Plain",
    "QuotasSerializer",
    "RecipientSerializer",
    "SuppressionSerializer",
    "TemplateSerializer",
    "shown_phone",
]
