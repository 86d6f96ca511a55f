"""Play a recording: take some caller audio, play a clip, hang up when it has been heard."""

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
    ReachOutcome,
)
from campaigns.rules.results import NOT_SPOKEN

CLIP = "Recording"
_MOST_GATHERED = 3000
"""A minute of 20 ms frames; more is surely a slip."""


class PlaybackConfiguration(Configuration, frozen=True):
    """`clip` is the name of a Content; `gather` how many frames of caller audio come first."""

    clip: str
    gather: int = 0

    def problems(self) -> list[str]:
        """Return a sentence for each value that is empty or out of range."""
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
    """Plays its clip after `gather` frames of caller audio."""

    wants_speech = False

    def __init__(self, configuration: PlaybackConfiguration) -> None:
        self._play = PlayClip(CLIP, configuration.clip)
        self._missing_frames = configuration.gather
        self.wants_audio = configuration.gather > 0

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """Return the clip when it is due, and `HangUp` when it has ended or failed."""
        if isinstance(event, CallStarted) and not self.wants_audio:
            return [self._play]
        if isinstance(event, AudioReceived) and self.wants_audio:
            self._missing_frames -= 1
            self.wants_audio = self._missing_frames > 0
            return [] if self.wants_audio else [self._play]
        if isinstance(event, PromptEnded):
            return [HangUp("We hung up after the recording.")]
        if isinstance(event, PromptFailed):
            failed = ReachOutcome(NOT_SPOKEN, "The recording could not be played")
            return [failed, HangUp("We hung up because the recording could not be played.")]
        return []


KIND = Kind(PlaybackConfiguration, PlaybackAgent)
