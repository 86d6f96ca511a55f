"""One call of the bench: the speech detector of a live call, with its gate and its model, on made signals."""

import time
from typing import NamedTuple

import numpy as np

from bench.echo.rooms import Floats
from calls.audio import pcm
from calls.audio.energy_vad import SpeechStarted
from calls.audio.framing import Framer
from calls.audio.speech_detector import BargeInReached, HearingSettings, SpeechDetector, VadAudio
from calls.speech.vad_models import CONTEXT, SileroModel, WebrtcGate

PROMPT_AT_MS = 400
PIECE_MS = 200
_AHEAD_MS = 400
"""Prompts are handed to the detector as a call does it: in pieces of 200 ms, 400 ms before they are heard."""


class Heard(NamedTuple):
    """Milliseconds since the call began."""

    cuts: list[int]
    """When the caller's audio would have cut our prompt."""
    starts: list[int]
    """When speech was believed."""
    frame_us: list[float]
    """What each frame of caller audio took."""


class Judge:
    """Silero for one call, a frame later: what the model's thread does in a live call."""

    def __init__(self, model: SileroModel) -> None:
        self._model, self._utterance = model, 0
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(CONTEXT, np.float32)

    def probabilities(self, heard: VadAudio) -> list[float]:
        """Return a probability for each chunk."""
        if heard.utterance != self._utterance:
            self._utterance = heard.utterance
            self._state = np.zeros((2, 1, 128), np.float32)
            self._context = np.zeros(CONTEXT, np.float32)
        found = []
        for chunk in pcm.to_array(heard.audio).astype(np.float32).reshape(-1, 256) / np.float32(32768):
            probability, self._state = self._model.infer(
                np.concatenate((self._context, chunk))[None], self._state
            )
            self._context = chunk[-CONTEXT:]
            found.append(float(probability[0]))
        return found


def listen(caller: Floats, prompt: Floats | None, model: SileroModel | None) -> Heard:
    """Return what the detector makes of a caller's track while a prompt plays from `PROMPT_AT_MS` on.

    `model` None: there is no VAD model, the gate decides alone.
    """
    detector = SpeechDetector(WebrtcGate(), settings=HearingSettings(), has_model=model is not None)
    judge = Judge(model) if model is not None else None
    pieces = Framer(PIECE_MS * 16).push(pcm.to_bytes(prompt)) if prompt is not None else []
    answer: tuple[int, list[float]] | None = None
    heard, sent = Heard([], [], []), 0
    for number, frame in enumerate(Framer().push(pcm.to_bytes(caller))):
        at = number * pcm.FRAME_MS
        while sent < len(pieces) and PROMPT_AT_MS + sent * PIECE_MS - _AHEAD_MS <= at:
            detector.played(PROMPT_AT_MS + sent * PIECE_MS, pieces[sent])
            sent += 1
        began = time.perf_counter()
        changes = list(detector.push(frame, at))
        heard.frame_us.append((time.perf_counter() - began) * 1e6)
        if answer is not None:
            changes += detector.on_vad_result(*answer)
        asked = detector.take_vad_audio()
        answer = (asked.utterance, judge.probabilities(asked)) if asked and judge else None
        heard.cuts.extend(at + pcm.FRAME_MS for change in changes if isinstance(change, BargeInReached))
        heard.starts.extend(at + pcm.FRAME_MS for change in changes if isinstance(change, SpeechStarted))
    return heard
