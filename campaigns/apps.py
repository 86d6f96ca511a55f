"""The app of what staff manage."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Accounts, numbers, templates, campaigns and the people they call."""

    name = "campaigns"
    verbose_name = "Campaigns"
