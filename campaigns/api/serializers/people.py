"""People: lists and their rows, who is in a campaign, and who must not be called."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework import serializers

from campaigns import phones
from campaigns.api.serializers.base import Plain, shown_phone
from campaigns.models import Campaign, ColumnMapping, Import, Recipient, Suppression

if TYPE_CHECKING:
    ImportModel = serializers.ModelSerializer[Import]
    MappingModel = serializers.ModelSerializer[ColumnMapping]
    RecipientModel = serializers.ModelSerializer[Recipient]
    SuppressionModel = serializers.ModelSerializer[Suppression]
else:
    ImportModel = MappingModel = RecipientModel = SuppressionModel = serializers.ModelSerializer


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


_HEADING = "The heading as it stands in the file, where it is not to be guessed."


class PeopleFileSerializer(Plain):
    """A list of people as a file: CSV or a spreadsheet. It is read at once, unless `confirm` is false."""

    file = serializers.FileField(allow_empty_file=False)
    confirm = serializers.BooleanField(
        default=True,
        help_text="False: wait until the columns are confirmed with `imports/{id}/choose/`. It waits also "
        "where two columns could be meant: `reason` asks which.",
    )
    phone = serializers.CharField(max_length=200, default="", allow_blank=True, help_text=_HEADING)
    name = serializers.CharField(max_length=200, default="", allow_blank=True, help_text=_HEADING)
    language = serializers.CharField(max_length=200, default="", allow_blank=True, help_text=_HEADING)


class ColumnsSerializer(Plain):
    """Which column is what, counted from 0; the guess stands in the import's `columns`."""

    phone = serializers.IntegerField(min_value=0)
    name = serializers.IntegerField(min_value=0, allow_null=True, default=None)
    language = serializers.IntegerField(min_value=0, allow_null=True, default=None)
    variables = serializers.DictField(child=serializers.IntegerField(min_value=0), default=dict)
    decimal_comma = serializers.ListField(
        child=serializers.CharField(max_length=60), default=list, help_text="Variables written as 1.250,50."
    )
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


class RecipientSerializer(RecipientModel):
    """A person in a campaign. The number is masked for users who may not change people."""

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
        """Return the number, whole or masked."""
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
        """Return the number in E.164, however it is written. Raises `ValidationError` with what is wrong."""
        judged = phones.parse_number(value)
        if judged.e164 is None:
            raise serializers.ValidationError(judged.note)
        return judged.e164

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that category and scope go together and that the number is not suppressed so already.

        Returns the data; raises `ValidationError` by field.
        """
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
        """Return the row with its number masked, unless the user may see whole numbers."""
        shown = super().to_representation(instance)
        return {**shown, "phone": shown_phone(instance.phone, self.context)}
