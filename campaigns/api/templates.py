"""The API of templates, their languages and clips, and of numbers."""

from rest_framework.parsers import FormParser, MultiPartParser

from campaigns.api import serializers
from campaigns.api.base import Conflict, ContentViews, LanguageViews, NumberViews, TemplateViews
from campaigns.models import Content, PhoneNumber, Template, TemplateLanguage
from campaigns.queries.in_use import language_in_use


class TemplateViewSet(TemplateViews):
    """Templates; a change is uploaded to XFin by itself."""

    queryset = Template.objects.prefetch_related("numbers", "languages__contents")
    serializer_class = serializers.TemplateSerializer
    filterset_fields = ("account", "sync_state")


class TemplateLanguageViewSet(LanguageViews):
    """Templates in their languages. One that a campaign may still call in can't be deleted."""

    queryset = TemplateLanguage.objects.prefetch_related("contents")
    serializer_class = serializers.LanguageSerializer
    filterset_fields = ("template", "language", "sync_state")

    def perform_destroy(self, instance: TemplateLanguage) -> None:
        """Delete the language. Raises `Conflict` (409) as long as a campaign that is not over may need it."""
        if why := language_in_use(instance):
            raise Conflict(why)
        instance.delete()


class ContentViewSet(ContentViews):
    """Recorded clips, sent as a multipart form."""

    queryset = Content.objects.all()
    serializer_class = serializers.ContentSerializer
    parser_classes = (MultiPartParser, FormParser)
    filterset_fields = ("account", "sync_state")


class NumberViewSet(NumberViews):
    """Our own numbers."""

    queryset = PhoneNumber.objects.all()
    serializer_class = serializers.NumberSerializer
    filterset_fields = ("account", "series", "direction", "active")
