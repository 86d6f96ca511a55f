"""People in campaigns, and those who must not be called; numbers masked."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from campaigns import phones
from campaigns.admin.base import RecordAdmin, TableAdmin
from campaigns.compliance.suppressions import SuppressionRequest, lift, suppress
from campaigns.formatting import words
from campaigns.models import Callback, ColumnMapping, Recipient, StaffCallback, Suppression
from campaigns.permissions import acting_user

if TYPE_CHECKING:
    SuppressionModelForm = forms.ModelForm[Suppression]
else:
    SuppressionModelForm = forms.ModelForm


@admin.register(Callback)
class CallbackAdmin(RecordAdmin):
    """Calls at a time that a person asked for; entered and withdrawn in the portal."""

    list_display = ("recipient", "asked_for", "planned_for", "source", "entered_by", "state", "reason")
    list_filter = ("state", "source", "recipient__campaign")
    list_select_related = ("recipient", "entered_by")
    fields = (
        "recipient",
        "asked_at",
        "asked_for",
        "planned_for",
        "source",
        "message_reference",
        "entered_by",
        "message",
        "state",
        "reason",
    )
    readonly_fields = fields


@admin.register(StaffCallback)
class StaffCallbackAdmin(RecordAdmin):
    """People whom staff are to call; taken and finished in the portal."""

    list_display = ("masked", "name", "campaign", "about", "asked_at", "state", "taken_by")
    list_filter = ("state", "source", "campaign")
    list_select_related = ("campaign", "taken_by")
    fields = (
        *("masked", "name", "language", "campaign", "number", "about", "step", "source", "asked_at", "times"),
        *("state", "taken_by", "taken_at", "done_at", "note", "call"),
    )
    readonly_fields = fields

    @admin.display(description="phone")
    def masked(self, row: StaffCallback) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(row.phone)


@admin.register(Recipient)
class RecipientAdmin(RecordAdmin):
    """People in campaigns, with numbers masked."""

    list_display = (
        "name",
        "masked",
        "campaign",
        "language",
        "state",
        "reason",
        "last_call",
        "outcome",
        "attempts",
    )
    list_filter = ("state", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("name",)
    fields = (
        "campaign",
        "source",
        "row_number",
        "name",
        "masked",
        "language",
        "note",
        "state",
        "reason",
        "last_call",
        "outcome",
        "attempts",
        "due_at",
        "created_at",
    )
    readonly_fields = fields

    @admin.display(description="phone")
    def masked(self, recipient: Recipient) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(recipient.phone)

    @admin.display(description="last call", ordering="disposition")
    def last_call(self, recipient: Recipient) -> str:
        """Return how the last call ended, in words."""
        return words(recipient.disposition)


@admin.register(ColumnMapping)
class ColumnMappingAdmin(TableAdmin):
    """Named mappings: renamed and deleted here, made where a file's columns are confirmed."""

    list_display = ("name", "account", "template", "created_by", "changed_at")
    list_filter = ("account",)
    fields = ("name", "account", "template", "columns", "created_by", "created_at")
    readonly_fields = ("account", "columns", "created_by", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: only beside its file can a mapping be made."""
        return False


class SuppressionForm(SuppressionModelForm):
    """A number that must not be called, in any way of writing it."""

    class Meta:
        model = Suppression
        fields = ("phone", "scope", "category", "reason", "lifted_reason")

    def clean_phone(self) -> str:
        """Return the number in E.164. Raises `ValidationError` with what is wrong with it."""
        judged = phones.parse_number(self.cleaned_data["phone"])
        if judged.e164 is None:
            raise forms.ValidationError(judged.note)
        return judged.e164


@admin.register(Suppression)
class SuppressionAdmin(TableAdmin):
    """Numbers that must not be called. Nothing is deleted; a suppression is lifted with a reason."""

    form = SuppressionForm
    list_display = ("masked", "scope", "category", "source", "reason", "created_at", "lifted_at")
    list_filter = ("scope", "source", ("lifted_at", admin.EmptyFieldListFilter))
    search_fields = ("=phone",)
    search_help_text = "A whole number, such as +919825112410."
    KEPT = (
        "masked",
        "scope",
        "category",
        "source",
        "reason",
        "message_reference",
        "entered_by",
        "created_at",
        "lifted_at",
        "lifted_by",
    )

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Return the fields: all that is entered once, and for an old one the reason for lifting it."""
        return (*self.KEPT, "lifted_reason") if obj else ("phone", "scope", "category", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Suppression | None = None) -> tuple[str, ...]:
        """Return what can't be changed: what was entered once, and the reason of a lifted one."""
        lifted = ("lifted_reason",) if obj and obj.lifted_at else ()
        return (*self.KEPT, *lifted) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """Return False: a wish not to be called is never forgotten."""
        return False

    def save_model(self, request: HttpRequest, obj: Suppression, form: forms.Form, change: bool) -> None:
        """Enter a suppression and withdraw the calls that wait; with a reason for lifting, lift it."""
        by = acting_user(request)
        if not change:
            asked = SuppressionRequest(
                source=Suppression.Source.STAFF, reason=obj.reason, category=obj.category, by=by
            )
            suppress(obj.phone, asked)
            live = Suppression.objects.filter(phone=obj.phone, scope=obj.scope, category=obj.category)
            obj.pk = live.values_list("pk", flat=True).get(lifted_at__isnull=True)
        elif obj.lifted_reason and obj.lifted_at is None:
            lift(obj.pk, reason=obj.lifted_reason, by=by)

    @admin.display(description="phone")
    def masked(self, suppression: Suppression) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(suppression.phone)
