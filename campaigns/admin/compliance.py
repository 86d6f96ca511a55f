"""The facts that the rules ask for. What was recorded once as proof stays as it is."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns import clock, phones
from campaigns.admin.base import TableAdmin
from campaigns.compliance import complaints, scrubs
from campaigns.errors import NotRecorded
from campaigns.models import (
    CallerDeclaration,
    CallingBasis,
    Campaign,
    CampaignDeclaration,
    Complaint,
    Holiday,
    PollingDay,
    Registration,
    ScrubRun,
)
from campaigns.permissions import acting_user

if TYPE_CHECKING:
    BasisModelForm = forms.ModelForm[CallingBasis]
    ComplaintModelForm = forms.ModelForm[Complaint]
    ScrubModelForm = forms.ModelForm[ScrubRun]
else:
    BasisModelForm = ComplaintModelForm = ScrubModelForm = forms.ModelForm


def indian_number(text: str) -> str:
    """Return an Indian number in E.164. Raises `ValidationError` with what is wrong with it."""
    judged = phones.parse_number(text)
    if judged.e164 is None:
        raise forms.ValidationError(judged.note)
    return judged.e164


class KeptAdmin(TableAdmin):
    """A record that is entered once; only `changeable` fields change, and nothing is deleted."""

    changeable: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return nothing for a new record; for an old one every field but the changeable."""
        if obj is None:
            return ()
        return tuple(name for name in self.get_fields(request, obj) if name not in self.changeable)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: it is proof."""
        return False


@admin.register(Registration)
class RegistrationAdmin(TableAdmin):
    """What is on file about the organisation, and its caps."""

    list_display = ("account", "sector", "principal_entity", "telemarketer", "valid_from", "valid_until")
    list_select_related = ("account",)

    def has_delete_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        """Return False: it ends with its last day."""
        return False


@admin.register(CallerDeclaration)
class CallerDeclarationAdmin(KeptAdmin):
    """A2P declarations of our numbers."""

    list_display = ("number", "operator", "reference", "declared_on", "valid_until")
    list_select_related = ("number",)
    fields = ("number", "operator", "reference", "declared_on", "valid_until", "document")
    changeable = ("valid_until", "document")


@admin.register(CampaignDeclaration)
class CampaignDeclarationAdmin(TableAdmin):
    """What staff declare about a campaign's words."""

    list_display = ("campaign", "contains_offer", "says_opt_out", "window_reason", "declared_by")
    list_select_related = ("campaign", "declared_by")
    readonly_fields = ("declared_by",)

    def save_model(self, request: HttpRequest, obj: CampaignDeclaration, form: Any, change: bool) -> None:
        """Store the declaration with the user who changed it last."""
        obj.declared_by = acting_user(request)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: CampaignDeclaration | None = None) -> bool:
        """Return False: it stays with its campaign."""
        return False


class ScrubForm(ScrubModelForm):
    """Take the operator's result, entered by hand."""

    refused = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="The numbers the operator refused, one a line. They are kept as hashes until midnight.",
    )

    class Meta:
        model = ScrubRun
        fields = ("campaign", "operator", "reference", "submitted")

    def clean(self) -> dict[str, Any]:
        """Record the scrub and return the data. Raises `ValidationError` for one that proves nothing."""
        data = super().clean() or {}
        if self.errors or self.instance.pk:
            return data
        try:
            self.instance = scrubs.record_scrub(
                data["campaign"],
                operator=data["operator"],
                reference=data["reference"],
                submitted=data["submitted"],
                refused=data["refused"].split("\n") if data["refused"] else (),
                now=clock.now(),
            )
        except NotRecorded as error:
            raise forms.ValidationError(error.reason) from error
        return data


@admin.register(ScrubRun)
class ScrubRunAdmin(KeptAdmin):
    """Scrubs of promotional lists. They end at midnight."""

    form = ScrubForm
    list_display = ("campaign", "operator", "reference", "day", "submitted", "blocked", "recorded_by")
    list_select_related = ("campaign", "recorded_by")

    def get_fields(self, request: HttpRequest, obj: ScrubRun | None = None) -> tuple[str, ...]:
        """Return what the operator said; for a recorded scrub also what we made of it."""
        given = ("campaign", "operator", "reference", "submitted")
        return (*given, "blocked", "day", "scrubbed_at", "recorded_by") if obj else (*given, "refused")

    def save_model(self, request: HttpRequest, obj: ScrubRun, form: Any, change: bool) -> None:
        """Store the scrub with the user who recorded it."""
        obj.recorded_by = acting_user(request)
        super().save_model(request, obj, form, change)


