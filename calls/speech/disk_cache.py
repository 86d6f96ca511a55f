"""Keep spoken audio on disk, so that a sentence is synthesised once.

    texts/ab/KEY.wav           what is said to many people
    people/ab/PERSON/KEY.wav   what holds one person's values; the person's erasure deletes the folder
    pieces/ab/KEY.wav          the same file (a hard link) for those who hear the same: it goes with the last

KEY is a keyed hash of voice, level, language and text, PERSON the person's pseudonym: a name tells nothing to
a reader without the secret. Files appear whole or not at all, by renaming, so several processes, and several
machines that mount the folder, may read and write it at once.
"""

import contextlib
import hmac
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from calls.audio import wav
from calls.speech.voice import LEVEL

DEFAULT_BYTES: Final = 2048 * 1024 * 1024
"""Some 35 hours: the personal pieces of a quarter of an hour at 600 calls a minute are 25 hours."""
_PRUNE_EVERY: Final = 1000
"""Files written by this process between two looks at the directory's size."""
_KEEP: Final = 0.8
"""Of the limit: how far a full directory is emptied."""


class SpeechCache:
    """Speech in a directory, which many processes may share.

    When it outgrows `most_bytes`, the files unused for longest are deleted; so are files unused for
    `most_seconds`, for they speak names and amounts. A file that cannot be read is absent, and one that
    cannot be written is not kept; neither is an error.
    """

    def __init__(
        self,
        directory: Path,
        *,
        secret: str,
        most_bytes: int = DEFAULT_BYTES,
        most_seconds: float = float("inf"),
    ) -> None:
        self._directory, self._secret = directory, secret.encode()
        self._most_bytes, self._most_seconds = most_bytes, most_seconds
        self._lock = threading.Lock()
        self._written = 0

    def path(self, voice: str, text: str, language: str, *, whose: str = "") -> Path:
        """Return where a sentence lies, by the voice's identity; `whose`: the person's pseudonym."""
        key = json.dumps([voice, LEVEL, language, text]).encode()
        name = hmac.digest(self._secret, key, "sha256").hex()
        folder = folder_of(self._directory, whose) if whose else self._directory / "texts" / name[:2]
        return folder / f"{name}.wav"

    def find(self, path: Path) -> bytes | None:
        """Return the audio of a file (int16 mono 8 kHz), None if there is none. Counts as use."""
        with contextlib.suppress(OSError, wav.WavError):
            found = wav.unwrap(path.read_bytes()).pcm
            os.utime(path)
            return found or None
        return None

    def holds(self, path: Path) -> bool:
        """Return whether the file is there; its audio is not read. Counts as use."""
        with contextlib.suppress(OSError):
            os.utime(path)
            return True
        return False

    def keep(self, path: Path, audio: bytes) -> None:
        """Write a file, unless the disk refuses; now and then, delete what is too old or too much."""
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
            if (shared := self._shared(path)) is not None:
                shared.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, shared)

    def share(self, path: Path) -> bool:
        """Give a person a piece that another person has; return whether it lies there now."""
        with contextlib.suppress(OSError):
            if not path.exists() and (shared := self._shared(path)) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(shared, path)
        return self.holds(path)

    def _shared(self, path: Path) -> Path | None:
        """Return where a person's piece lies for all who hear the same, None for a path of `texts`."""
        is_personal = path.is_relative_to(self._directory / "people")
        return self._directory / "pieces" / path.name[:2] / path.name if is_personal else None

    def prune(self) -> None:
        """Delete files unused for too long; then, if the rest exceeds `most_bytes`, down to 80 % of it.

        Raises `OSError` if a file cannot be deleted.
        """
        delete_unused(self._directory, self._most_seconds)
        files = sorted((used, size, path) for path, used, size in _files(self._directory))
        total = sum(size for _, size, _ in files)
        if total <= self._most_bytes:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            total -= size
            if total <= self._most_bytes * _KEEP:
                break
        _delete_unowned(self._directory)


def folder_of(directory: Path, whose: str) -> Path:
    """Return the folder of one person's pieces, by the person's pseudonym. Raises `ValueError` for a path."""
    if not whose.isalnum():
        raise ValueError("A pseudonym is letters and digits.")
    return directory / "people" / whose[-2:] / whose


def forget(directory: Path, whose: str) -> int:
    """Delete one person's pieces; return how many. Raises `OSError` if one cannot be deleted."""
    folder = folder_of(directory, whose)
    names = [path.name for path in folder.glob("*.wav")]
    if folder.exists():
        shutil.rmtree(folder)
    _delete_unowned(directory, names)
    return len(names)


def people_of(directory: Path) -> list[str]:
    """Return the pseudonyms of the people whose pieces a cache holds."""
    return [folder.name for folder in directory.glob("people/*/*")]


def delete_unused(directory: Path, seconds: float) -> int:
    """Delete files of a cache that were not used for so long, and people's empty folders; return how many
    files.

    Ages of files are the machine's time. Raises `OSError` if a file cannot be deleted.
    """
    deleted = 0
    for path, used, _ in _files(directory):
        if time.time() - used > seconds:
            path.unlink(missing_ok=True)
            deleted += 1
    for folder in directory.glob("people/*/*"):
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
    _delete_unowned(directory)
    return deleted


def _delete_unowned(directory: Path, names: Iterable[str] | None = None) -> None:
    """Delete pieces that no person has any more: of these names, of all without any."""
    pieces = directory / "pieces"
    found = pieces.glob("*/*.wav") if names is None else (pieces / name[:2] / name for name in names)
    for path in found:
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_nlink == 1:
                path.unlink()


def _files(directory: Path) -> Iterator[tuple[Path, float, int]]:
    """Yield (path, time of last use, its share of the size) of every file, those of earlier layouts too."""
    for path in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # deleted by another process since
            if path.is_file():
                state = path.stat()
                yield path, state.st_mtime, state.st_size // state.st_nlink
