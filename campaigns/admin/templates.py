"""Templates, their languages and recorded clips, which are uploaded when they change; pronunciations."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet as DjangoInlineFormSet
from django.http import HttpRequest
from unfold.admin import TabularInline

from campaigns.admin.base import FrozenForm, MirroredAdmin, TableAdmin
from campaigns.models import Content, Pronunciation, Template, TemplateLanguage
from campaigns.models.templates import mark_pending
from campaigns.queries.in_use import language_in_use

if TYPE_CHECKING:
    BaseInlineFormSet = DjangoInlineFormSet[TemplateLanguage, Template, Any]
else:
    BaseInlineFormSet = DjangoInlineFormSet


class LanguageFormSet(BaseInlineFormSet):
    """The languages of a template, of which those in use are not deleted."""

    def clean(self) -> None:
        """Raise `ValidationError` for the deletion of a language that a campaign may still need."""
        super().clean()
        for form in self.deleted_forms:
            if form.instance.pk and (why := language_in_use(form.instance)):
                raise ValidationError(f"The language “{form.instance.language}” can't be deleted. {why}")


class TemplateLanguageInline(TabularInline):
    """The template in each language."""

    model = TemplateLanguage
    fields = ("language", "syntax", "contents", "sync_state", "sync_reason")
    readonly_fields = ("sync_state", "sync_reason")
    extra = 0
    form = FrozenForm
    formset = LanguageFormSet


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


@admin.register(Pronunciation)
class PronunciationAdmin(TableAdmin):
    """How the organisation has its own words spoken."""

    list_display = ("written", "spoken", "language")
    list_filter = ("language",)
    search_fields = ("written", "spoken")
