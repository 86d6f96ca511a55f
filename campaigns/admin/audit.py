"""Show the audit log: read here, changed nowhere."""

from auditlog.models import LogEntry
from django.contrib import admin

from campaigns.admin.base import RecordAdmin

#: How auditlog writes that a field is empty.
NOTHING = ("", "None", "{}", "[]")

admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class AuditAdmin(RecordAdmin):
    """Entries: who did what, when, from where, with before and after."""

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
        """Return the user's name as it was then; it stays when the user is deleted."""
        return str((entry.additional_data or {}).get("who") or entry.actor or "the system")

    @admin.display(description="path")
    def way(self, entry: LogEntry) -> str:
        """Return the path that was asked for; empty outside a request."""
        return str((entry.additional_data or {}).get("path", ""))

    @admin.display(description="API token")
    def token(self, entry: LogEntry) -> str:
        """Return the name of the token it was done by; empty for the portal."""
        return str((entry.additional_data or {}).get("token", ""))

    @admin.display(description="before and after")
    def what(self, entry: LogEntry) -> str:
        """Return every field that changed with its old and new value, parted by semicolons."""
        parts = []
        for name, change in (entry.changes or {}).items():
            if isinstance(change, dict):
                parts.append(f"{name}: {change['operation']} {', '.join(change['objects'])}")
            elif change[0] not in NOTHING:
                parts.append(f"{name}: {change[0]} → {change[1]}")
            elif change[1] not in NOTHING:
                parts.append(f"{name}: {change[1]}")
        return "; ".join(parts)
