"""The approval of a campaign by a second person."""

from django.conf import settings
from django.db import models

from campaigns.models.campaigns import Campaign


class Approval(models.Model):
    """The newest approval of a campaign: who, when, of what and of whom. It holds for nothing else.

    `contents` is what `lifecycle.approvals.contents` returned; people up to `newest_recipient` are in it.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="approval")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by_name = models.CharField(max_length=200)
    contents = models.JSONField()
    people = models.PositiveIntegerField()
    newest_recipient = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"approval of {self.campaign}"
