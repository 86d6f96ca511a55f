"""Keep spoken audio on disk, so that a sentence is synthesised once."""

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from calls.audio import wav
from calls.speech.voice import Voice

DEFAULT_BYTES: Final = 512 * 1024 * 1024
_PRUNE_EVERY: Final = 64
"""Files written by this process between two looks at the directory's size."""
_KEEP: Final = 0.8
"""Of the limit: how far a full directory is emptied."""


class CachedVoice:
    """A `Voice` that looks in a directory of WAV files first. Files appear whole or not at all.

    Many processes may share the directory. When it outgrows `most_bytes`, the files unused for longest are
    deleted; so are files unused for `most_seconds`, for they speak names and amounts. A file that cannot be
    read or written is synthesised again, and no error.
    """

    def __init__(
        self,
        voice: Voice,
        directory: Path,
        *,
        most_bytes: int = DEFAULT_BYTES,
        most_seconds: float = float("inf"),
    ) -> None:
        self._voice, self._directory = voice, directory
        self._most_bytes, self._most_seconds = most_bytes, most_seconds
        self._lock = threading.Lock()
        self._written = 0

    @property
    def identity(self) -> str:
        """Return the identity of the voice behind the cache."""
        return self._voice.identity

    def synthesise(self, text: str, language: str) -> bytes:
        """Return the file's audio, else synthesise and keep it. Raises `SpeechError` as the voice does."""
        key = json.dumps([self._voice.identity, language, text]).encode()
        name = hashlib.sha256(key).hexdigest()
        path = self._directory / name[:2] / f"{name}.wav"
        with contextlib.suppress(OSError, wav.WavError):
            found = wav.unwrap(path.read_bytes()).pcm
            os.utime(path)
            if found:
                return found
        audio = self._voice.synthesise(text, language)
        with contextlib.suppress(OSError):
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
                is_prune_due = self._written % _PRUNE_EVERY == 0
                self._written += 1
            if is_prune_due:
                self.prune()
        return audio

    def prune(self) -> None:
        """Delete files unused for too long; then, if the rest exceeds `most_bytes`, down to 80 % of it.

        Raises `OSError` if a file cannot be deleted.
        """
        delete_unused(self._directory, self._most_seconds)
        files = []
        for path in self._directory.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # deleted by another process since
                state = path.stat()
                files.append((state.st_mtime, state.st_size, path))
        files.sort()
        total = sum(size for _, size, _ in files)
        if total <= self._most_bytes:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            total -= size
            if total <= self._most_bytes * _KEEP:
                return


def delete_unused(directory: Path, seconds: float) -> int:
    """Delete files of a cache that were not used for so long; return how many.

    Ages of files are the machine's time. Raises `OSError` if a file cannot be deleted.
    """
    deleted = 0
    for path in directory.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):  # deleted by another process since
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink()
                deleted += 1
    return deleted
