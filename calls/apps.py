"""The app of what happens live."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    """The media stream, agents, events and recordings."""

    name = "calls"
    verbose_name = "Calls"
