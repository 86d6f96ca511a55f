"""PURE: a message that the person speaks: the tone before it, when it begins and ends."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from calls.agents import base
from calls.agents.base import Action
from calls.agents.dialogue import document as doc
from calls.audio import pcm

TONE: Final = "(tone)"
"""The name of the tone in the log; no step's title, for those of steps are shown."""
LONGEST, QUIET, LEAST = "longest message", "quiet", "least message"
"""Timers: the most that is recorded, silence, and the time from which # means the end of a message."""
_TONE_HZ, _TONE_MS, _TONE_DBFS = 1000, 300, -16.0
_LEAST_S = 1.0
"""A key before that, without speech, is no message: the person has not begun."""


def tone() -> base.Play:
    """Return the tone after which the message is recorded; nothing cuts it."""
    at = np.arange(pcm.SAMPLE_RATE * _TONE_MS // 1000) / pcm.SAMPLE_RATE
    peak = 2**0.5 * pcm.level_of(_TONE_DBFS)
    return base.Play(TONE, pcm.to_bytes(peak * np.sin(2 * np.pi * _TONE_HZ * at)))


@dataclass(slots=True)
class SpokenMessage:
    """A step that records, from its question on. `asked`: how often it was asked for in vain, and now."""

    step_id: str
    step: doc.Record
    asked: int = 0
    has_begun: bool = False
    has_spoken: bool = False
    is_long: bool = False

    def begin(self, *, speaking: bool) -> list[Action]:
        """Return what begins the recording, once the tone is over. `speaking`: the person does already."""
        self.has_begun, self.has_spoken, self.is_long = True, speaking, False
        quiet = [] if speaking else [base.StartTimer(QUIET, self.step.answer_seconds)]
        longest = base.StartTimer(LONGEST, self.step.most_seconds)
        return [base.BeginMessage(), longest, base.StartTimer(LEAST, _LEAST_S), *quiet]

    def heard(self, *, began: bool) -> list[Action]:
        """Take it that the person began or stopped speaking."""
        if not self.has_begun:
            return []
        self.has_spoken |= began
        return [base.StopTimer(QUIET) if began else base.StartTimer(QUIET, self.step.silence_seconds)]

    def end(self, *, kept: bool, quiet_s: float = 0.0) -> list[Action]:
        """Return what ends the recording, `kept` without the last `quiet_s`; empty before it began."""
        if not self.has_begun:
            return []
        self.has_begun = False
        question = self.step.question or self.step_id
        ended = base.EndMessage(question, self.step_id, kept, quiet_s)
        return [base.StopTimer(LONGEST), base.StopTimer(QUIET), base.StopTimer(LEAST), ended]
