"""Check an agent before its campaign starts: problems, texts, voices, clips (`AGENT_INSPECTOR`)."""

from collections.abc import Mapping
from typing import Any

from calls.agents import registry
from calls.agents.base import Configuration
from calls.speech.espeak import VOICES


class AgentInspection:
    """One configuration, read once. An agent that can't be built has problems and nothing else."""

    def __init__(self, kind: str, configuration: Mapping[str, Any]) -> None:
        self.problems = tuple(registry.validate(kind, configuration))
        self._read = Configuration() if self.problems else registry.read(kind, configuration)
        self.clips = self._read.clips()
        self.languages = self._read.text_languages()
        self.variables = self._read.declared_variables()
        self.outcomes = self._read.outcomes()
        self.questions = self._read.questions()
        self.kinds = self._read.variable_kinds()

    @staticmethod
    def asks(kind: str) -> bool:
        """Return whether agents of this kind ask something; False for an unknown kind."""
        return kind in registry.KINDS and registry.KINDS[kind].asks

    def heard(self, language: str) -> str:
        """Return the language of the texts that a person of `language` hears; empty without texts."""
        return self._read.heard(language)

    def has_voice(self, language: str) -> bool:
        """Return whether there is a voice for the language (`hi`, `hi-IN`)."""
        return language.lower().replace("_", "-").partition("-")[0] in VOICES

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return the variables the texts need that are absent, blank, or no amount, date or number."""
        return self._read.missing(variables, language=language)
