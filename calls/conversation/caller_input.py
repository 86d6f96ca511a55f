"""PURE: what is noticed in the caller's audio: speech, which may cut our prompts, and key tones.

The conversation hands over every frame, asks `noticed`, and lets `react` happen within a step.
"""

from collections.abc import Sequence
from typing import Final

from calls.agents import base
from calls.audio.dtmf import DtmfDetector
from calls.audio.energy_vad import SpeechStarted
from calls.audio.pcm import duration_ms
from calls.audio.speech_detector import BargeInReached, Change, SpeechDetector, VadAudio
from calls.conversation.agent_runner import AgentRunner
from calls.conversation.digit_collection import PressDeduplicator, Source
from calls.conversation.event_log import EventLog, seconds
from calls.conversation.input_buffer import ALWAYS_URGENT, NEVER_URGENT
from calls.conversation.limits import Hearing
from calls.conversation.outputs import EntryKind
from calls.conversation.playout import Piece, Playout
from calls.protocol.messages import Dtmf

_BREATH_S: Final = 0.3
"""A pause between two prompts that does not part them: speech begun in the first may cut the second."""


class CallerInput:
    """One call's speech detector and tone detector. `now` in seconds, `at_ms` on the clock of the log."""

    def __init__(self, hearing: Hearing, log: EventLog, playout: Playout, runner: AgentRunner) -> None:
        self._hearing, self._log, self._playout, self._runner = hearing, log, playout, runner
        self._detector: SpeechDetector | None = None
        self._tones = DtmfDetector() if hearing.tones else None
        self._presses = PressDeduplicator()
        self._changes: list[Change] = []
        self._digits: list[str] = []
        self._onset_ms: int | None = None
        self._agent_since = self._agent_until = 0.0
        """Between these our own audio is heard, without a break."""

    @property
    def noticed(self) -> bool:
        """Whether there is something to react to."""
        return bool(self._changes or self._digits)

    @property
    def urgent_level(self) -> float:
        """Return the level (RMS) from which a usual frame may matter at once; below it, it may wait."""
        if self._tones is not None:
            return ALWAYS_URGENT
        detector = self._active_detector()
        return NEVER_URGENT if detector is None else detector.urgent_level

    def push(self, audio: bytes, at_ms: int | None) -> None:
        """Take caller audio (`at_ms` None: impossibly early, it does not count)."""
        if self._tones is not None and (digit := self._tones.push(audio)):
            self._digits.append(digit)
        if at_ms is not None and (detector := self._active_detector()) is not None:
            self._changes += detector.push(audio, at_ms)

    def pass_time(self, now: float) -> None:
        """Note that all audio that came by now has been pushed: a key whose tone lasts is held until now."""
        if self._tones is not None and (digit := self._tones.held):
            self._presses.hold(digit, now, heard_ms=self._tones.heard_ms)

    def take_vad_audio(self) -> VadAudio | None:
        """Return caller audio for the VAD model; None while there is not enough of it."""
        return None if self._detector is None else self._detector.take_vad_audio()

    def _active_detector(self) -> SpeechDetector | None:
        """Made when speech first matters; from then on it also knows what we play."""
        if not self._runner.wants_speech:
            return None
        hearing = self._hearing
        if self._detector is None and hearing.gate is not None:
            language = self._runner.language
            self._detector = SpeechDetector(
                hearing.gate, settings=hearing.settings, has_model=hearing.judged, language=language
            )
        return self._detector

    def on_vad_result(self, utterance: int, probabilities: Sequence[float] | None) -> None:
        """Take probabilities of the VAD model, see `SpeechDetector.on_vad_result`."""
        if self._detector is not None:
            self._changes += self._detector.on_vad_result(utterance, probabilities)

    def on_agent_audio(self, piece: Piece) -> None:
        """Note what is heard of us, and when: speech over it is barge-in, its echo is not speech."""
        if piece.at > self._agent_until + _BREATH_S:
            self._agent_since = piece.at
        self._agent_until = piece.at + duration_ms(piece.pcm) / 1000
        if (detector := self._active_detector()) is not None:
            detector.played(self._log.at_ms(piece.at), piece.pcm)

    def on_agent_silent(self, now: float) -> None:
        """Note that what was to be heard of us from now on will not be."""
        self._agent_until = min(self._agent_until, now)

    def react(self, now: float) -> list[str]:
        """Act on what was noticed. Return the keys that were heard as tones and not reported before."""
        changes, self._changes = self._changes, []
        for change in changes:
            if isinstance(change, BargeInReached):
                # Speech that began before ours is a greeting, or noise: it does not cut what answers it.
                over_ours = change.at_ms >= self._log.at_ms(self._agent_since)
                if over_ours and now < self._agent_until:
                    self._runner.interrupt(now, after_ms=self._log.at_ms(now) - change.at_ms)
            elif isinstance(change, SpeechStarted):
                prompt = self._playout.playing(now)
                text = f"The person speaks during “{prompt}”." if prompt else "The person speaks."
                self._log.add(EntryKind.SPEECH, text, now, began_ms=change.at_ms, during=prompt or "")
                self._onset_ms = change.at_ms
                self._runner.on_speech(base.SpeechStarted(), now)
            else:
                text = f"The person spoke for {seconds(change.duration_ms)} s."
                self._log.add(EntryKind.SPEECH, text, now, duration_ms=change.duration_ms)
                self._runner.on_speech(base.SpeechEnded(change.duration_ms), now)
        digits, self._digits = self._digits, []
        return [digit for digit in digits if self._presses.is_new(digit, Source.TONE, now=now)]

    def take_onset(self) -> int | None:
        """Return when speech began (ms of the log) that was noticed since the last call; None for none."""
        onset, self._onset_ms = self._onset_ms, None
        return onset

    def is_new(self, key: Dtmf, now: float) -> bool:
        """Return False for a message about a press that has counted: as a tone, or by an earlier message."""
        return self._presses.is_new(key.digit, Source.MESSAGE, now=now, duration_ms=key.duration_ms)
