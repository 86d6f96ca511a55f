"""Voices of services outside, whose keys are written and never shown."""

from typing import Any

from django.contrib import admin
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns.admin.base import TableAdmin
from campaigns.models import HostedVoice
from campaigns.portal.voice_forms import VoiceForm


class VoiceAdminForm(VoiceForm):
    """The portal's form with the admin's widgets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].widget = UnfoldAdminTextInputWidget()
        self.fields["new_key"].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        self.fields["speakers"].widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})


@admin.register(HostedVoice)
class VoiceAdmin(TableAdmin):
    """Services that speak instead of espeak-ng."""

    form = VoiceAdminForm
    list_display = ("name", "provider", "model", "fall_back", "active")
    list_filter = ("provider", "active")
    search_fields = ("name",)
