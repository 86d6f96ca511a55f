"""Keep recently used audio in memory: most calls of a campaign say the same sentences."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

MOST_BYTES: Final = 64 * 1024 * 1024
"""Over an hour of speech at 8 kHz."""


class Recent:
    """At most `most_bytes` of audio; the least recently used goes first. Safe for any thread.

    The media loop calls `get`, so that takes no lock: each step of it is one operation of the interpreter.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._size = most_bytes, 0
        self._audio: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """Return the audio, None if it is not kept. Never waits."""
        found = self._audio.get(key)
        if found is not None:
            with contextlib.suppress(KeyError):  # evicted by another thread since
                self._audio.move_to_end(key)
        return found

    def put(self, key: Hashable, audio: bytes) -> bytes:
        """Keep the audio and return it; may wait for another thread's `put`."""
        with self._lock:
            self._size += len(audio) - len(self._audio.pop(key, b""))
            self._audio[key] = audio
            while self._size > self._most_bytes:
                self._size -= len(self._audio.popitem(last=False)[1])
        return audio