class BasisForm(BasisModelForm):
    """A ground for calling one number."""

    class Meta:
        model = CallingBasis
        exclude = ("entered_by",)

    def clean_phone(self) -> str:
        """Return the number in E.164. Raises `ValidationError` with what is wrong with it."""
        return indian_number(self.cleaned_data["phone"])


@admin.register(CallingBasis)
class CallingBasisAdmin(KeptAdmin):
    """Why numbers may be called. A basis is withdrawn, never rewritten."""

    form = BasisForm
    list_display = ("masked", "kind", "given_at", "expires_at", "revoked_at", "register_reference")
    list_filter = ("kind",)
    search_fields = ("=phone",)
    changeable = ("revoked_at",)
    GIVEN = (
        "kind",
        "given_at",
        "starts_at",
        "expires_at",
        "revoked_at",
        "register_reference",
        "text_shown",
        "language",
        "channel",
        "proof",
    )

    def get_fields(self, request: HttpRequest, obj: CallingBasis | None = None) -> tuple[str, ...]:
        """Return the fields: the number is written once and masked afterwards."""
        return ("masked" if obj else "phone", *self.GIVEN)

    def save_model(self, request: HttpRequest, obj: CallingBasis, form: Any, change: bool) -> None:
        """Store the basis with the user who entered it first."""
        obj.entered_by = obj.entered_by or acting_user(request)
        super().save_model(request, obj, form, change)

    @admin.display(description="phone")
    def masked(self, basis: CallingBasis) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(basis.phone)


class ComplaintForm(ComplaintModelForm):
    """A complaint or a grievance."""

    class Meta:
        model = Complaint
        fields = "__all__"

    def clean_phone(self) -> str:
        """Return the number in E.164; empty if none was given. Raises `ValidationError` for a wrong one."""
        written = self.cleaned_data["phone"]
        return indian_number(written) if written else ""


@admin.register(Complaint)
class ComplaintAdmin(KeptAdmin):
    """Complaints and grievances. Two stop the campaign they are about; three in ten days stop every one."""

    form = ComplaintForm
    list_display = ("kind", "masked", "campaign", "received_at", "dismissed", "closed_at")
    list_filter = ("kind", "dismissed", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("=phone",)
    changeable = ("campaign", "dismissed", "closed_at", "outcome")
    GIVEN = ("kind", "campaign", "received_at", "channel", "text", "dismissed", "closed_at", "outcome")

    def get_fields(self, request: HttpRequest, obj: Complaint | None = None) -> tuple[str, ...]:
        """Return the fields: the number is written once and masked afterwards."""
        return ("masked" if obj else "phone", *self.GIVEN)

    def save_model(self, request: HttpRequest, obj: Complaint, form: Any, change: bool) -> None:
        """Record the complaint, and show if it stopped every campaign, or the one it is about."""
        running = Campaign.objects.filter(state=Campaign.State.RUNNING)
        before = set(running.values_list("pk", flat=True))
        if complaints.record_complaint(obj, now=clock.now()):
            text = "Three complaints in ten days: every running campaign was stopped."
            self.message_user(request, text, messages.ERROR)
            return
        for campaign in Campaign.objects.filter(pk__in=before, state=Campaign.State.STOPPED):
            self.message_user(request, f"“{campaign}”: {campaign.reason}", messages.ERROR)

    @admin.display(description="phone")
    def masked(self, complaint: Complaint) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(complaint.phone) if complaint.phone else ""


@admin.register(PollingDay)
class PollingDayAdmin(TableAdmin):
    """When polls close; political calls are silent before."""

    list_display = ("area", "closes_at")


@admin.register(Holiday)
class HolidayAdmin(TableAdmin):
    """Holidays beside the national ones."""

    list_display = ("day", "name", "no_calls")
