"""espeak-ng as a voice: as it is installed, else the library of the espeakng-loader wheel.

Where it is installed its library is used, which speaks a short sentence in 2 ms of a core; the program takes
12 ms to start. Both run in a process of their own and every wait is bounded. `python -m calls.speech.espeak`
speaks JSON lines `{"text", "language", "path"}` from stdin into 8 kHz WAV files, for programs that import
nothing here.
"""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from ctypes.util import find_library
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Final, Protocol

import espeakng_loader
import numpy as np

from calls.audio import wav
from calls.speech import espeak_library
from calls.speech.helper_process import Child, ChildError
from calls.speech.voice import MOST_TEXT, Description, SpeechError, Voice, VoiceUnavailable, telephone_audio

VOICES: Final = {
    "hi": "hi",
    "gu": "gu",
    "ta": "ta",
    "mr": "mr",
    "te": "te",
    "kn": "kn",
    "ml": "ml",
    "bn": "bn",
    "pa": "pa",
    "or": "or",
    "as": "as",
    "ur": "ur",
    "en": "en-gb-x-rp",
}
"""Language to espeak voice. There is no Indian English; received pronunciation is the nearest."""

_DOTTED: Final = {"\u09af\u09bc": "\u09df", "\u09a1\u09bc": "\u09dc", "\u09a2\u09bc": "\u09dd"}
"""Bengali and Assamese letters that are written as one character, or as a letter and a dot (NFC)."""

WORDS_A_MINUTE: Final = 140
"""Below espeak's 175: a synthetic voice on a telephone needs the time."""
TIMEOUT_S: Final = 8.0


class Engine(Protocol):
    """One way to run espeak."""

    @property
    def version(self) -> str:
        """Return which espeak it is; another one speaks otherwise."""
        ...

    def speak(self, text: str, voice: str) -> tuple[bytes, int]:
        """Return (s16le mono, rate in Hz). Raises `SpeechError`."""
        ...


class ProgramEngine:
    """The `espeak-ng` program, one short process a text."""

    def __init__(self, program: str) -> None:
        self._program = program

    @cached_property
    def version(self) -> str:
        """Return what the program says of its version; "unknown" if it says nothing within 8 s."""
        try:
            said = subprocess.run(
                [self._program, "--version"], capture_output=True, timeout=TIMEOUT_S, check=True
            ).stdout
        except (subprocess.SubprocessError, OSError):
            return "unknown"
        # "eSpeak NG text-to-speech: 1.52.0  Data at: /usr/lib/…": the folder is of no account.
        return said.decode(errors="replace").partition("Data at")[0].strip()[-40:]

    def speak(self, text: str, voice: str) -> tuple[bytes, int]:
        """Return (s16le mono, rate in Hz). Raises `SpeechError` if the program fails or takes over 8 s."""
        command = [self._program, "-v", voice, "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True
            )
            audio, rate, _ = wav.unwrap(done.stdout)
        except subprocess.TimeoutExpired:
            raise VoiceUnavailable(
                f"The espeak-ng program did not answer within {TIMEOUT_S:.0f} s."
            ) from None
        except (subprocess.CalledProcessError, OSError, wav.WavError) as error:
            raise VoiceUnavailable(f"The espeak-ng program failed ({type(error).__name__}).") from error
        return audio, rate


