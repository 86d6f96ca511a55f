"""Spoken audio kept on disk: the same sentence is synthesised once."""

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from pathlib import Path
from typing import Final

from calls.audio import wav
from calls.speech.voice import Voice

DEFAULT_BYTES: Final = 512 * 1024 * 1024
_LOOK_EVERY: Final = 64
_KEEP: Final = 0.8


class CachedVoice:
    """A `Voice` before which a directory is looked at. Files appear whole or not at all.

    Many processes may share the directory. When it outgrows `most_bytes`, the files unused for longest go.
    A file that cannot be read or written costs time, never a call.
    """

    def __init__(self, voice: Voice, directory: Path, *, most_bytes: int = DEFAULT_BYTES) -> None:
        self._voice, self._directory, self._most_bytes = voice, directory, most_bytes
        self._lock = threading.Lock()
        self._written = 0

    @property
    def identity(self) -> str:
        return self._voice.identity

    def synthesise(self, text: str, language: str) -> bytes:
        """As `Voice.synthesise`; a hit starts no process."""
        path = self._path(text, language)
        found = _read(path)
        if found is not None:
            return found
        audio = self._voice.synthesise(text, language)
        with contextlib.suppress(OSError):
            self._write(path, audio)
        return audio

    def _path(self, text: str, language: str) -> Path:
        key = json.dumps([self._voice.identity, language, text]).encode()
        name = hashlib.sha256(key).hexdigest()
        return self._directory / name[:2] / f"{name}.wav"

    def _write(self, path: Path, audio: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(wav.wrap(audio))
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
        with self._lock:
            due = self._written % _LOOK_EVERY == 0
            self._written += 1
        if due:
            self.prune()

    def prune(self) -> None:
        """Bring the directory below its limit, oldest use first."""
        files = sorted(_files(self._directory))
        total = sum(size for _, size, _ in files)
        if total <= self._most_bytes:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            total -= size
            if total <= self._most_bytes * _KEEP:
                return


def _files(directory: Path) -> list[tuple[float, int, Path]]:
    """(last use, size, path); files that vanish meanwhile are left out."""
    found = []
    for path in directory.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            state = path.stat()
            found.append((state.st_mtime, state.st_size, path))
    return found


def _read(path: Path) -> bytes | None:
    try:
        audio = wav.unwrap(path.read_bytes()).pcm
        os.utime(path)
    except (OSError, wav.WavError):
        return None
    return audio or None
