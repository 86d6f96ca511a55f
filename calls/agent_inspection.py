"""Check an agent before its campaign starts: problems, words, voices, clips."""

from collections.abc import Mapping
from typing import Any

from calls.agents import registry
from calls.agents.menu.configuration import MenuConfiguration
from calls.agents.playback import PlaybackConfiguration
from calls.speech.espeak import VOICES


class AgentInspection:
    """One configuration, read once. An agent that can't be built has problems and nothing else."""

    def __init__(self, kind: str, configuration: Mapping[str, Any]) -> None:
        self.problems = tuple(registry.validate(kind, configuration))
        read = None if self.problems else registry.read(kind, configuration)
        self._menu = read if isinstance(read, MenuConfiguration) else None
        self.clips = (read.clip,) if isinstance(read, PlaybackConfiguration) else ()

    def heard(self, language: str) -> str:
        """The language of the texts that this person hears; empty for an agent without texts."""
        return self._menu.texts_for(language)[0] if self._menu else ""

    def has_voice(self, language: str) -> bool:
        """Whether the voice speaks it."""
        return language.lower().replace("_", "-").partition("-")[0] in VOICES

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """What the texts need and this person lacks: absent, blank, or no amount, date or number."""
        if self._menu is None:
            return ()
        return self._menu.missing(self._menu.texts_for(language)[1].all(), variables)
