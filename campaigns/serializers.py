"""What the API shows and takes of what staff manage. No secret has a field here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns import phones, retries
from campaigns.access import SEES_NUMBERS
from campaigns.forms import retry_problem
from campaigns.mirroring import mark_pending
from campaigns.models import (
    Campaign,
    CampaignChange,
    ColumnMapping,
    Content,
    Import,
    PhoneNumber,
    Recipient,
    Suppression,
    Template,
    TemplateLanguage,
)
from campaigns.models.templates import Mirrored
from campaigns.retries import LONGEST_GAP_MINUTES, MOST_RETRIES

if TYPE_CHECKING:
    CampaignModel = serializers.ModelSerializer[Campaign]
    ChangeModel = serializers.ModelSerializer[CampaignChange]
    ContentModel = serializers.ModelSerializer[Content]
    MappingModel = serializers.ModelSerializer[ColumnMapping]
    ImportModel = serializers.ModelSerializer[Import]
    NumberModel = serializers.ModelSerializer[PhoneNumber]
    RecipientModel = serializers.ModelSerializer[Recipient]
    SuppressionModel = serializers.ModelSerializer[Suppression]
    TemplateModel = serializers.ModelSerializer[Template]
    LanguageModel = serializers.ModelSerializer[TemplateLanguage]
    Plain = serializers.Serializer[Any]
else:
    CampaignModel = ChangeModel = ContentModel = MappingModel = serializers.ModelSerializer
    ImportModel = NumberModel = serializers.ModelSerializer
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


class ChangeSerializer(ChangeModel):
    """One line of a campaign's history."""

    class Meta:
        model = CampaignChange
        fields = ("at", "from_state", "to_state", "edited", "actor_name", "reason")
        read_only_fields = fields


class ApprovalSerializer(Plain):
    """A second person's approval, and what of the campaign it does not cover."""

    by = serializers.CharField(source="approval.by_name", default=None, allow_null=True)
    at = serializers.DateTimeField(source="approval.at", default=None, allow_null=True)
    people = serializers.IntegerField(source="approval.people", default=0)
    changed = serializers.ListField(child=serializers.CharField(), help_text="With any, nobody is called.")
    added = serializers.IntegerField(help_text="People who wait for another approval.")
    complete = serializers.BooleanField(help_text="Whether everything there is was approved.")


class RetryRuleSerializer(Plain):
    """One retry after each of these minutes, if the call ended for the rule's reason."""

    gaps = serializers.ListField(child=serializers.IntegerField(), default=list)
    another_hour = serializers.BooleanField(default=False)


class CampaignSerializer(CampaignModel):
    """A campaign. State and reason are changed by its actions only."""

    retry_gaps = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LONGEST_GAP_MINUTES),
        max_length=MOST_RETRIES,
        required=False,
        help_text="Minutes before each retry.",
    )
    retry_rules = serializers.DictField(
        child=RetryRuleSerializer(),
        required=False,
        help_text="Retries for single reasons: busy, no_answer, …, or unfinished (docs/campaigns.md).",
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
            "most_at_once",
            "priority",
            "max_attempts",
            "retry_gaps",
            "retry_rules",
            "stop_at_percent",
            "stop_at_complaints",
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
        rules = self._now_or_then(attrs, "retry_rules") or {}
        most, agent = self._now_or_then(attrs, "max_attempts") or 1, self._now_or_then(attrs, "agent")
        if why := retries.problem(rules) or retry_problem(most, rules, agent):
            raise serializers.ValidationError({"retry_rules": why})
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
            "kind",
            "encoding",
            "columns",
            "size",
            "bytes_read",
            "row_reached",
            "rows_a_second",
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
    """A list of people as a file: CSV or a spreadsheet. It is read at once, unless `confirm` is false."""

    file = serializers.FileField(allow_empty_file=False)
    confirm = serializers.BooleanField(
        default=True, help_text="False: wait until the columns are confirmed with `imports/{id}/choose/`."
    )


class ColumnsSerializer(Plain):
    """Which column is what, counted from 0; the guess stands in the import's `columns`."""

    phone = serializers.IntegerField(min_value=0)
    name = serializers.IntegerField(min_value=0, allow_null=True, default=None)
    language = serializers.IntegerField(min_value=0, allow_null=True, default=None)
    variables = serializers.DictField(child=serializers.IntegerField(min_value=0), default=dict)
    remember_as = serializers.CharField(max_length=80, default="", allow_blank=True)


class NewPersonSerializer(Plain):
    """One person to be added. The number may be written in any usual way."""

    phone = serializers.CharField(max_length=100, allow_blank=True)
    name = serializers.CharField(max_length=200, default="", allow_blank=True)
    language = serializers.CharField(max_length=40, default="", allow_blank=True)
    variables = serializers.DictField(
        child=serializers.CharField(max_length=1000, allow_blank=True), default=dict
    )


class NewPeopleSerializer(Plain):
    """People to be added to a campaign, thousands at most; longer lists come as a file."""

    people = serializers.ListField(child=NewPersonSerializer(), allow_empty=False, max_length=5000)


class PersonVerdictSerializer(Plain):
    """What became of one person of a request."""

    row = serializers.IntegerField(help_text="Place in the request, from 1.")
    fate = serializers.CharField(help_text="accepted, rejected, duplicate or suppressed")
    reason = serializers.CharField(help_text="Why not; for an accepted row what was repaired.")
    recipient = serializers.IntegerField(allow_null=True)


class AddedPeopleSerializer(Plain):
    """The import a request became, and a verdict for each of its rows."""

    list = ImportSerializer()
    verdicts = PersonVerdictSerializer(many=True)


class MappingSerializer(MappingModel):
    """A named mapping: the headings taken for phone, name, language and each variable."""

    class Meta:
        model = ColumnMapping
        fields = ("id", "account", "template", "name", "columns", "created_at")
        read_only_fields = fields


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
