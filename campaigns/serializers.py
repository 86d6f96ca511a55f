"""What the API shows and takes of what staff manage. No secret has a field here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns import phones
from campaigns.access import SEES_NUMBERS
from campaigns.forms import LONGEST_GAP_MINUTES, MOST_RETRIES
from campaigns.mirroring import mark_pending
from campaigns.models import (
    Campaign,
    Content,
    Import,
    PhoneNumber,
    Recipient,
    Suppression,
    Template,
    TemplateLanguage,
)
from campaigns.models.templates import Mirrored

if TYPE_CHECKING:
    CampaignModel = serializers.ModelSerializer[Campaign]
    ContentModel = serializers.ModelSerializer[Content]
    ImportModel = serializers.ModelSerializer[Import]
    NumberModel = serializers.ModelSerializer[PhoneNumber]
    RecipientModel = serializers.ModelSerializer[Recipient]
    SuppressionModel = serializers.ModelSerializer[Suppression]
    TemplateModel = serializers.ModelSerializer[Template]
    LanguageModel = serializers.ModelSerializer[TemplateLanguage]
    Plain = serializers.Serializer[Any]
else:
    CampaignModel = ContentModel = ImportModel = NumberModel = serializers.ModelSerializer
    RecipientModel = SuppressionModel = TemplateModel = LanguageModel = serializers.ModelSerializer
    Plain = serializers.Serializer

SYNC = ("sync_state", "sync_reason", "remote_id", "synced_at")


def shown_phone(e164: str, context: Mapping[str, Any]) -> str:
    """The number, masked for whoever may not see whole numbers."""
    request = context.get("request")
    return e164 if request and request.user.has_perm(SEES_NUMBERS) else phones.mask(e164)


class MirroredMixin:
    """A thing that stands here and at XFin: what is written here is uploaded."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Make it; a new row is pending anyway."""
        return super().create(validated_data)  # type: ignore[misc]  # of ModelSerializer

    def update(self, instance: Mirrored, validated_data: dict[str, Any]) -> Any:
        """Change it, and have it uploaded."""
        mark_pending(instance)
        return super().update(instance, validated_data)  # type: ignore[misc]  # of ModelSerializer


class NumberSerializer(NumberModel):
    """One of our own numbers. The address of its stream is a secret and not shown."""

    class Meta:
        model = PhoneNumber
        fields = (
            "id",
            "account",
            "e164",
            "series",
            "direction",
            "container",
            "max_calls",
            "inbound_agent",
            "record_calls",
            "announce_recording",
            "active",
        )


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


class ContentSerializer(MirroredMixin, ContentModel):
    """A recorded clip; the file is taken and not given back."""

    class Meta:
        model = Content
        fields = ("id", "account", "name", "file", *SYNC)
        read_only_fields = SYNC
        extra_kwargs: ClassVar = {"file": {"write_only": True}}


