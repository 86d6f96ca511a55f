"""Django's admin for agents, and for what happened live: that is read, never written."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from unfold.admin import TabularInline

from calls.agents import registry
from calls.models import Answer, Call, CallEvent, MediaProcess, Recording
from campaigns import phones
from campaigns.admin import ReadOnly, RecordAdmin, TableAdmin
from campaigns.formatting import length, offset
from campaigns.models import Agent

if TYPE_CHECKING:
    AgentModelForm = forms.ModelForm[Agent]
else:
    AgentModelForm = forms.ModelForm


class AgentForm(AgentModelForm):
    """An agent's configuration is tried before it is stored: what can't run is not saved."""

    class Meta:
        model = Agent
        fields = ("name", "kind", "configuration", "most_calls")

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data. What is wrong with the agent stands at the configuration."""
        cleaned = super().clean() or {}
        kind, configuration = cleaned.get("kind"), cleaned.get("configuration")
        if kind and isinstance(configuration, dict):
            try:
                registry.build(kind, configuration)
            except registry.ConfigurationError as error:
                self.add_error("configuration", str(error))
        elif kind and configuration is not None:
            self.add_error("configuration", "Write a JSON object.")
        return cleaned


@admin.register(Agent)
class AgentAdmin(TableAdmin):
    """What answers on the WebSocket."""

    form = AgentForm
    list_display = ("name", "kind", "changed_at")
    list_filter = ("kind",)
    search_fields = ("name",)


class CallEventInline(ReadOnly, TabularInline):
    """The log of a call."""

    model = CallEvent
    fields = ("sequence", "place", "kind", "text")
    readonly_fields = fields
    extra = 0
    per_page = 100

    @admin.display(description="at")
    def place(self, event: CallEvent) -> str:
        """Return the time since the connection was accepted, as minutes and seconds."""
        return offset(event.at_ms)


class AnswerInline(ReadOnly, TabularInline):
    """What the person answered."""

    model = Answer
    fields = ("at", "question", "value", "label", "kind", "step", "version", "heard_ms", "question_ms")
    readonly_fields = fields
    extra = 0


@admin.register(Call)
class CallAdmin(RecordAdmin):
    """Calls."""

    list_display = (
        "id",
        "person",
        "campaign",
        "state",
        "disposition",
        "outcome",
        "ended_by",
        "started_at",
        "lasted",
    )
    list_filter = ("state", "direction", "ended_by", "disposition", "campaign")
    list_select_related = ("campaign", "recipient")
    search_fields = ("=id", "=call_sid", "=stream_sid", "=reference", "recipient__name")
    inlines = (CallEventInline, AnswerInline)
    show_full_result_count = False

    @admin.display(description="person")
    def person(self, call: Call) -> str:
        """Return the number, masked; "unknown" if the call has no recipient."""
        return phones.mask(call.recipient.phone) if call.recipient else "unknown"

    @admin.display(description="length", ordering="duration_ms")
    def lasted(self, call: Call) -> str:
        """Return the length as minutes and seconds."""
        return length(call.duration_ms)


@admin.register(CallEvent)
class CallEventAdmin(RecordAdmin):
    """Every event of every call."""

    list_display = ("call", "sequence", "at_ms", "kind", "text")
    list_filter = ("kind",)
    search_fields = ("=call__id",)
    show_full_result_count = False


@admin.register(Recording)
class RecordingAdmin(RecordAdmin):
    """Recordings; they are heard on the page of their call."""

    list_display = ("call", "lasted", "created_at")
    fields = ("call", "lasted", "sha256", "created_at")
    readonly_fields = fields
    search_fields = ("=call__id",)

    @admin.display(description="length", ordering="duration_ms")
    def lasted(self, recording: Recording) -> str:
        """Return the length as minutes and seconds."""
        return length(recording.duration_ms)


@admin.register(Answer)
class AnswerAdmin(RecordAdmin):
    """What people answered."""

    list_display = ("question", "value", "label", "kind", "version", "recipient", "at")
    list_filter = ("kind", "question")
    list_select_related = ("recipient",)
    search_fields = ("question", "value", "label")


@admin.register(MediaProcess)
class MediaProcessAdmin(RecordAdmin):
    """Processes that serve or served calls."""

    list_display = ("id", "started_at", "alive_at", "stopped_at")
