"""What the admin's tables share: records that can only be read, and things that are mirrored at XFin."""

from django import forms
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from campaigns.models.templates import Mirrored, mark_pending

SYNC_FIELDS = ("sync_state", "sync_reason", "remote_id", "synced_at")


class ReadOnly:
    """Rows that no person adds, changes or deletes by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: rows are written by the system."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: rows say what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: rows stay."""
        return False


class RecordAdmin(ReadOnly, ModelAdmin):
    """A table of records that can only be read."""


class MirroredAdmin(ModelAdmin):
    """A table of what stands here and at XFin: a change here is uploaded."""

    readonly_fields = SYNC_FIELDS

    def save_model(self, request: HttpRequest, obj: Mirrored, form: forms.Form, change: bool) -> None:
        """Store the row, and have it uploaded."""
        mark_pending(obj)
        super().save_model(request, obj, form, change)
