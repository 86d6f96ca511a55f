"""What the admin's tables share: records that can only be read, and things that are mirrored at XFin."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from unfold.admin import ModelAdmin

from campaigns.errors import Refused
from campaigns.models.templates import Mirrored, mark_pending
from campaigns.queries.in_use import frozen_fields

if TYPE_CHECKING:
    AnyForm = forms.ModelForm[Any]
else:
    AnyForm = forms.ModelForm

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


class FrozenForm(AnyForm):
    """A form of a thing that stays what it is once it is used."""

    def clean(self) -> dict[str, Any]:
        """Return the data; a new identity of a thing that is used is an error of its field."""
        cleaned = super().clean() or {}
        # `construct_instance` runs after this: the instance still has the stored values.
        for name, why in frozen_fields(self.instance, self.changed_data).items():
            self.add_error(name, why)
        return cleaned


class TableAdmin(ModelAdmin):
    """A table that staff edit. A refusal of ours is said with its reason, and nothing is stored."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Return the form's page, or where Django leads after saving; back to the form after a refusal."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            self.message_user(request, refusal.reason, messages.ERROR)
            return HttpResponseRedirect(request.path)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """Return what a deletion would take.

        Django asks for the permission to delete what protects a row as well, and would tell a superuser that
        it is lacking.
        """
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set() if protected else lacking, protected


class RecordAdmin(ReadOnly, ModelAdmin):
    """A table of records that can only be read."""


class MirroredAdmin(TableAdmin):
    """A table of what stands here and at XFin: a change here is uploaded."""

    form = FrozenForm
    readonly_fields = SYNC_FIELDS

    def save_model(self, request: HttpRequest, obj: Mirrored, form: forms.Form, change: bool) -> None:
        """Store the row, and have it uploaded."""
        mark_pending(obj)
        super().save_model(request, obj, form, change)
