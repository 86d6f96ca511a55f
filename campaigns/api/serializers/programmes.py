"""What the API shows and takes of programmes and standing lists."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns import phones
from campaigns.api.serializers import Plain, shown_phone
from campaigns.models import Draw, Member, MemberDate, Programme, StandingList
from campaigns.programmes.members import ListResult

if TYPE_CHECKING:
    ListModel = serializers.ModelSerializer[StandingList]
    MemberModel = serializers.ModelSerializer[Member]
    DateModel = serializers.ModelSerializer[MemberDate]
    ProgrammeModel = serializers.ModelSerializer[Programme]
    DrawModel = serializers.ModelSerializer[Draw]
else:
    ListModel = MemberModel = DateModel = ProgrammeModel = DrawModel = serializers.ModelSerializer


class StandingListSerializer(ListModel):
    """A standing list; its people are under `members/`."""

    class Meta:
        model = StandingList
        fields = ("id", "name", "created_at")
        read_only_fields = ("created_at",)


class MembersFileSerializer(Plain):
    """A file of people for a list: CSV or Excel."""

    file = serializers.FileField()
    phone = serializers.CharField(required=False, default="", help_text="The heading, if not to be guessed.")
    name = serializers.CharField(required=False, default="", help_text="Likewise.")
    language = serializers.CharField(required=False, default="", help_text="Likewise.")
    only_look = serializers.BooleanField(
        required=False, default=False, help_text="Tell what would be done, and store nothing."
    )


class ReadAsSerializer(Plain):
    """What a heading was taken for."""

    heading = serializers.CharField()
    use = serializers.CharField()


class RefusedRowSerializer(Plain):
    """A row that was not taken, and why."""

    row = serializers.IntegerField()
    reason = serializers.CharField()


class ListResultSerializer(Plain):
    """What a file did to a list; every row is new, changed, the same or refused."""

    rows = serializers.IntegerField()
    dates = serializers.ListField(child=serializers.CharField(), help_text="Columns taken for dates.")
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    read_as = serializers.SerializerMethodField()
    refused = serializers.SerializerMethodField()
    remarks = serializers.ListField(
        child=serializers.CharField(),
        help_text="About the whole file: sheets that were not read, hidden rows.",
    )
    notes = serializers.SerializerMethodField()

    @extend_schema_field(ReadAsSerializer(many=True))
    def get_read_as(self, result: ListResult) -> list[dict[str, str]]:
        """Return what each heading was taken for, from left to right."""
        return [{"heading": heading, "use": use} for heading, use in result.read_as]

    @extend_schema_field(RefusedRowSerializer(many=True))
    def get_refused(self, result: ListResult) -> list[dict[str, object]]:
        """Return the rows that were not taken, in the order of the file."""
        return [{"row": row, "reason": reason} for row, reason in result.refusals]

    @extend_schema_field(RefusedRowSerializer(many=True))
    def get_notes(self, result: ListResult) -> list[dict[str, object]]:
        """Return what is odd about rows that were taken, such as a value that can't be spoken clearly."""
        return [{"row": row, "reason": note} for row, note in result.notes]


class MemberDateSerializer(DateModel):
    """A date of a person under its name."""

    class Meta:
        model = MemberDate
        fields = ("name", "day")


class MemberSerializer(MemberModel):
    """A person of a standing list. `dates` that are given replace all dates there were."""

    dates = MemberDateSerializer(many=True, required=False)
    variables = serializers.DictField(
        child=serializers.CharField(max_length=1000, allow_blank=True), required=False
    )

    class Meta:
        model = Member
        fields = ("id", "standing_list", "phone", "name", "language", "variables", "joined_on", "dates")

    def to_internal_value(self, data: Any) -> Any:
        """Return the data, the number in E.164 if it is one, so that it can be compared with the list's."""
        if isinstance(data, dict) and isinstance(data.get("phone"), str):
            data = {**data, "phone": phones.parse_number(data["phone"], own_numbers=()).e164 or data["phone"]}
        return super().to_internal_value(data)

    def validate_phone(self, phone: str) -> str:
        """Return the number in E.164. Raises `ValidationError` with the reason it can't be called."""
        verdict = phones.parse_number(phone, own_numbers=())
        if verdict.e164 is None:
            raise serializers.ValidationError(verdict.note)
        return verdict.e164

    def validate_dates(self, dates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the dates. Raises `ValidationError` if a name comes twice."""
        if len({each["name"] for each in dates}) < len(dates):
            raise serializers.ValidationError("Give each date once.")
        return dates

    def to_representation(self, instance: Member) -> dict[str, Any]:
        """Return the person, the number masked unless the user may see whole numbers."""
        shown: dict[str, Any] = super().to_representation(instance)
        return shown | {"phone": shown_phone(instance.phone, self.context)}

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Member:
        """Store the person with the dates; return it."""
        dates = validated_data.pop("dates", [])
        return _with_dates(super().create(validated_data), dates)

    @transaction.atomic
    def update(self, instance: Member, validated_data: dict[str, Any]) -> Member:
        """Store the changes and return the person. Dates that are not given stay as they are."""
        dates = validated_data.pop("dates", None)
        member = super().update(instance, validated_data)
        if dates is None:
            return member
        member.dates.all().delete()
        return _with_dates(member, dates)


def _with_dates(member: Member, dates: list[dict[str, Any]]) -> Member:
    MemberDate.objects.bulk_create(MemberDate(member=member, **each) for each in dates)
    return Member.objects.prefetch_related("dates").get(pk=member.pk)


class ProgrammeSerializer(ProgrammeModel):
    """A programme; `rule` says it in words, `reason` what stops the drawing."""

    rule = serializers.CharField(read_only=True)

    class Meta:
        model = Programme
        fields = (
            *("id", "name", "standing_list", "pattern", "kind", "date_name", "offset_count", "offset_unit"),
            *("on_day", "parts", "part_days", "heard_percent", "repeats"),
            *("late_days", "begins_on", "active", "rule", "reason"),
        )
        read_only_fields = ("reason",)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the rule as a whole by the constraints of the table; return the data.

        Raises `ValidationError` with their sentences.
        """
        kept = {f.name: getattr(self.instance, f.name) for f in Programme._meta.fields if self.instance}
        try:
            Programme(**(kept | attrs)).validate_constraints(exclude={"name"})
        except ModelError as error:
            raise serializers.ValidationError(error.messages) from error
        return attrs


class DrawSerializer(DrawModel):
    """One occurrence of one person: drawn or missed."""

    phone = serializers.SerializerMethodField()
    campaign = serializers.IntegerField(source="round.campaign_id", default=None, read_only=True)

    class Meta:
        model = Draw
        fields = (
            *("id", "programme", "phone", "occurrence", "falls_on", "part", "fate", "reason"),
            *("campaign", "drawn_at"),
        )

    def get_phone(self, draw: Draw) -> str:
        """Return the number, masked unless the user may see whole numbers."""
        return shown_phone(draw.phone, self.context)
