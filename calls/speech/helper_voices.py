"""Voices that speak in helper processes (`speaker`), a few at a time."""

import contextlib
import queue
import sys
import time
from pathlib import Path
from typing import Final

from calls.speech.helper_process import Child, ChildError
from calls.speech.kinds import Description
from calls.speech.voice import VoiceUnavailable, refusal

TIMEOUT_S: Final = 12.0
"""For one text; a voice's own limit is shorter."""
WAIT_S: Final = 10.0
"""For a process that is free."""
_ROOT: Final = Path(__file__).resolve().parents[2]
_COMMAND: Final = (sys.executable, "-m", "calls.speech.speaker")


class HelperVoices:
    """So many helper processes, each started when it is first needed, and again after one that failed.

    Safe for several threads. The caller's process synthesises nothing.
    """

    def __init__(self, processes: int = 2) -> None:
        self._count = processes
        self._free: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(processes):
            self._free.put(None)

    def synthesise(
        self, voice: Description, text: str, language: str, *, within: float | None = None
    ) -> bytes:
        """Return int16 mono PCM at 8 kHz by the voice described.

        Raises `SpeechError` as that voice does, and `VoiceUnavailable` if no process is free within 10 s, or
        if one dies or takes over 12 s, or if both together take over `within` seconds.
        """
        until = time.monotonic() + (WAIT_S + TIMEOUT_S if within is None else within)
        try:
            child = self._free.get(timeout=max(0.0, min(WAIT_S, until - time.monotonic())))
        except queue.Empty:
            raise VoiceUnavailable("Too many sentences wait to be spoken.") from None
        kept = None
        try:
            child = child or Child(_COMMAND, folder=_ROOT)
            request = {"voice": dict(voice), "text": text, "language": language}
            head, audio = child.ask(request, timeout=min(TIMEOUT_S, until - time.monotonic()))
            kept = child
        except ChildError as error:
            if child:
                child.close()
            raise VoiceUnavailable(f"The speech process failed: {error}.") from error
        finally:
            self._free.put(kept)
        if "error" in head:
            raise refusal(str(head["error"]), passing=bool(head.get("passing")))
        return audio

    def close(self) -> None:
        """Kill the processes that are free; those that speak are killed after their text, or with ours."""
        with contextlib.suppress(queue.Empty):
            for _ in range(self._count):
                if child := self._free.get_nowait():
                    child.close()
