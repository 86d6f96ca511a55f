"""The API of templates, their languages and clips, and of numbers."""

from rest_framework.parsers import FormParser, MultiPartParser

from campaigns.api import serializers
from campaigns.api.base import ContentViews, LanguageViews, ModelPermissions, NumberViews, TemplateViews
from campaigns.models import Content, PhoneNumber, Template, TemplateLanguage


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
