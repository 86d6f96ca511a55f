"""People who work here, their roles, and the tokens of their programs."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from rest_framework.authtoken.admin import TokenAdmin as RestTokenAdmin
from rest_framework.authtoken.models import TokenProxy
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from campaigns.models import User
from campaigns.pseudonyms import token_name

if TYPE_CHECKING:
    DjangoUserAdmin = BaseUserAdmin[User]
else:
    DjangoUserAdmin = BaseUserAdmin

admin.site.unregister(Group)
admin.site.unregister(TokenProxy)


@admin.register(User)
class StaffAdmin(DjangoUserAdmin, ModelAdmin):
    """Members of staff and what they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles: sets of permissions."""


@admin.register(TokenProxy)
class TokenAdmin(RestTokenAdmin, ModelAdmin):
    """Tokens of the API. The token is shown once, when it is made; afterwards by its name in the log."""

    list_display = ("user", "known_as", "created")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a token is made and deleted; for another person another is made."""
        return False

    @admin.display(description="in the audit log")
    def known_as(self, token: TokenProxy) -> str:
        """Return the token's name in the audit log."""
        return token_name(token.key)

    def log_addition(self, *args: Any) -> Any:
        """Do nothing: the admin's own log would hold the token; the audit log has its name."""

    def log_deletions(self, *args: Any) -> Any:
        """Do nothing, for the same reason."""
