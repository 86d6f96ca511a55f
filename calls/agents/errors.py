"""What can be wrong with an agent before any call."""


class ConfigurationError(Exception):
    """An agent cannot be made from this configuration. The text is a sentence for whoever wrote it."""
