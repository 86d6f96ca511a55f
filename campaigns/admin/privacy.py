"""Legal holds, requests for erasure, and the log of purges."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from campaigns import clock, phones
from campaigns.admin.base import RecordAdmin, TableAdmin
from campaigns.models import Erasure, LegalHold, Purge
from campaigns.permissions import acting_user
from campaigns.privacy import legal_holds

if TYPE_CHECKING:
    HoldModelForm = forms.ModelForm[LegalHold]
else:
    HoldModelForm = forms.ModelForm


class HoldForm(HoldModelForm):
    """One number, in any spelling, or one campaign."""

    class Meta:
        model = LegalHold
        fields = ("phone", "campaign", "reason", "released_reason")

    def clean_phone(self) -> str:
        """Return the number in E.164; empty if none was given. Raises `ValidationError` for a wrong one."""
        written = self.cleaned_data["phone"]
        judged = phones.parse_number(written)
        if written and judged.e164 is None:
            raise forms.ValidationError(judged.note)
        return judged.e164 or ""

    def clean(self) -> dict[str, Any]:
        """Return the data. Raises `ValidationError` for what is held already."""
        data = super().clean() or {}
        phone, campaign = data.get("phone"), data.get("campaign")
        same = LegalHold.objects.filter(released_at__isnull=True)
        if (phone and same.filter(phone=phone).exists()) or (
            campaign and same.filter(campaign=campaign).exists()
        ):
            raise forms.ValidationError("This is held already. Release that hold first, or leave it.")
        return data


@admin.register(LegalHold)
class LegalHoldAdmin(TableAdmin):
    """Legal holds: placed once, released with a reason, never deleted."""

    form = HoldForm
    list_display = ("__str__", "masked", "reason", "created_at", "placed_by", "released_at")
    list_filter = (("released_at", admin.EmptyFieldListFilter),)
    list_select_related = ("campaign", "placed_by")
    KEPT = ("masked", "campaign", "reason", "placed_by", "created_at", "released_at", "released_by")

    def get_fields(self, request: HttpRequest, obj: LegalHold | None = None) -> tuple[str, ...]:
        """Return the fields: all that is entered once, and for an old one the reason for releasing it."""
        return (*self.KEPT, "released_reason") if obj else ("phone", "campaign", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: LegalHold | None = None) -> tuple[str, ...]:
        """Return what can't be changed: what was entered once, and the reason of a released one."""
        released = ("released_reason",) if obj and obj.released_at else ()
        return (*self.KEPT, *released) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: LegalHold | None = None) -> bool:
        """Return False: that there was a hold is proof."""
        return False

    def save_model(self, request: HttpRequest, obj: LegalHold, form: forms.Form, change: bool) -> None:
        """Place a hold; with a reason for releasing, release it."""
        by = acting_user(request)
        if not change:
            made = legal_holds.place(phone=obj.phone, campaign=obj.campaign, reason=obj.reason, by=by)
            obj.pk = made.pk
        elif obj.released_reason and obj.released_at is None:
            legal_holds.release(obj.pk, reason=obj.released_reason, by=by, now=clock.now())

    @admin.display(description="phone")
    def masked(self, hold: LegalHold) -> str:
        """Return the number masked; empty for the hold of a campaign."""
        return phones.mask(hold.phone) if hold.phone else ""


@admin.register(Erasure)
class ErasureAdmin(RecordAdmin):
    """Erasures. The person's data is not here any more; that it was erased is."""

    list_display = ("__str__", "reason", "requested_by", "created_at", "waits_for", "finished_at")
    list_filter = ("state",)
    list_select_related = ("requested_by",)
    fields = (
        "state",
        "reason",
        "requested_by",
        "created_at",
        "due_at",
        "waits_for",
        "finished_at",
        "removed",
    )


@admin.register(Purge)
class PurgeAdmin(RecordAdmin):
    """What was purged on which night, and why."""

    list_display = ("day", "kind", "removed", "held", "reason", "cutoff", "finished_at")
    list_filter = ("kind",)
