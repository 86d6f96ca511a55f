"""Services outside, the hosts where they may be, and what they are told."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns import clock
from campaigns.admin.base import RecordAdmin, TableAdmin
from campaigns.models import AllowedHost, Notification, OutsideService
from campaigns.models.base import new_secret
from campaigns.models.services import check_names, check_returns, new_key_id
from campaigns.outside.addresses import destination
from campaigns.outside.errors import NoAnswer
from campaigns.portal.voice_forms import check_allowed
from campaigns.spreadsheets.written import Kind

if TYPE_CHECKING:
    HostModelForm = forms.ModelForm[AllowedHost]
    ServiceModelForm = forms.ModelForm[OutsideService]
else:
    HostModelForm = ServiceModelForm = forms.ModelForm

AGAIN = "To be tried again, as staff asked."


class HostForm(HostModelForm):
    """A host as it stands in an address, and its port."""

    class Meta:
        model = AllowedHost
        fields = ("host", "port", "own_network", "note")

    def clean_host(self) -> str:
        """Return the host as requests have it. Raises `ValidationError` for what is no plain host."""
        try:
            return destination(f"https://{self.cleaned_data['host']}/").host
        except NoAnswer:
            raise ValidationError("Write the host alone, such as api.example.in.") from None


@admin.register(AllowedHost)
class HostAdmin(TableAdmin):
    """Hosts to which requests may go. Only superusers enter, change and delete them."""

    form = HostForm
    list_display = ("host", "port", "own_network", "note")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is a superuser."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: AllowedHost | None = None) -> bool:
        """Return the same."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: AllowedHost | None = None) -> bool:
        """Return the same."""
        return bool(request.user.is_superuser)


class NamesField(forms.CharField):
    """Read names between commas into a list."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """Return a list as a person would write it; any other value as it is."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the names. Raises `ValidationError` with a sentence."""
        names = [name.strip() for name in (super().clean(value) or "").split(",") if name.strip()]
        check_names(names)
        return names


class KindsField(forms.CharField):
    """Read values and their kinds, a line each, into a mapping."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "due: amount"})

    def prepare_value(self, value: Any) -> Any:
        """Return a mapping as lines; any other value as it is."""
        lines = value.items() if isinstance(value, dict) else ()
        return "\n".join(f"{name}: {kind}" for name, kind in lines) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        """Return the mapping. Raises `ValidationError` with a sentence."""
        pairs = [line.partition(":") for line in (super().clean(value) or "").splitlines() if line.strip()]
        kinds = {name.strip(): kind.strip() for name, _, kind in pairs}
        check_returns(kinds)
        return kinds


class ServiceForm(ServiceModelForm):
    """Where a service is, and what goes there and comes back."""

    sends = NamesField(
        required=False,
        label="Values sent before a call",
        help_text="Names of columns of the list, between commas; phone and name are the person's.",
    )
    returns = KindsField(
        required=False,
        label="Values it may return",
        help_text=f"A line each, with its kind: {', '.join(Kind)}. Others are passed over.",
    )

    class Meta:
        model = OutsideService
        fields = ("name", "url", "timeout_seconds", "give_up_hours", "sends", "returns", "active")
        field_classes: ClassVar = {"url": forms.CharField}

    def clean_url(self) -> str:
        """Return the address. Raises `ValidationError` if it is no plain one, or its host is not allowed."""
        url: str = self.cleaned_data["url"]
        check_allowed(url)
        return url


@admin.register(OutsideService)
class ServiceAdmin(TableAdmin):
    """Services that are asked and told. A secret is shown once, when it is made."""

    form = ServiceForm
    list_display = ("name", "url", "key_id", "active")
    readonly_fields = ("key_id",)
    actions = ("make_secret",)

    def save_model(self, request: HttpRequest, obj: OutsideService, form: forms.Form, change: bool) -> None:
        """Store the service, and show a new one's secret."""
        super().save_model(request, obj, form, change)
        if not change:
            self._show_secret(request, obj)

    @admin.action(description="Make a new secret (the old one is not used any more)", permissions=["change"])
    def make_secret(self, request: HttpRequest, services: QuerySet[OutsideService]) -> None:
        """Give each service another secret with another name, and show it."""
        for service in services:
            service.key_id, service.secret = new_key_id(), new_secret()
            service.save(update_fields=["key_id", "secret", "changed_at"])
            self._show_secret(request, service)

    def _show_secret(self, request: HttpRequest, service: OutsideService) -> None:
        secret = f"The secret of “{service.name}”, named {service.key_id}, is {service.secret}."
        self.message_user(request, f"{secret} It is not shown again.", messages.WARNING)


@admin.register(Notification)
class NotificationAdmin(RecordAdmin):
    """What services are told, and how far that is."""

    list_display = ("service_name", "state", "reason", "tries", "at", "next_try_at")
    list_filter = ("state", "service")
    list_select_related = ("service",)
    fields = (
        "key",
        "service_name",
        "reference",
        "at",
        "state",
        "reason",
        "tries",
        "next_try_at",
        "give_up_at",
    )
    actions = ("try_again",)

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may change services."""
        return bool(request.user.has_perm("campaigns.change_outsideservice"))

    @admin.action(description="Try what was given up again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Notification]) -> None:
        """Have it tried for as long as its service says, by the same key."""
        now, again = clock.now(), 0
        given_up = rows.filter(state=Notification.State.GIVEN_UP, service__isnull=False)
        for row in given_up.select_related("service"):
            hours = row.service.give_up_hours if row.service else 0
            again += Notification.objects.filter(pk=row.pk, state=Notification.State.GIVEN_UP).update(
                state=Notification.State.WAITING,
                reason=AGAIN,
                settled_at=None,
                next_try_at=now,
                give_up_at=now + timedelta(hours=hours),
                changed_at=now,
            )
        self.message_user(request, f"{again} will be tried again.")
