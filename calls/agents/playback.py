"""Plays a recording: gather some caller audio, play a clip, hang up when it has been heard."""

from collections.abc import Sequence

from calls.agents.base import (
    Action,
    AgentEvent,
    AudioReceived,
    CallStarted,
    Configuration,
    HangUp,
    Kind,
    PlayClip,
    PromptEnded,
    PromptFailed,
)

CLIP = "Recording"
_MOST_GATHERED = 3000
"""A minute of 20 ms frames; more is surely a slip."""


class PlaybackConfiguration(Configuration, frozen=True):
    """`clip` is the name of a Content; `gather` how many frames of caller audio come first."""

    clip: str
    gather: int = 0

    def problems(self) -> list[str]:
        """Sentences; none if a call can be held with it."""
        found = []
        if not self.clip.strip():
            found.append("`clip` must be the name of a recorded clip.")
        if not 0 <= self.gather <= _MOST_GATHERED:
            found.append(f"`gather` must be between 0 and {_MOST_GATHERED} frames.")
        return found

    def clips(self) -> tuple[str, ...]:
        """Return the one clip's name."""
        return (self.clip,)


class PlaybackAgent:
    """Asks for its clip once enough has been gathered."""

    wants_speech = False

    def __init__(self, configuration: PlaybackConfiguration) -> None:
        self._configuration = configuration
        self._gathered = 0
        self.wants_audio = configuration.gather > 0

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        if isinstance(event, CallStarted) and not self.wants_audio:
            return [self._play()]
        if isinstance(event, AudioReceived):
            return self._gather()
        if isinstance(event, PromptEnded):
            return [HangUp("We hung up after the recording.")]
        if isinstance(event, PromptFailed):
            return [HangUp("We hung up because the recording could not be played.")]
        return []

    def _gather(self) -> Sequence[Action]:
        self._gathered += 1
        if self._gathered != self._configuration.gather:
            return []
        self.wants_audio = False
        return [self._play()]

    def _play(self) -> PlayClip:
        return PlayClip(CLIP, self._configuration.clip)


KIND = Kind(PlaybackConfiguration, PlaybackAgent)
