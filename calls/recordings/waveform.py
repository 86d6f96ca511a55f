"""A recording as a drawing: a curve a side, and above the time the prompts and marks of the log. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calls.audio.wav import unwrap

COLUMNS = 400
HEIGHT = 54
#: The quietest drawn line, so that silence is seen as a line and not as a gap.
FLOOR = 0.02

MARK_TONES = {
    "clear": "warn",
    "key": "live",
    "answer": "ok",
    "outcome": "ok",
    "callback": "ok",
    "booking": "ok",
    "opt_out": "bad",
    "problem": "bad",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the log, as far as a drawing needs it."""

    kind: str
    at_ms: int
    text: str
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class DrawnSpan:
    """Something between two moments, or at one, in per cent of the recording."""

    start: str
    width: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Waveform:
    """Paths in a box of `COLUMNS` by `HEIGHT`; `right` is empty for a mono recording."""

    left: str
    right: str
    prompts: Sequence[DrawnSpan]
    marks: Sequence[DrawnSpan]
    scale: Sequence[int]
    duration_ms: int


def draw(recording: bytes, entries: Iterable[Happened]) -> Waveform:
    """Return the waveform of a WAV file, with the entries of its call. Raises `WavError` when it is none."""
    wav = unwrap(recording)
    samples = np.frombuffer(wav.pcm, dtype="<i2").reshape(-1, wav.channels)
    duration_ms = len(samples) * 1000 // wav.rate
    prompts, marks = [], []
    started: dict[str, int] = {}
    for entry in entries:
        if entry.kind in MARK_TONES:
            marks.append(_drawn(entry.at_ms, entry, duration_ms))
        elif entry.kind == "prompt":
            started[entry.prompt] = entry.at_ms
        elif entry.kind == "heard" and entry.prompt in started:  # to its end, or cut off
            prompts.append(_drawn(started.pop(entry.prompt), entry, duration_ms))
    return Waveform(
        left=_path(_peaks(samples[:, 0])),
        right=_path(_peaks(samples[:, 1])) if wav.channels > 1 else "",
        prompts=prompts,
        marks=marks,
        scale=[duration_ms * part // 4 for part in range(5)],
        duration_ms=duration_ms,
    )


def _peaks(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Return the loudest sample of each column, 0 to 1."""
    if not len(samples):
        return np.zeros(COLUMNS)
    loud = np.abs(samples.astype(np.int32))
    edges = np.linspace(0, len(loud), COLUMNS, endpoint=False).astype(int)
    peaks: npt.NDArray[np.float64] = np.maximum.reduceat(loud, edges) / 32768
    return peaks


def _path(peaks: npt.NDArray[np.float64]) -> str:
    """Return upright bars as one SVG path; the square root lets quiet speech be seen."""
    heights = np.sqrt(np.maximum(peaks, FLOOR**2)) * HEIGHT
    return "".join(
        f"M{column},{(HEIGHT - height) / 2:.1f}v{height:.1f}h.6v-{height:.1f}z"
        for column, height in enumerate(heights.tolist())
    )


def _drawn(start_ms: int, entry: Happened, duration_ms: int) -> DrawnSpan:
    """Return what is drawn from `start_ms` to the entry."""
    whole = max(duration_ms, 1)
    start, end = (min(100.0, 100 * moment / whole) for moment in (start_ms, entry.at_ms))
    return DrawnSpan(f"{start:.2f}%", f"{end - start:.2f}%", MARK_TONES.get(entry.kind, "calm"), entry.text)
