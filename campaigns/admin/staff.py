"""People who work here and their roles."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from campaigns.models import User

if TYPE_CHECKING:
    DjangoUserAdmin = BaseUserAdmin[User]
else:
    DjangoUserAdmin = BaseUserAdmin

admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(DjangoUserAdmin, ModelAdmin):
    """Members of staff and what they may do."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles: sets of permissions."""
