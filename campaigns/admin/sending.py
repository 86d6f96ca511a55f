"""Attempts, the requests that carried them, and why each was allowed or not: to be read.

Of an unclear request staff can say what XFin has of it.
"""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns import audit, clock
from campaigns.admin.base import RecordAdmin
from campaigns.delivery import reconcile
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
    actions: ClassVar = ["say_at_xfin", "say_absent"]

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may say what became of a request."""
        return request.user.has_perm("campaigns.change_uploadbatch")

    @admin.action(description="Unclear: XFin has these messages; do not send them", permissions=["resolve"])
    def say_at_xfin(self, request: HttpRequest, batches: QuerySet[UploadBatch]) -> None:
        """End the messages of unclear requests as unknown: XFin has them."""
        self._resolve(request, batches, at_xfin=True)

    @admin.action(description="Unclear: XFin lacks these messages; send them again", permissions=["resolve"])
    def say_absent(self, request: HttpRequest, batches: QuerySet[UploadBatch]) -> None:
        """Plan the messages of unclear requests again: XFin does not have them."""
        self._resolve(request, batches, at_xfin=False)

    def _resolve(self, request: HttpRequest, batches: QuerySet[UploadBatch], *, at_xfin: bool) -> None:
        settled = 0
        for batch in batches:
            if count := reconcile.resolve(batch, at_xfin=at_xfin, now=clock.now()):
                end = "XFin has them" if at_xfin else "XFin does not have them"
                audit.note(batch, {"state": (str(batch.get_state_display()), end)})
                settled += count
        self.message_user(request, f"{settled} messages were settled; only unclear requests can be.")


@admin.register(Evidence)
class EvidenceAdmin(RecordAdmin):
    """Why each attempt was allowed or not."""

    list_display = ("message_reference", "recipient", "stage", "verdict", "judged_at", "rules_version")
    list_filter = ("stage", "verdict", "rules_version")
    list_select_related = ("recipient",)
    search_fields = ("=message_reference",)
    show_full_result_count = False
