"""Attempts, the requests that carried them, and why each was allowed or not: to be read."""

from django.contrib import admin

from campaigns.admin.base import RecordAdmin
from campaigns.models import Evidence, Message, UploadBatch


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """Attempts."""

    list_display = ("reference", "recipient", "attempt", "send_on", "state", "reason", "disposition")
    list_filter = ("state", "disposition")
    list_select_related = ("recipient",)
    search_fields = ("=reference", "=remote_id", "recipient__name")
    show_full_result_count = False


@admin.register(UploadBatch)
class UploadBatchAdmin(RecordAdmin):
    """Requests to XFin and what became of them."""

    list_display = ("reference", "account", "size", "state", "reason", "created_at")
    list_filter = ("state", "account")
    list_select_related = ("account",)
    search_fields = ("=reference",)


@admin.register(Evidence)
class EvidenceAdmin(RecordAdmin):
    """Why each attempt was allowed or not."""

    list_display = ("message_reference", "recipient", "stage", "verdict", "judged_at", "rules_version")
    list_filter = ("stage", "verdict", "rules_version")
    list_select_related = ("recipient",)
    search_fields = ("=message_reference",)
    show_full_result_count = False
