"""The people's voices: short clips made at set-up by speech synthesis, through G.711 μ-law as on a line.

They are made by `python -m calls.speech.espeak`, run as a program (the sandbox imports nothing of `calls` but
protocol and audio). Without it a clip is a sequence of tones: the call goes on, and one line says so.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import yaml

from calls.audio import pcm, wav
from calls.audio.dtmf import beep
from calls.audio.framing import Framer
from calls.audio.resample import resample
from sandbox.line.leg import SILENT_FRAME

log = logging.getLogger("sandbox.platform.clips")
SYNTHESIS_SECONDS = 120
FALLBACK_LANGUAGE = "hi"
TONES_HZ = (440, 520, 480)
LONGEST_CLIP_MS = 30_000

TEXTS_FILE = Path(__file__).parent / "clips.yaml"
TEXTS: dict[str, dict[str, str]] = yaml.safe_load(TEXTS_FILE.read_text(encoding="utf-8"))
"""What each clip says, by language."""
MACHINES = {"fax_tone": beep(3000, hz=2100)}
"""Machines sound the same in every language: a fax answers with 2,100 Hz for about three seconds (T.30)."""
NOISE_S = 2
KNEE_HZ = 300


def path_of(folder: Path, name: str, language: str) -> Path:
    """Return where a clip is kept, whether it exists or not."""
    return folder / language / f"{name}.wav"


def wanted(folder: Path) -> Iterator[dict[str, str]]:
    """Yield one synthesis request for each clip and language."""
    for name, texts in TEXTS.items():
        for language, text in texts.items():
            yield {"text": text, "language": language, "path": str(path_of(folder, name, language))}


def make(folder: Path, program: list[str] | None = None) -> list[str]:
    """Make the clips that are missing. Returns those that could not be made, as `language/name`."""
    missing = [request for request in wanted(folder) if not Path(request["path"]).exists()]
    for request in missing:
        Path(request["path"]).parent.mkdir(parents=True, exist_ok=True)
    if missing:
        program = program or [sys.executable, "-m", "calls.speech.espeak"]
        lines = "".join(json.dumps(request, ensure_ascii=False) + "\n" for request in missing)
        try:
            done = subprocess.run(
                program, input=lines.encode(), capture_output=True, timeout=SYNTHESIS_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("Speech synthesis did not run (%s); people use tones instead.", type(error).__name__)
        else:
            if done.returncode:
                last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
                log.warning("Speech synthesis ended with %s: %s", done.returncode, last[0][:200])
    left = [Path(request["path"]) for request in wanted(folder) if not Path(request["path"]).exists()]
    return [f"{path.parent.name}/{path.stem}" for path in left]


class Library:
    """Keep the clips in memory as 8 kHz PCM; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sounds: dict[tuple[str, str], bytes] = {}
        self._noises: dict[float, tuple[bytes, ...]] = {}
        self._has_warned = False

    def speaker(self, language: str) -> Callable[[str], bytes]:
        """Return how a person of this language sounds: clip name → PCM."""
        return lambda name: self.sound(name, language)

    def sound(self, name: str, language: str) -> bytes:
        """Return the clip in the language, else in Hindi, else as tones."""
        key = (name, language)
        if key not in self._sounds:
            read = MACHINES.get(name) or self._read(name, language) or self._read(name, FALLBACK_LANGUAGE)
            if not read and not self._has_warned:
                self._has_warned = True
                log.warning(
                    "No clip '%s' was found; people use tones. `manage.py sandbox_clips` makes them.", name
                )
            self._sounds[key] = _over_the_line(read or b"".join(beep(180, hz=hz) for hz in TONES_HZ))
        return self._sounds[key]

    def background(self, dbfs: float | None) -> tuple[bytes, ...]:
        """Return noise of this level (None: silence) as 20 ms frames, to be played in a loop.

        It is that of traffic and wind, strongest below KNEE_HZ, and the same in every run.
        """
        if dbfs is None:
            return (SILENT_FRAME,)
        if dbfs not in self._noises:
            size = NOISE_S * pcm.SAMPLE_RATE
            spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(size))
            spectrum /= 1 + np.fft.rfftfreq(size, 1 / pcm.SAMPLE_RATE) / KNEE_HZ
            noise = np.fft.irfft(spectrum, size)
            level = 32768 * 10 ** (dbfs / 20) / np.sqrt(np.mean(noise**2))
            sound = _over_the_line(pcm.to_bytes(noise * level))
            self._noises[dbfs] = tuple(Framer(pcm.FRAME_BYTES).push(sound))
        return self._noises[dbfs]

    def _read(self, name: str, language: str) -> bytes | None:
        """Return a clip as 8 kHz mono, at most 30 seconds; None if there is none that can be read."""
        path = path_of(self._folder, name, language)
        if not language.isalnum() or not path.is_file():
            return None
        try:
            sound = wav.unwrap(path.read_bytes())
        except wav.WavError as error:
            log.warning("The clip %s/%s cannot be read: %s", language, name, error)
            return None
        samples = pcm.to_array(sound.pcm)[:: sound.channels]
        if sound.rate != pcm.SAMPLE_RATE:
            samples = resample(samples, sound.rate, pcm.SAMPLE_RATE)
        return pcm.to_bytes(samples)[: LONGEST_CLIP_MS * 16]


def _over_the_line(sound: bytes) -> bytes:
    """Return the sound as G.711 μ-law leaves it."""
    return pcm.decode_ulaw(pcm.encode_ulaw(sound))
