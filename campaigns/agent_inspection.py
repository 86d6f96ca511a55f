"""What a campaign must know of its agent before it calls; the setting `AGENT_INSPECTOR` names who answers.

Agents live in `calls`, which nothing here imports.
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

    languages: tuple[str, ...]
    """The languages it has texts in; empty for an agent without texts, or with problems."""

    variables: tuple[str, ...]
    """Names of the variables it is configured to speak, in the order written."""

    outcomes: tuple[str, ...]
    """The outcomes that its calls may bring, in the order written."""

    questions: tuple[str, ...]
    """The names under which its answers are stored, in the order written."""

    kinds: Mapping[str, str]
    """How each of them is spoken: the kinds of `campaigns.spreadsheets.written`."""

    def heard(self, language: str) -> str:
        """Return the language that a person of `language` hears; empty if the agent speaks none at all."""
        ...

    def has_voice(self, language: str) -> bool:
        """Return whether a text in this language can be spoken."""
        ...

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return the variables that must be spoken and can't be. `variables` holds the `name` too."""
        ...


class Inspector(Protocol):
    """The class that reads configurations (`calls.agent_inspection.AgentInspection`)."""

    def __call__(self, kind: str, configuration: Mapping[str, Any]) -> Inspection:
        """Return the inspection of one agent. Raises nothing: what is wrong is in `problems`."""
        ...

    def asks(self, kind: str) -> bool:
        """Return whether agents of this kind ask something; False for an unknown kind."""
        ...


def inspect(kind: str, configuration: Mapping[str, Any]) -> Inspection:
    """Return what there is to know of one agent; read anew each time, so keep it for many people."""
    return _inspector()(kind, configuration)


def asks(kind: str) -> bool:
    """Return whether agents of this kind ask something: an answered call without an outcome broke off."""
    return _inspector().asks(kind)


def _inspector() -> Inspector:
    return cast("Inspector", import_string(settings.AGENT_INSPECTOR))
