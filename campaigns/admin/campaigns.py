"""Campaigns and uploaded files."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from campaigns.admin.base import ReadOnly, RecordAdmin, TableAdmin
from campaigns.errors import NotAllowed
from campaigns.formatting import masked_cell
from campaigns.lifecycle import actions
from campaigns.models import Campaign, CampaignChange, Import, ImportRow, QuotaCell
from campaigns.permissions import acting_user


@admin.register(Campaign)
class CampaignAdmin(TableAdmin):
    """Campaigns. Their state is changed by launching and pausing on their own page, never here."""

    list_display = ("name", "category", "state", "reason", "template", "number", "starts_at")
    list_filter = ("state", "category")
    list_select_related = ("template", "number")
    search_fields = ("name",)
    LOCKED = ("state", "reason", "state_since", "created_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> tuple[str, ...]:
        """Return the fields that can't be edited: for anything but a draft, all."""
        if obj is None or obj.state == Campaign.State.DRAFT:
            return self.LOCKED
        every = tuple(field.name for field in Campaign._meta.fields if field.editable and field.name != "id")
        return (*every, "state_since")

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """Return True for a draft, if the user may delete campaigns; what has called people stays."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is not None and obj.state == Campaign.State.DRAFT)

    def save_model(self, request: HttpRequest, obj: Campaign, form: forms.Form, change: bool) -> None:
        """Store a new campaign, or the changes; if it was launched meanwhile nothing, and show why."""
        by = acting_user(request)
        if not change:
            obj.created_by = by
            super().save_model(request, obj, form, change)
            return
        try:
            actions.edit(obj, form.changed_data, by)
        except NotAllowed as error:
            self.message_user(request, error.reason, level="error")


@admin.register(CampaignChange)
class CampaignChangeAdmin(RecordAdmin):
    """The history of every campaign."""

    list_display = ("at", "campaign", "from_state", "to_state", "actor_name", "reason")
    list_filter = ("to_state",)
    list_select_related = ("campaign",)
    search_fields = ("campaign__name", "actor_name")


@admin.register(QuotaCell)
class QuotaCellAdmin(RecordAdmin):
    """The cells of quotas. They are set on the campaign's page under Quotas, which calls people again too."""

    list_display = ("label", "campaign", "target", "changed_at")
    list_filter = ("campaign",)
    list_select_related = ("campaign",)
    search_fields = ("campaign__name", "first", "second")


class ImportRowInline(ReadOnly, TabularInline):
    """The rows that were not accepted."""

    model = ImportRow
    fields = ("row_number", "fate", "reason", "as_it_came")
    readonly_fields = fields
    per_page = 50
    extra = 0

    @admin.display(description="as it came")
    def as_it_came(self, row: ImportRow) -> str:
        """Return the cells as one line, phone numbers masked."""
        return " | ".join(masked_cell(str(cell)) for cell in row.cells)


@admin.register(Import)
class ImportAdmin(RecordAdmin):
    """Uploaded files."""

    list_display = (
        "filename",
        "campaign",
        "uploaded",
        "accepted",
        "rejected",
        "duplicate",
        "suppressed",
        "state",
        "created_at",
    )
    list_filter = ("state",)
    list_select_related = ("campaign",)
    search_fields = ("filename", "campaign__name")
    inlines = (ImportRowInline,)