class LibraryEngine:
    """The library in one long-lived child process; a new one is started when it fails.

    That of the wheel, or the one `installed` beside a program, with the data it was built for.
    """

    def __init__(self, installed: str = "", *, program: ProgramEngine | None = None) -> None:
        self._library, self._program = installed, program
        self._lock = threading.Lock()
        self._child: Child | None = None

    @cached_property
    def version(self) -> str:
        """Return the version of the program beside the library, or of the package that brings it."""
        if self._program:
            return f"{self._program.version} library"
        return f"espeakng-loader {metadata.version('espeakng-loader')}"

    def speak(self, text: str, voice: str) -> tuple[bytes, int]:
        """Return (s16le mono, rate in Hz), after the texts of other threads.

        Raises `SpeechError` if the library refuses the text, or the process fails or takes over 8 s.
        """
        with self._lock:
            try:
                if self._child is None:
                    library = self._library or espeakng_loader.get_library_path()
                    data = "" if self._library else espeakng_loader.get_data_path()
                    script = str(Path(espeak_library.__file__))
                    # Isolated and without site-packages, so that it is up in some 20 ms.
                    command = [sys.executable, "-I", "-S", script, library, data, str(WORDS_A_MINUTE)]
                    self._child = Child(command)
                head, audio = self._child.ask({"text": text, "voice": voice}, timeout=TIMEOUT_S)
            except ChildError as error:
                self._drop()
                raise VoiceUnavailable(f"The speech process failed: {error}.") from error
        if "error" in head:
            raise SpeechError(f"The text could not be spoken: {head['error']}.")
        return audio, int(head["rate"])

    def close(self) -> None:
        """Kill the child process, after the text it is at; a later `speak` starts another."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()


def find_engine() -> Engine:
    """Return what is installed: the library with its program, the program alone; else the wheel's library."""
    found, library = shutil.which("espeak-ng"), find_library("espeak-ng")
    if not found:
        return LibraryEngine()
    program = ProgramEngine(found)
    return LibraryEngine(library, program=program) if library else program


class EspeakVoice:
    """A `Voice` for the languages of `VOICES`."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or find_engine()

    @property
    def identity(self) -> str:
        """Return the engine, its version, its speed in words a minute, and how texts are prepared for it."""
        return f"espeak-ng {self._engine.version} {WORDS_A_MINUTE} b"

    def synthesise(self, text: str, language: str) -> bytes:
        """Return s16le mono at 8 kHz and about -16 dBFS.

        Raises `SpeechError` for an unknown language, an empty or too long text, and when the engine fails.
        """
        voice = VOICES.get(language.lower().replace("_", "-").partition("-")[0])
        if voice is None:
            raise SpeechError(f"There is no voice for the language “{language[:20]}”.")
        plain = " ".join(text.replace("\0", " ").split())
        if not plain:
            raise SpeechError("There is nothing to say: the text is empty.")
        if len(plain) > MOST_TEXT:
            raise SpeechError(f"The text is longer than {MOST_TEXT} characters.")
        raw, rate = self._engine.speak(pronounceable(plain, voice), voice)
        audio = telephone_audio(np.frombuffer(raw[: len(raw) & ~1], dtype="<i2").astype(np.int16), rate)
        if not audio:
            raise SpeechError("The voice made no sound of the text.")
        return audio

    def close(self) -> None:
        """Kill the process that runs for this voice, if there is one."""
        if isinstance(self._engine, LibraryEngine):
            self._engine.close()


def make(description: Description) -> EspeakVoice:
    """Return the voice; its description says nothing but the kind."""
    return EspeakVoice()


def pronounceable(text: str, voice: str) -> str:
    """Return `text` in the form that espeak-ng reads rightly; only Bengali and Assamese change.

    Seen in 1.51: it spells an Assamese word out if one of its letters is a letter and a dot (দ্বিতীয় as nine
    names of signs), and ন, nine, by the letter's name. Of a Bengali one it swallows the vowel behind (জানুয়ারি
    without its আ, কুড়ি without its ই), but says a final য় of one character with a vowel too many.
    """
    if voice == "as":
        text = re.sub(r"(?<!\w)\u09a8(?![\w\u0981-\u09cd])", "\u09a8\u0985", text)
    if voice in ("as", "bn"):
        for dotted, letter in _DOTTED.items():
            text = text.replace(dotted, letter)
    return re.sub("\u09df(?![\u09be-\u09cc])", "\u09af\u09bc", text) if voice == "bn" else text


def speak_lines(lines: Iterable[str], voice: Voice) -> int:
    """Write a WAV file for each JSON line; return how many. Raises `SpeechError` at the first that fails."""
    count = 0
    for line in lines:
        request = json.loads(line)
        audio = voice.synthesise(request["text"], request["language"])
        Path(request["path"]).write_bytes(wav.wrap(audio))
        count += 1
    return count


def main() -> None:
    """Speak the JSON lines on stdin; exit with 1 and a sentence at the first that cannot be spoken."""
    voice = EspeakVoice()
    try:
        speak_lines(sys.stdin, voice)
    except SpeechError as error:
        sys.exit(str(error))
    finally:
        voice.close()


if __name__ == "__main__":
    main()
