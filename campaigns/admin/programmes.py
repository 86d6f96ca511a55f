"""Standing lists, their people with their dates, and the programmes that draw from them."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from campaigns import phones
from campaigns.admin.base import RecordAdmin, TableAdmin
from campaigns.models import Draw, Member, MemberDate, Programme, ProgrammeRound, StandingList
from campaigns.permissions import sees_numbers
from campaigns.programmes.members import note_one


@admin.register(StandingList)
class StandingListAdmin(TableAdmin):
    """Lists of people who are looked after for long."""

    list_display = ("name", "created_at")
    search_fields = ("name",)


class MemberDateInline(TabularInline):
    """A person's dates."""

    model = MemberDate
    extra = 1


@admin.register(Member)
class MemberAdmin(TableAdmin):
    """People of standing lists; their numbers are masked in the list."""

    list_display = ("__str__", "masked", "standing_list", "language", "joined_on")
    list_filter = ("standing_list",)
    list_select_related = ("standing_list",)
    search_fields = ("name",)
    inlines = (MemberDateInline,)

    def get_fields(self, request: HttpRequest, obj: Member | None = None) -> list[str]:
        """Return the fields, the number masked unless the person sees whole ones."""
        hides = obj is not None and not sees_numbers(request)
        names = ["standing_list", "phone", "name", "language", "variables", "joined_on"]
        return ["masked" if name == "phone" and hides else name for name in names]

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> tuple[str, ...]:
        """Return the masked number where it stands for the number."""
        return () if obj is None or sees_numbers(request) else ("masked",)

    def save_model(self, request: HttpRequest, obj: Member, form: forms.Form, change: bool) -> None:
        """Store the person, and who entered or changed it with the list."""
        super().save_model(request, obj, form, change)
        note_one(obj, "changed" if change else "entered")

    @admin.display(description="phone")
    def masked(self, member: Member) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(member.phone)


@admin.register(Programme)
class ProgrammeAdmin(TableAdmin):
    """Programmes: by which date, how late at most, after which campaign."""

    list_display = ("name", "rule", "standing_list", "pattern", "late_days", "active", "reason")
    list_filter = ("active", "kind")
    list_select_related = ("standing_list", "pattern")
    search_fields = ("name",)
    readonly_fields = ("settled_until", "reason")


@admin.register(ProgrammeRound)
class ProgrammeRoundAdmin(RecordAdmin):
    """Each day's campaign."""

    list_display = ("falls_on", "programme", "campaign", "reason")
    list_filter = ("programme",)
    list_select_related = ("programme", "campaign")


@admin.register(Draw)
class DrawAdmin(RecordAdmin):
    """Draws: who was drawn for what, and who was missed."""

    list_display = ("falls_on", "programme", "masked", "occurrence", "part", "fate", "reason", "drawn_at")
    list_filter = ("fate", "programme")
    list_select_related = ("programme",)
    fields = (
        *("programme", "masked", "occurrence", "falls_on", "part", "fate", "reason", "round", "drawn_at"),
    )
    readonly_fields = fields

    @admin.display(description="phone")
    def masked(self, draw: Draw) -> str:
        """Return the number masked, with enough left to tell two apart."""
        return phones.mask(draw.phone)
