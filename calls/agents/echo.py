"""Play the caller's audio back, for tests of a line and of latency."""

from collections.abc import Sequence

from calls.agents.base import Action, AgentEvent, AudioReceived, Configuration, Kind, Play, PromptEnded
from calls.audio.framing import Framer
from calls.protocol.messages import BYTES_PER_MS

_LEAST_MS, _MOST_MS = 20, 1000
_MOST_WAITING_MS = 3000
"""Echo not yet played; beyond it caller audio is dropped, so that a flood cannot fill memory."""


class EchoConfiguration(Configuration, frozen=True):
    """`piece_ms`: the length of the pieces in which audio is played back."""

    piece_ms: int = 100

    def problems(self) -> list[str]:
        """Return a sentence if `piece_ms` is out of range."""
        if _LEAST_MS <= self.piece_ms <= _MOST_MS:
            return []
        return [f"`piece_ms` must be between {_LEAST_MS} and {_MOST_MS}."]


class EchoAgent:
    """Its pieces are prompts without a name: they are played and not logged one by one."""

    wants_audio = True
    wants_speech = False

    def __init__(self, configuration: EchoConfiguration) -> None:
        self._framer = Framer(configuration.piece_ms * BYTES_PER_MS)
        self._most_waiting = max(2, _MOST_WAITING_MS // configuration.piece_ms)
        self._waiting = 0

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """Return a `Play` for each complete piece of caller audio, up to 3 s not yet played."""
        if isinstance(event, AudioReceived):
            free = self._most_waiting - self._waiting
            pieces = self._framer.push(event.pcm)[:free]
            self._waiting += len(pieces)
            return [Play("", piece) for piece in pieces]
        if isinstance(event, PromptEnded):
            self._waiting -= 1
        return []


KIND = Kind(EchoConfiguration, EchoAgent)
