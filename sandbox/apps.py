from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """The stand-in platform. Installed only under `sandbox.settings`."""

    name = "sandbox"
    verbose_name = "Awaaz sandbox"
    default_auto_field = "django.db.models.BigAutoField"