class CampaignSerializer(CampaignModel):
    """A campaign. State and reason are changed by its actions only."""

    retry_gaps = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LONGEST_GAP_MINUTES),
        max_length=MOST_RETRIES,
        required=False,
        help_text="Minutes before each retry.",
    )

    class Meta:
        model = Campaign
        fields = (
            "id",
            "name",
            "template",
            "number",
            "agent",
            "category",
            "default_language",
            "starts_at",
            "window_start",
            "window_end",
            "calls_per_minute",
            "max_attempts",
            "retry_gaps",
            "state",
            "reason",
            "state_since",
            "created_at",
        )
        read_only_fields = ("state", "reason", "state_since", "created_at")
        extra_kwargs: ClassVar = {"calls_per_minute": {"min_value": 1}, "max_attempts": {"min_value": 1}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What concerns several fields: one account, hours in order, a pause for each retry at most."""
        start, end = self._now_or_then(attrs, "window_start"), self._now_or_then(attrs, "window_end")
        if start and end and start >= end:
            raise serializers.ValidationError({"window_end": "This must be later than window_start."})
        number, template = self._now_or_then(attrs, "number"), self._now_or_then(attrs, "template")
        if number.account_id != template.account_id:
            raise serializers.ValidationError(
                {"number": "This number belongs to another account than the template."}
            )
        gaps, attempts = (
            self._now_or_then(attrs, "retry_gaps") or [],
            self._now_or_then(attrs, "max_attempts") or 1,
        )
        if len(gaps) > attempts - 1:
            raise serializers.ValidationError(
                {"retry_gaps": f"{attempts} calls need {attempts - 1} pauses between them at most."}
            )
        return attrs

    def _now_or_then(self, attrs: dict[str, Any], name: str) -> Any:
        """What the request says of a field, else what the row holds."""
        return attrs[name] if name in attrs else getattr(self.instance, name, None)


class ImportSerializer(ImportModel):
    """An uploaded file: uploaded = accepted + rejected + duplicate + suppressed."""

    class Meta:
        model = Import
        fields = (
            "id",
            "campaign",
            "filename",
            "encoding",
            "uploaded",
            "accepted",
            "rejected",
            "duplicate",
            "suppressed",
            "empty",
            "state",
            "reason",
            "created_at",
        )
        read_only_fields = fields


class PeopleFileSerializer(Plain):
    """A list of people as a file: CSV or a spreadsheet."""

    file = serializers.FileField(allow_empty_file=False)


class RowCountsSerializer(Plain):
    """What became of the rows of all files of a campaign."""

    uploaded = serializers.IntegerField()
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    suppressed = serializers.IntegerField()
    empty = serializers.IntegerField(help_text="Blank rows, not counted as uploaded.")


class CountsSerializer(Plain):
    """A campaign in figures: rows, people by state, and the way to the goal."""

    rows = RowCountsSerializer()
    people = serializers.IntegerField(source="progress.people")
    by_state = serializers.SerializerMethodField()
    at_xfin = serializers.IntegerField()
    dialled = serializers.IntegerField(source="progress.dialled")
    answered = serializers.IntegerField(source="progress.answered")
    goal = serializers.IntegerField(source="progress.goal")
    adds_up = serializers.BooleanField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_by_state(self, counts: Any) -> dict[str, int]:
        """People in each state."""
        return dict(counts.progress.by_state)


class RecipientSerializer(RecipientModel):
    """A person in a campaign. The number is masked for whoever may not change people."""

    phone = serializers.SerializerMethodField()

    class Meta:
        model = Recipient
        fields = (
            "id",
            "campaign",
            "phone",
            "name",
            "language",
            "variables",
            "note",
            "state",
            "reason",
            "disposition",
            "outcome",
            "attempts",
            "due_at",
        )
        read_only_fields = fields

    def get_phone(self, recipient: Recipient) -> str:
        """Whole or masked."""
        return shown_phone(recipient.phone, self.context)


class SuppressionSerializer(SuppressionModel):
    """A number that must not be called."""

    class Meta:
        model = Suppression
        fields = ("id", "phone", "scope", "category", "source", "reason", "created_at", "lifted_at")
        read_only_fields = ("source", "created_at", "lifted_at")
        # The database holds the rule of one live suppression a scope; the view reads its refusal.
        validators: ClassVar[list[Any]] = []
        extra_kwargs: ClassVar = {"phone": {"max_length": 40}, "category": {"required": False}}

    def validate_phone(self, value: str) -> str:
        """Any way of writing an Indian number."""
        judged = phones.judge(value)
        if judged.e164 is None:
            raise serializers.ValidationError(judged.note)
        return judged.e164

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A category goes with the scope `category`, and the number is not suppressed so already."""
        scope = attrs.get("scope", Suppression.Scope.ORGANISATION)
        category = attrs.get("category", "")
        if (scope == Suppression.Scope.CATEGORY) != bool(category):
            raise serializers.ValidationError(
                {"category": "Name a category with the scope “category”, and none otherwise."}
            )
        if category and category not in Campaign.Category.values:
            raise serializers.ValidationError({"category": "There is no such category."})
        live = Suppression.objects.filter(phone=attrs["phone"], scope=scope, category=category)
        if live.filter(lifted_at__isnull=True).exists():
            raise serializers.ValidationError({"phone": "This number is on the list already."})
        return attrs

    def to_representation(self, instance: Suppression) -> dict[str, Any]:
        """Masked, unless whole numbers may be seen."""
        shown = super().to_representation(instance)
        return {**shown, "phone": shown_phone(instance.phone, self.context)}
