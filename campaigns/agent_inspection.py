"""What a campaign must know of its agent before anybody is called; `AGENT_INSPECTOR` names who tells.

Agents live in `calls`, of which nothing here knows.
"""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class Inspection(Protocol):
    """One agent's configuration, read once and asked for many people."""

    problems: tuple[str, ...]
    """What is wrong with the configuration, in sentences; with any of them no call can be held."""

    clips: tuple[str, ...]
    """Names of the recorded clips that it plays."""

    def heard(self, language: str) -> str:
        """The language that somebody hears who has this one; empty if the agent speaks none at all."""
        ...

    def has_voice(self, language: str) -> bool:
        """Whether a text in this language can be spoken."""
        ...

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Variables that would have to be spoken and can't be. `variables` holds the `name` too."""
        ...


class Inspector(Protocol):
    """Whoever reads configurations."""

    def __call__(self, kind: str, configuration: Mapping[str, Any]) -> Inspection:
        """The inspection of one agent; total."""
        ...


def inspect(kind: str, configuration: Mapping[str, Any]) -> Inspection:
    """Ask whoever knows agents."""
    return cast("Inspector", import_string(settings.AGENT_INSPECTOR))(kind, configuration)
