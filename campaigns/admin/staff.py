"""People who work here, their roles, and the tokens of their programs."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from campaigns import clock
from campaigns.models import ApiToken, User
from campaigns.models.tokens import LONGEST_DAYS
from campaigns.permissions import acting_user

if TYPE_CHECKING:
    DjangoUserAdmin = BaseUserAdmin[User]
    TokenModelForm = forms.ModelForm[ApiToken]
else:
    DjangoUserAdmin = BaseUserAdmin
    TokenModelForm = forms.ModelForm

admin.site.unregister(Group)


def is_within(other: User, own: User | None) -> bool:
    """Return whether `other` may do nothing that `own` may not: only then is it in `own`'s hands."""
    if own is None or (other.is_superuser and not own.is_superuser):
        return False
    return own.is_superuser or other.get_all_permissions() <= own.get_all_permissions()


@admin.register(User)
class StaffAdmin(DjangoUserAdmin, ModelAdmin):
    """Members of staff. What a person may do is given by superusers; others manage names and passwords.

    Who could give permissions, or set the password of a person who has more, would have them all.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Return what only superusers give, for all others."""
        given = ("is_superuser", "is_staff", "groups", "user_permissions")
        by = acting_user(request)
        return () if by and by.is_superuser else given

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return whether the person may change users, and this one may do no more than they."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or is_within(obj, acting_user(request)))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return the same for deleting."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or is_within(obj, acting_user(request)))


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles: sets of permissions. Only superusers change them: they could be one's own."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is a superuser."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Return the same."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Return the same."""
        return bool(request.user.is_superuser)


class TokenForm(TokenModelForm):
    """For whom, for which program, for what and how long."""

    by: User | None = None
    days = forms.IntegerField(label="good for (days)", min_value=1, max_value=LONGEST_DAYS, initial=90)

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scope")

    def clean_user(self) -> User:
        """Return the user. Raises `ValidationError` for one who may do more than the person who asks."""
        user: User = self.cleaned_data["user"]
        if not is_within(user, self.by):
            raise forms.ValidationError("This user may do more than you; a token would give it to you.")
        return user


@admin.register(ApiToken)
class TokenAdmin(ModelAdmin):
    """Tokens of the API. A token is shown once, when it is made; afterwards it is known by its name."""

    form = TokenForm
    list_display = ("user", "name", "scope", "known_as", "created_at", "expires_at")
    list_select_related = ("user",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which knows who asks."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.by = acting_user(request)
        return form

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        """Return what is entered; for a token that is there, what is known of it."""
        if obj is None:
            return ("user", "name", "scope", "days")
        return ("user", "name", "scope", "known_as", "created_at", "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a token is made and deleted; for another person another is made."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: forms.Form, change: bool) -> None:
        """Store the token and show its key, once."""
        obj.expires_at = clock.now() + timedelta(days=form.cleaned_data["days"])
        key = obj.give_key()
        super().save_model(request, obj, form, change)
        self.message_user(request, f"The token is {key}. It is not shown again.", messages.WARNING)
