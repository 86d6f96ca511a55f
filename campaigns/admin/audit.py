"""The audit log: read here, changed nowhere."""

from collections.abc import Iterator
from typing import Any

from auditlog.models import LogEntry
from django.contrib import admin

from campaigns.admin.base import RecordAdmin

#: How auditlog writes that a field is empty.
NOTHING = ("", "None", "{}", "[]")

admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class AuditAdmin(RecordAdmin):
    """Who did what, when, from where, with before and after."""

    list_display = ("timestamp", "who", "remote_addr", "action", "content_type", "object_repr", "what")
    list_filter = (
        "timestamp",
        "action",
        ("actor", admin.RelatedOnlyFieldListFilter),
        ("content_type", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("actor", "content_type")
    search_fields = ("object_repr", "=object_pk", "=remote_addr", "actor__username")
    search_help_text = "The thing's name or key, an address, or a user name."
    show_full_result_count = False
    fields = (
        "timestamp",
        "who",
        "remote_addr",
        "way",
        "token",
        "action",
        "content_type",
        "object_pk",
        "object_repr",
        "what",
    )
    readonly_fields = fields

    @admin.display(description="who", ordering="actor")
    def who(self, entry: LogEntry) -> str:
        """The name as it was then; it stays when the user goes."""
        return str((entry.additional_data or {}).get("who") or entry.actor or "the system")

    @admin.display(description="path")
    def way(self, entry: LogEntry) -> str:
        """The address that was asked."""
        return str((entry.additional_data or {}).get("path", ""))

    @admin.display(description="API token")
    def token(self, entry: LogEntry) -> str:
        """The name of the token it was done by; empty for the portal."""
        return str((entry.additional_data or {}).get("token", ""))

    @admin.display(description="before and after")
    def what(self, entry: LogEntry) -> str:
        """Every field that changed."""
        return "; ".join(_told(entry.changes or {}))


def _told(changes: dict[str, Any]) -> Iterator[str]:
    for name, change in changes.items():
        if isinstance(change, dict):
            yield f"{name}: {change['operation']} {', '.join(change['objects'])}"
        elif change[0] not in NOTHING:
            yield f"{name}: {change[0]} → {change[1]}"
        elif change[1] not in NOTHING:
            yield f"{name}: {change[1]}"
