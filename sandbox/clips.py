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

from calls.audio import pcm, wav
from calls.audio.dtmf import beep
from calls.audio.resample import resample

log = logging.getLogger("sandbox.clips")
SYNTHESIS_SECONDS = 120
FALLBACK_LANGUAGE = "hi"
TONES_HZ = (440, 520, 480)
LONGEST_CLIP_MS = 30_000

TEXTS: dict[str, dict[str, str]] = {
    "hello": {"hi": "हैलो", "en": "Hello?", "gu": "હેલો", "ta": "ஹலோ"},
    "haan_ji": {"hi": "हाँ जी", "en": "Yes, please.", "gu": "હા જી", "ta": "ஆமாம்"},
    "voicemail_greeting": {
        "hi": "आप जिस व्यक्ति को कॉल कर रहे हैं वह उपलब्ध नहीं है। कृपया बीप के बाद अपना संदेश छोड़ें।",
        "en": "The person you are calling is not available. Please leave a message after the beep.",
        "gu": "તમે જે વ્યક્તિને ફોન કર્યો છે તે હાજર નથી. બીપ પછી તમારો સંદેશ મૂકો.",
        "ta": "நீங்கள் அழைத்தவர் இப்போது இல்லை. ஒலிக்குப் பிறகு உங்கள் செய்தியை விடுங்கள்.",
    },
}


def path_of(folder: Path, name: str, language: str) -> Path:
    return folder / language / f"{name}.wav"


def wanted(folder: Path) -> Iterator[dict[str, str]]:
    """One synthesis request for each clip and language."""
    for name, texts in TEXTS.items():
        for language, text in texts.items():
            yield {"text": text, "language": language, "path": str(path_of(folder, name, language))}


def make(folder: Path, program: list[str] | None = None) -> list[str]:
    """Make the clips that are missing; returns those that could not be made, as `language/name`."""
    missing = [request for request in wanted(folder) if not Path(request["path"]).exists()]
    for request in missing:
        Path(request["path"]).parent.mkdir(parents=True, exist_ok=True)
    if missing:
        _synthesise(missing, program or [sys.executable, "-m", "calls.speech.espeak"])
    left = [Path(request["path"]) for request in wanted(folder) if not Path(request["path"]).exists()]
    return [f"{path.parent.name}/{path.stem}" for path in left]


def _synthesise(requests: list[dict[str, str]], program: list[str]) -> None:
    lines = "".join(json.dumps(request, ensure_ascii=False) + "\n" for request in requests)
    try:
        done = subprocess.run(
            program, input=lines.encode(), capture_output=True, timeout=SYNTHESIS_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("Speech synthesis did not run (%s); people use tones instead.", type(error).__name__)
        return
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        log.warning("Speech synthesis ended with %s: %s", done.returncode, last[0][:200])


class Library:
    """The clips in memory as 8 kHz PCM; read once each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sounds: dict[tuple[str, str], bytes] = {}
        self._told = False

    def speaker(self, language: str) -> Callable[[str], bytes]:
        """How a person of this language sounds: clip name → PCM."""
        return lambda name: self.sound(name, language)

    def sound(self, name: str, language: str) -> bytes:
        """The clip in the language, else in Hindi, else as tones."""
        key = (name, language)
        if key not in self._sounds:
            read = self._read(name, language) or self._read(name, FALLBACK_LANGUAGE)
            self._sounds[key] = pcm.decode_ulaw(pcm.encode_ulaw(read or self._tones(name)))
        return self._sounds[key]

    def _read(self, name: str, language: str) -> bytes | None:
        path = path_of(self._folder, name, language)
        if not language.isalnum() or not path.is_file():
            return None
        try:
            return _telephone(wav.unwrap(path.read_bytes()))
        except wav.WavError as error:
            log.warning("The clip %s/%s cannot be read: %s", language, name, error)
            return None

    def _tones(self, name: str) -> bytes:
        if not self._told:
            self._told = True
            log.warning(
                "No clip '%s' was found; people use tones. `manage.py sandbox_clips` makes them.", name
            )
        return b"".join(beep(180, hz=hz) for hz in TONES_HZ)


def _telephone(sound: wav.Wav) -> bytes:
    """8 kHz mono, at most 30 seconds."""
    samples = pcm.to_array(sound.pcm)[:: sound.channels]
    if sound.rate != pcm.SAMPLE_RATE:
        samples = resample(samples, sound.rate, pcm.SAMPLE_RATE)
    return pcm.to_bytes(samples)[: LONGEST_CLIP_MS * 16]
