"""Templates, their languages and clips."""

from typing import TYPE_CHECKING, ClassVar

from rest_framework import serializers

from campaigns.api.serializers.base import SYNC, MirroredMixin
from campaigns.models import Content, Template, TemplateLanguage
from campaigns.models.templates import NO_REDIALS

if TYPE_CHECKING:
    ContentModel = serializers.ModelSerializer[Content]
    TemplateModel = serializers.ModelSerializer[Template]
    LanguageModel = serializers.ModelSerializer[TemplateLanguage]
else:
    ContentModel = TemplateModel = LanguageModel = serializers.ModelSerializer


class LanguageSerializer(MirroredMixin, LanguageModel):
    """A template in one language."""

    class Meta:
        model = TemplateLanguage
        fields = ("id", "template", "language", "syntax", "contents", *SYNC)
        read_only_fields = SYNC


class TemplateSerializer(MirroredMixin, TemplateModel):
    """What a call is about."""

    languages = LanguageSerializer(many=True, read_only=True)

    class Meta:
        model = Template
        fields = (
            "id",
            "account",
            "name",
            "description",
            "response_type",
            "num_backups",
            "max_touchtone_retries",
            "numbers",
            "languages",
            *SYNC,
        )
        read_only_fields = SYNC
        extra_kwargs: ClassVar = {"num_backups": {"error_messages": {"max_value": NO_REDIALS}}}


class ContentSerializer(MirroredMixin, ContentModel):
    """A recorded clip; the file is taken and not given back."""

    class Meta:
        model = Content
        fields = ("id", "account", "name", "file", *SYNC)
        read_only_fields = SYNC
        extra_kwargs: ClassVar = {"file": {"write_only": True}}
