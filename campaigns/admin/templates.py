"""Templates, their languages and recorded clips; what changes here is uploaded."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from campaigns.admin.base import MirroredAdmin
from campaigns.models import Content, Template, TemplateLanguage
from campaigns.models.templates import mark_pending


class TemplateLanguageInline(TabularInline):
    """The template in each language."""

    model = TemplateLanguage
    fields = ("language", "syntax", "contents", "sync_state", "sync_reason")
    readonly_fields = ("sync_state", "sync_reason")
    extra = 0


@admin.register(Template)
class TemplateAdmin(MirroredAdmin):
    """What a call is about."""

    list_display = ("name", "account", "sync_state", "sync_reason", "synced_at")
    list_filter = ("account", "sync_state")
    list_select_related = ("account",)
    search_fields = ("name", "description")
    filter_horizontal = ("numbers",)
    inlines = (TemplateLanguageInline,)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Store the languages; those that changed are uploaded."""
        for language in formset.save(commit=False):
            mark_pending(language)
            language.save()
        for language in formset.deleted_objects:
            language.delete()
        formset.save_m2m()


@admin.register(Content)
class ContentAdmin(MirroredAdmin):
    """Recorded clips."""

    list_display = ("name", "account", "sync_state", "sync_reason")
    list_filter = ("account", "sync_state")
    list_select_related = ("account",)
    search_fields = ("name",)
