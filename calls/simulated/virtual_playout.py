"""PURE: agent audio of a simulated call: prompts are lengths of time, heard one after the other, exactly."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from calls.audio.pcm import duration_ms
from calls.conversation.playout import Playout, PromptFinished, PromptResult


class Begun(NamedTuple):
    """A prompt that began to be heard. `at` in seconds."""

    key: str
    name: str
    total_ms: int
    at: float


@dataclass(slots=True)
class _Timed:
    key: str
    name: str
    ms: int | None
    began: float | None = None

    @property
    def end(self) -> float | None:
        return None if self.began is None or self.ms is None else self.began + self.ms / 1000


class VirtualPlayout(Playout):
    """What `Playout` tells an agent's runner, of prompts whose lengths are known and that nothing delays.

    A prompt without a length holds up those behind it, as one whose audio is still being made.
    """

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._prompts_in_line: deque[_Timed] = deque()
        self._over: list[PromptFinished] = []
        self._lengths: dict[str, int] = {}
        self.begun: list[Begun] = []
        self.over: list[PromptFinished] = []
        """All that is over, in order."""

    def add(self, name: str, pcm: bytes | None = None) -> str:
        """Queue a prompt; its length is that of its audio, or comes by `set_length`. Return its key."""
        self._count += 1
        key = str(self._count)
        self._prompts_in_line.append(_Timed(key, name, None if pcm is None else duration_ms(pcm)))
        return key

    def name_of(self, key: str) -> str:
        """Return the name of a prompt in the queue; empty if it is not there."""
        return next((prompt.name for prompt in self._prompts_in_line if prompt.key == key), "")

    def set_length(self, key: str, ms: int) -> None:
        """Say how long a prompt is that `fill` will be called for."""
        self._lengths[key] = ms

    def fill(self, key: str, pcm: bytes) -> bool:
        """Take it that the audio of a prompt is there. Return False if it is not waited for any more."""
        prompt = self._waiting(key)
        if prompt is not None:
            prompt.ms = self._lengths.pop(key, duration_ms(pcm))
        return prompt is not None

    def fail(self, key: str) -> str | None:
        """Take a prompt without a length out of the queue. Return its name; None if it is not there."""
        prompt = self._waiting(key)
        if prompt is None:
            return None
        self._prompts_in_line.remove(prompt)
        return prompt.name

    def _waiting(self, key: str) -> _Timed | None:
        return next((p for p in self._prompts_in_line if p.key == key and p.ms is None), None)

    def settle(self, now: float) -> None:
        """End what has been heard by `now`, and begin what follows it."""
        free_at = now
        while self._prompts_in_line:
            first = self._prompts_in_line[0]
            if first.ms is None:
                return
            if first.began is None:
                first.began = free_at
                self.begun.append(Begun(first.key, first.name, first.ms, free_at))
            end = first.began + first.ms / 1000
            if end > now:
                return
            self._finish(first, PromptResult.FINISHED, now=end)
            self._prompts_in_line.popleft()
            free_at = end

    def next_end(self) -> float | None:
        """Return when the prompt that is being heard ends; None if there is none."""
        return self._prompts_in_line[0].end if self._prompts_in_line else None

    def clear(self, now: float) -> bool:
        """End every prompt not heard to its end. Return False: there is no far end."""
        self._drop(PromptResult.CLEARED, now)
        return False

    def lose(self, now: float, *, only_confirmed: bool = False) -> None:
        """End every prompt: the call is gone."""
        self._drop(PromptResult.LOST, now)

    def _drop(self, result: PromptResult, now: float) -> None:
        for prompt in self._prompts_in_line:
            self._finish(prompt, result, now=now)
        self._prompts_in_line.clear()

    def _finish(self, prompt: _Timed, result: PromptResult, *, now: float) -> None:
        total, began = prompt.ms or 0, now if prompt.began is None else prompt.began
        finished = PromptFinished(
            key=prompt.key,
            name=prompt.name,
            result=result,
            heard_ms=min(total, round((now - began) * 1000)),
            total_ms=total,
            mark_back=result is PromptResult.FINISHED,
        )
        self._over.append(finished)
        self.over.append(finished)

    def take_finished(self) -> list[PromptFinished]:
        """Return the prompts that ended since the last call, in order."""
        taken, self._over = self._over, []
        return taken

    @property
    def idle(self) -> bool:
        """Return whether all has been heard."""
        return not self._prompts_in_line

    def playing(self, now: float) -> str | None:
        """Return the name of the prompt that is being heard; None if there is none."""
        first = self._prompts_in_line[0] if self._prompts_in_line else None
        return first.name if first and first.began is not None else None

    def unheard(self, now: float) -> str | None:
        """Return the key of the first prompt not heard to its end; None if all were."""
        return self._prompts_in_line[0].key if self._prompts_in_line else None
