"""Accounts at XFin, whose credentials are written and never shown, and our own numbers."""

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from campaigns.admin.base import FrozenForm, TableAdmin
from campaigns.delivery.account_client import config_for, is_loopback
from campaigns.delivery.circuit_breaker import credentials_changed
from campaigns.models import Account, PhoneNumber
from campaigns.numbers import KEEP_HOURS, rotate_secret

if TYPE_CHECKING:
    AccountModelForm = forms.ModelForm[Account]
    NumberModelForm = forms.ModelForm[PhoneNumber]
else:
    AccountModelForm = NumberModelForm = forms.ModelForm


class AddressField(forms.URLField):
    """Read a web address; without a scheme it is taken for https."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class AccountForm(FrozenForm, AccountModelForm):
    """Take credentials that are never shown again."""

    new_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown. Leave empty to keep the one that is stored.",
    )
    new_cookies = forms.JSONField(
        label="Cookies",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="A JSON object, kept encrypted and never shown. Leave empty to keep what is stored.",
    )

    class Meta:
        model = Account
        fields = (
            "name",
            "base_url",
            "tenant",
            "email",
            "auth_scheme",
            "extra_headers",
            "chunk_size",
            "second_person",
            "reference_tag",
            "batch_tag",
            "state_codes",
        )
        field_classes: ClassVar = {"base_url": AddressField}

    def clean_base_url(self) -> str:
        """Return the address. Raises `ValidationError` where a password would travel readable by others."""
        address: str = self.cleaned_data["base_url"]
        if not address.startswith("https://") and not is_loopback(address):
            raise forms.ValidationError("Write an address with https: the password goes there.")
        return address

    def clean_new_password(self) -> str:
        """Return the password; empty keeps the stored one. Raises `ValidationError` if there is none yet."""
        password: str = self.cleaned_data["new_password"]
        if not password and not self.instance.pk:
            raise forms.ValidationError("A new account needs its password.")
        return password

    def clean_new_cookies(self) -> str:
        """Return the object of texts as JSON; empty if none was given. Else raises `ValidationError`."""
        cookies = self.cleaned_data["new_cookies"]
        if cookies and not (
            isinstance(cookies, dict) and all(isinstance(value, str) for value in cookies.values())
        ):
            raise forms.ValidationError('Write an object of texts, such as {"login_cookie": "…"}.')
        return forms.JSONField().prepare_value(cookies) if cookies else ""

    def clean(self) -> dict[str, Any]:
        """Return the data. Another destination (scheme, host or port) needs the secrets: they are sent there.

        Who may change accounts, and does not know the password, would otherwise have it sent to a host of
        their own.
        """
        data = super().clean() or {}
        if not self.instance.pk or "base_url" not in data:
            return data
        stored = Account.objects.values_list("base_url", flat=True).get(pk=self.instance.pk)
        before, after = urlsplit(stored), urlsplit(data["base_url"])
        if (before.scheme, before.netloc) != (after.scheme, after.netloc):
            if not data.get("new_password"):
                self.add_error("new_password", "The password is sent there: enter the password again.")
            if self.instance.cookies and not data.get("new_cookies"):
                self.add_error("new_cookies", "The cookies are sent there: enter the cookies again.")
        return data

    def _post_clean(self) -> None:
        """Take over what was entered and make of it what every request is made with; say what can't work."""
        if self.cleaned_data.get("new_password"):
            self.instance.password = self.cleaned_data["new_password"]
        if self.cleaned_data.get("new_cookies"):
            self.instance.cookies = self.cleaned_data["new_cookies"]
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which fills the instance
        if self.errors:
            return
        try:
            config_for(self.instance)
        except ValueError as error:
            name, _, why = str(error).partition(": ")
            self.add_error(name if name in self.fields else None, why or name)


@admin.register(Account)
class AccountAdmin(TableAdmin):
    """XFin tenants. A change of what decides the login lets us try again at once."""

    form = AccountForm
    list_display = ("name", "tenant", "base_url", "state", "reason")
    list_filter = ("state",)
    search_fields = ("name", "tenant")
    readonly_fields = ("state", "reason", "retry_at", "own_failure", "own_failures", "clock_skew")
    LOGIN_FIELDS: ClassVar = {"base_url", "tenant", "email", "auth_scheme", "extra_headers"}
    LOGIN_SECRETS: ClassVar = {"new_password", "new_cookies"}

    def save_model(self, request: HttpRequest, obj: Account, form: forms.Form, change: bool) -> None:
        """Store the account, and forget a login that the change has made useless."""
        super().save_model(request, obj, form, change)
        entered = {name for name in self.LOGIN_SECRETS if form.cleaned_data.get(name)}
        if change and (entered or self.LOGIN_FIELDS & set(form.changed_data)):
            credentials_changed(obj)


class NumberForm(FrozenForm, NumberModelForm):
    """Take the password of the stream, which is never shown again."""

    new_stream_password = forms.CharField(
        label="Password of the stream",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown. Leave empty to keep the one that is stored.",
    )

    class Meta:
        model = PhoneNumber
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        """Check that user name and password come together; return the data. No user: no password."""
        cleaned = super().clean() or {}
        user, password = cleaned.get("stream_user"), cleaned.get("new_stream_password")
        if user and not password and not self.instance.stream_password:
            self.add_error("new_stream_password", "A user name needs a password.")
        elif password and not user:
            self.add_error("stream_user", "A password needs a user name.")
        elif password or not user:
            self.instance.stream_user, self.instance.stream_password = user or "", password or ""
        return cleaned


@admin.register(PhoneNumber)
class PhoneNumberAdmin(TableAdmin):
    """Our numbers. The address of the stream holds a secret: only people who may change it see it."""

    list_display = ("e164", "account", "series", "direction", "container", "max_calls", "active")
    list_filter = ("account", "series", "direction", "active")
    list_select_related = ("account",)
    search_fields = ("e164",)
    form = NumberForm
    actions = ("new_secret", "new_secret_now")

    def get_readonly_fields(self, request: HttpRequest, obj: PhoneNumber | None = None) -> tuple[str, ...]:
        """Return the stream's address for an existing number and a person who may change it; else empty."""
        may_see = obj and self.has_change_permission(request, obj)
        return ("stream_url", "previous_secret_until") if may_see else ()

    @admin.display(description="WebSocket URL to configure at Awaaz")
    def stream_url(self, number: PhoneNumber) -> str:
        """Return the address where Awaaz connects the calls of this number."""
        return f"{settings.PUBLIC_STREAM_URL}{number.stream_path}"

    @admin.action(
        description=f"Make a new secret (the old address works for {KEEP_HOURS:.0f} h more)",
        permissions=["change"],
    )
    def new_secret(self, request: HttpRequest, numbers: QuerySet[PhoneNumber]) -> None:
        """Replace the secret half of the address and leave time to configure the new one."""
        for number in numbers:
            rotate_secret(number, KEEP_HOURS)
        text = f"Configure the new address at Awaaz; the old one stops working in {KEEP_HOURS:.0f} hours."
        self.message_user(request, text, messages.WARNING)

    @admin.action(description="Make a new secret (the old address stops working now)", permissions=["change"])
    def new_secret_now(self, request: HttpRequest, numbers: QuerySet[PhoneNumber]) -> None:
        """Replace a secret that got out, at once; calls on the line go on."""
        for number in numbers:
            rotate_secret(number, 0)
        text = "The old address stops working now. Configure the new one at Awaaz."
        self.message_user(request, text, messages.WARNING)
