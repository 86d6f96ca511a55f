"""Campaigns, their history and approval, and their figures."""

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.serializers.base import Plain
from campaigns.models import Campaign, CampaignChange
from campaigns.schedule import quotas, retries
from campaigns.schedule.retries import LONGEST_GAP_MINUTES, MOST_RETRIES
from campaigns.validation import CAMPAIGN_FIELDS, goes_on_problem, retry_problem, retry_template_problem

if TYPE_CHECKING:
    CampaignModel = serializers.ModelSerializer[Campaign]
    ChangeModel = serializers.ModelSerializer[CampaignChange]
else:
    CampaignModel = ChangeModel = serializers.ModelSerializer


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
            *CAMPAIGN_FIELDS,
            "goals",
            "state",
            "reason",
            "state_since",
            "created_at",
        )
        read_only_fields = ("goals", "state", "reason", "state_since", "created_at")
        extra_kwargs: ClassVar = {"calls_per_minute": {"min_value": 1}, "max_attempts": {"min_value": 1}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check account, hours and retries; return the data. Raises `ValidationError` by field."""
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
        if self._now_or_then(attrs, "goes_on") and (why := goes_on_problem(most, agent)):
            raise serializers.ValidationError({"goes_on": why})
        if why := retry_template_problem(most, template, self._now_or_then(attrs, "retry_template")):
            raise serializers.ValidationError({"retry_template": why})
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
        """Return what the request says of a field, else what the row holds."""
        return attrs[name] if name in attrs else getattr(self.instance, name, None)


class GoalsSerializer(Plain):
    """Which outcomes count as the goal of a campaign; an empty list for none."""

    goals = serializers.ListField(child=serializers.CharField(max_length=60), max_length=50)


class QuotaCellSerializer(Plain):
    """A cell of a quota with its people."""

    cell = serializers.CharField(source="label", help_text="As it reads: Surat × female.")
    target = serializers.IntegerField(allow_null=True, help_text="Empty: as many as come.")
    people = serializers.IntegerField()
    completed = serializers.IntegerField()
    under_way = serializers.IntegerField()
    waiting = serializers.IntegerField()
    full = serializers.BooleanField(source="is_full")


class QuotasSerializer(Plain):
    """By which values interviews are counted, and the cells."""

    values = serializers.ListField(child=serializers.CharField())
    each = serializers.IntegerField(allow_null=True)
    cells = QuotaCellSerializer(many=True)


class NewCellSerializer(Plain):
    """How many interviews are wanted of people with these values."""

    values = serializers.ListField(
        child=serializers.CharField(max_length=quotas.LONGEST, allow_blank=True),
        min_length=1,
        max_length=quotas.MOST_VALUES,
    )
    target = serializers.IntegerField(min_value=0, max_value=quotas.MOST_WANTED, allow_null=True)


class NewQuotasSerializer(Plain):
    """By which values interviews are counted, how many are wanted of each cell, and of single ones."""

    values = serializers.ListField(child=serializers.CharField(max_length=60), max_length=quotas.MOST_VALUES)
    each = serializers.IntegerField(
        min_value=0, max_value=quotas.MOST_WANTED, allow_null=True, required=False, default=None
    )
    cells = NewCellSerializer(many=True, required=False, default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the cells fit the values; return the data. Raises `ValidationError`."""
        names, cells = attrs["values"], attrs["cells"]
        if len(set(names)) < len(names):
            raise serializers.ValidationError({"values": "Give each value once."})
        if len(cells) > quotas.MOST_CELLS or any(len(cell["values"]) != len(names) for cell in cells):
            why = f"Give at most {quotas.MOST_CELLS} cells, each with as many values as there are."
            raise serializers.ValidationError({"cells": why})
        values = [[*map(quotas.tidy, cell["values"]), ""] for cell in cells]
        found = [
            quotas.Cell(first, second, cell["target"])
            for (first, second, *_), cell in zip(values, cells, strict=True)
        ]
        if len({cell.key for cell in found}) < len(found):
            raise serializers.ValidationError({"cells": "Give each cell once."})
        return attrs | {"cells": found}


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
        """Return state -> number of people in it."""
        return dict(counts.progress.by_state)
