"""The cells of a campaign's quotas, and how many interviews are wanted of each."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from campaigns.models.base import Stamped
from campaigns.models.campaigns import Campaign
from campaigns.schedule import quotas


class QuotaCell(Stamped):
    """One combination of the values in `Campaign.quota_values`, as the campaign's people have them.

    Who has been interviewed is counted from the people themselves (`campaigns.queries.quotas`), never here.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="cells")
    first = models.CharField(max_length=quotas.LONGEST, default="", blank=True)
    second = models.CharField(max_length=quotas.LONGEST, default="", blank=True)
    target = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many interviews are wanted. Empty: as many as come."
    )

    class Meta:
        ordering = ("campaign", "first", "second")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "first", "second"], name="quota_cell_once"),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | Q(target__lte=quotas.MOST_WANTED),
                name="quota_target_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Return how it reads on a page: `Surat × female`."""
        return quotas.label(self.campaign.quota_values, self.first, self.second)
