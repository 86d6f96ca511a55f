"""What the API shows of a campaign's preflight."""

from rest_framework import serializers

from campaigns.api.serializers import Plain
from campaigns.models import Preflight


class ForecastSerializer(Plain):
    """An estimate: `likely`, `calls` and `talk_minutes` only if earlier calls tell who answers."""

    soonest = serializers.DateTimeField(allow_null=True, help_text="If everybody answers the first call.")
    likely = serializers.DateTimeField(allow_null=True)
    latest = serializers.DateTimeField(allow_null=True, help_text="If nobody ever answers.")
    calls = serializers.IntegerField(allow_null=True)
    talk_minutes = serializers.IntegerField(allow_null=True)
    assumes = serializers.ListField(child=serializers.CharField())


class PreflightSerializer(Plain):
    """A campaign looked at before its launch: `figures` were true at `made_at`."""

    state = serializers.ChoiceField(source="row.state", choices=Preflight.State.choices)
    counted = serializers.IntegerField(source="row.counted", help_text="People looked at so far.")
    made_at = serializers.DateTimeField(source="row.made_at", allow_null=True)
    outdated = serializers.CharField(help_text="What has changed since; empty if nothing has.")
    sentence = serializers.CharField()
    people = serializers.IntegerField()
    figures = serializers.DictField(allow_null=True)
    forecast = ForecastSerializer(allow_null=True)
