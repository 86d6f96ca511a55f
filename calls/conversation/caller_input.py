"""PURE: what one call hears in the caller's audio: speech, which may cut our prompts, and key tones.

The conversation hands over every frame, asks `noticed`, and lets `react` happen within a step.
"""

from collections.abc import Sequence
from typing import Final

from calls.audio.dtmf import DtmfDetector
from calls.audio.energy_vad import SpeechEnded, SpeechStarted
from calls.audio.pcm import duration_ms
from calls.audio.speech_detector import BargeInReached, Change, SpeechDetector, VadAudio
from calls.conversation.agent_runner import AgentRunner
from calls.conversation.digit_collection import PressDeduplicator, Source
from calls.conversation.event_log import EventLog, seconds
from calls.conversation.input_buffer import EVERYTHING, NOBODY_LISTENS
from calls.conversation.limits import Hearing
from calls.conversation.outputs import EntryKind
from calls.conversation.playout import Piece, Playout
from calls.protocol.messages import Dtmf

_BREATH_S: Final = 0.3
"""A pause between two prompts that does not part them: speech begun in the first may cut the second."""


class CallerInput:
    """One call's. `now` in seconds, `at_ms` on the clock of the log."""

    def __init__(self, hearing: Hearing, log: EventLog, playout: Playout, dialogue: AgentRunner) -> None:
        self._hearing, self._log, self._playout, self._runner = hearing, log, playout, dialogue
        self._detector: SpeechDetector | None = None
        self._tones = DtmfDetector() if hearing.tones else None
        self._presses = PressDeduplicator()
        self._changes: list[Change] = []
        self._digits: list[str] = []
        self._onset_ms: int | None = None
        self._speaks_since = self._speaks_until = 0.0
        """Our own audio, without a break."""

    @property
    def noticed(self) -> bool:
        """Something to react to."""
        return bool(self._changes or self._digits)

    @property
    def urgent_level(self) -> float:
        """The level (RMS) from which a usual frame may matter at once. What is below may be heard later."""
        if self._tones is not None:
            return EVERYTHING
        ear = self._open_ear()
        return NOBODY_LISTENS if ear is None else ear.urgent_level

    def hear(self, audio: bytes, at_ms: int | None) -> None:
        """Caller audio (`at_ms` None: impossibly early, it does not count)."""
        if self._tones is not None and (digit := self._tones.push(audio)):
            self._digits.append(digit)
        if at_ms is not None and (ear := self._open_ear()) is not None:
            self._changes += ear.push(audio, at_ms)

    def take_unjudged(self) -> VadAudio | None:
        """Caller audio for the judge, if there is enough of it."""
        return None if self._detector is None else self._detector.take_unjudged()

    def _open_ear(self) -> SpeechDetector | None:
        """Made when speech first matters; from then on it also knows what we play."""
        if not self._runner.wants_speech:
            return None
        hearing = self._hearing
        if self._detector is None and hearing.gate is not None:
            language = self._runner.language
            self._detector = SpeechDetector(
                hearing.gate, settings=hearing.settings, judged=hearing.judged, language=language
            )
        return self._detector

    def judged(self, utterance: int, probabilities: Sequence[float] | None) -> None:
        """The judge's word, see `SpeechDetector.judged`."""
        if self._detector is not None:
            self._changes += self._detector.judged(utterance, probabilities)

    def played(self, piece: Piece) -> None:
        """What is heard of us, and when: speech over it is barge-in, its echo is not speech."""
        if piece.at > self._speaks_until + _BREATH_S:
            self._speaks_since = piece.at
        self._speaks_until = piece.at + duration_ms(piece.pcm) / 1000
        if (ear := self._open_ear()) is not None:
            ear.played(self._log.at_ms(piece.at), piece.pcm)

    def silenced(self, now: float) -> None:
        """What was to be heard of us from now on will not be."""
        self._speaks_until = min(self._speaks_until, now)

    def react(self, now: float) -> list[str]:
        """Carry out what was noticed; gives the keys that were heard and are no message's."""
        changes, self._changes = self._changes, []
        for change in changes:
            if isinstance(change, BargeInReached):
                self._insisted(change, now)
            elif isinstance(change, SpeechStarted):
                self._started(change, now)
            else:
                self._ended(change, now)
        digits, self._digits = self._digits, []
        return [digit for digit in digits if self._presses.is_new(digit, Source.TONE, now=now)]

    def take_onset(self) -> int | None:
        """When speech began that was noticed since the last look, in the log's milliseconds."""
        onset, self._onset_ms = self._onset_ms, None
        return onset

    def is_new(self, key: Dtmf, now: float) -> bool:
        """False for a message about a press that was heard as a tone and has counted."""
        if self._tones is None:
            return True
        return self._presses.is_new(key.digit, Source.MESSAGE, now=now, duration_ms=key.duration_ms)

    def _started(self, started: SpeechStarted, now: float) -> None:
        prompt = self._playout.playing(now)
        text = f"The person speaks during “{prompt}”." if prompt else "The person speaks."
        self._log.add(EntryKind.SPEECH, text, now, began_ms=started.at_ms, during=prompt or "")
        self._onset_ms = started.at_ms
        self._runner.speech_began(now)

    def _ended(self, ended: SpeechEnded, now: float) -> None:
        text = f"The person spoke for {seconds(ended.duration_ms)} s."
        self._log.add(EntryKind.SPEECH, text, now, duration_ms=ended.duration_ms)
        self._runner.speech_ended(ended.duration_ms, now)

    def _insisted(self, insisted: BargeInReached, now: float) -> None:
        """Speech that began before ours is a greeting, or noise: it does not cut what answers it."""
        ours = insisted.at_ms >= self._log.at_ms(self._speaks_since)
        if ours and now < self._speaks_until:
            self._runner.interrupt(now, after_ms=self._log.at_ms(now) - insisted.at_ms)
