"""The app of what staff manage."""

from importlib import import_module

from django.apps import AppConfig
from django.core import checks


class CampaignsConfig(AppConfig):
    """Accounts, numbers, templates, campaigns and the people they call."""

    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        """Watch what staff change, and check the keys; the models must be there first."""
        import_module("campaigns.audit").watch()
        checks.register(import_module("campaigns.key_marks").check_keys)
