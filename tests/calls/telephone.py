"""A person on the line in a test: caller audio our prompt's echo in it, a VAD model that is late."""

from functools import cache

import numpy as np

from calls.agents.base import BargeIn, CallContext, CallStarted, Play
from calls.audio import pcm
from calls.audio.mix import mix_at
from calls.audio.speech_detector import HearingSettings, VadAudio
from calls.conversation.conversation import Conversation
from calls.conversation.limits import Hearing
from calls.conversation.outputs import Step
from calls.protocol.stream import AgentStream
from calls.speech.espeak import EspeakVoice, LibraryEngine
from calls.speech.vad_models import CONTEXT, SileroModel, WebrtcGate
from tests.calls.line import FIRST_WAIT_MS, Line, Script

PROMPT = "नमस्ते, यह नवजीवन फ़ाइनेंस की ओर से एक स्वचालित कॉल है। आपकी किस्त अट्ठाईस नवंबर को देय है।"
SPEECH_CUTS = BargeIn(speech=True)


@cache
def spoken(text: str, language: str) -> bytes:
    """The words at about -16 dBFS; each is made once a test run."""
    voice = EspeakVoice(LibraryEngine())
    try:
        return voice.synthesise(text, language)
    finally:
        voice.close()


@cache
def model() -> SileroModel:
    return SileroModel()


def louder(audio: bytes, db: float) -> bytes:
    return pcm.to_bytes(pcm.to_array(audio) * 10 ** (db / 20))


def noise(ms: int, dbfs: float, *, seed: int = 1) -> bytes:
    spread = pcm.FULL_SCALE * 10 ** (dbfs / 20)
    return pcm.to_bytes(np.random.default_rng(seed).normal(0, spread, 8 * ms))


def onset_ms(audio: bytes, dbfs: float = -40.0) -> int:
    """Where the first loud 10 ms begin: a synthetic voice breathes before it speaks."""
    return next(ms for ms in range(0, pcm.duration_ms(audio), 10) if pcm.dbfs(audio[16 * ms :][:160]) > dbfs)


class Vad:
    """Silero at once, for tests without threads."""

    def __init__(self) -> None:
        self._utterance = 0

    def probabilities(self, heard: VadAudio) -> list[float]:
        if heard.utterance != self._utterance:
            self._utterance = heard.utterance
            self._state = np.zeros((2, 1, 128), np.float32)
            self._context = np.zeros(CONTEXT, np.float32)
        found = []
        for chunk in pcm.to_array(heard.audio).astype(np.float32).reshape(-1, 256) / np.float32(32768):
            given = np.concatenate((self._context, chunk))[None]
            probability, self._state = model().infer(given, self._state)
            self._context = chunk[-CONTEXT:]
            found.append(float(probability[0]))
        return found


class Telephone(Line):
    """A call that hears. `vad_ms`: how long the VAD model takes; None: there is none."""

    def __init__(
        self,
        *prompts: Play,
        settings: HearingSettings | None = None,
        vad_ms: int | None = 20,
        language: str = "hi",
        tones: bool = False,
    ) -> None:
        super().__init__()
        hearing = Hearing(
            gate=WebrtcGate(),
            judged=vad_ms is not None,
            settings=settings or HearingSettings(),
            tones=tones,
        )
        self.talk = Conversation(AgentStream(container="raw"), hearing=hearing, now=self.now)
        self.began = self.now
        self.agent = Script({CallStarted: list(prompts)}, wants_speech=True)
        self.vad, self._vad_ms = Vad(), vad_ms or 0
        self._answers: list[tuple[float, int, list[float] | None]] = []
        self._played = b"".join(prompt.pcm for prompt in prompts)
        self.cleared_ms: int | None = None
        self.begin(self.agent, CallContext(language=language))

    @property
    def ms(self) -> int:
        """Since the call began."""
        return round((self.now - self.began) * 1000)

    @property
    def first_wait_ms(self) -> int:
        """What the far end waits before it first plays."""
        return FIRST_WAIT_MS[self.far_end]

    def stall(self, ms: int) -> None:
        """Nothing comes for so long, then all of it at once."""
        self.now = round(self.now + ms / 1000, 6)
        self._pass_time()
        for at in range(0, ms, 20):
            self.receive(self.platform.media(noise(20, -62, seed=at)))

    def listen(self, caller: bytes, *, echo_db: float | None = None, delay_ms: int = 0) -> None:
        """The person's audio, in real time; with `echo_db` our prompts come back, softer and later."""
        for at in range(0, len(caller), pcm.FRAME_BYTES):
            frame = caller[at : at + pcm.FRAME_BYTES].ljust(pcm.FRAME_BYTES, b"\0")
            if echo_db is not None:
                frame = mix_at(frame, self._echo(echo_db, delay_ms), 0)
            self.now = round(self.now + 0.02, 6)
            self._pass_time()
            step = self.receive(self.platform.media(frame))
            if step.vad_audio:
                due = self.now + self._vad_ms / 1000
                self._answers.append((due, step.vad_audio.utterance, self.vad.probabilities(step.vad_audio)))

    def _echo(self, db: float, delay_ms: int) -> bytes:
        at = (self.ms - self.first_wait_ms - delay_ms) * 16
        until = None if self.cleared_ms is None else (self.cleared_ms - self.first_wait_ms) * 16
        heard = self._played[:until]
        if at <= -pcm.FRAME_BYTES:
            return b""
        piece = heard[max(0, at) : at + pcm.FRAME_BYTES]
        return louder(bytes(max(0, -at)) + piece, db)

    def _pass_time(self) -> None:
        due = [answer for answer in self._answers if answer[0] <= self.now]
        self._answers = [answer for answer in self._answers if answer[0] > self.now]
        for at, utterance, probabilities in due:
            self.keep(self.talk.speech(utterance, probabilities, at))
        self.play()
        if self.wake_at is not None and self.wake_at <= self.now:
            self.keep(self.talk.wake(self.now))

    def keep(self, step: Step) -> Step:
        if any('"clear"' in frame for frame in step.frames):
            self.cleared_ms = self.ms
        return super().keep(step)


def prompt(text: str = PROMPT, *, barge_in: BargeIn = SPEECH_CUTS, name: str = "Prompt") -> Play:
    return Play(name, spoken(text, "hi"), barge_in)
