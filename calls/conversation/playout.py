"""PURE: agent audio on its way. What was handed over, and what must have been heard by `now`.

Prompts queue up by name. Their audio goes out in pieces, never further ahead of the listener than a limit,
so that barge-in stays exact; a mark follows each prompt. A mark that comes back means "finished or dropped"
(awaaz-platform.md §2), so which of the two is kept here. Times are seconds on a monotonic clock, passed in.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from calls.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from calls.conversation.heard_audio import Heard, HeardAudio
from calls.conversation.playout_clock import PlayClock, samples_of
from calls.protocol.messages import MAX_WAITING_MARKS

_KEY_NAME_SIZE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutLimits:
    """Sizes in milliseconds of audio, waits in seconds."""

    piece_ms: int = 200
    ahead_ms: int = 400
    """Most audio handed over and not yet heard."""
    marks: int = MAX_WAITING_MARKS
    mark_grace_s: float = 3.0
    """How long after its audio a mark may stay away before the play clock alone is believed."""


class PromptResult(StrEnum):
    """How a prompt ended."""

    FINISHED = "finished"
    CLEARED = "cleared"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFinished:
    """A prompt is over. `mark_back` False on a finished one: only the play clock says it was heard."""

    key: str
    name: str
    result: PromptResult
    heard_ms: int
    total_ms: int
    mark_back: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Audio to send now; `begins` with the first piece of a prompt, whose whole length is `total_ms`."""

    name: str
    pcm: bytes
    begins: bool
    total_ms: int
    at: float
    """When it is heard, by the play clock as it stands (seconds)."""


@dataclass(frozen=True, slots=True)
class MarkRequest:
    """A mark to send now."""

    key: str


@dataclass(slots=True)
class _Prompt:
    """`start` and `end` are positions in samples of everything ever handed over. `mark`: name of its mark."""

    key: str
    name: str
    pcm: bytes | None
    mark: str
    taken: int = 0
    start: int | None = None
    end: int = 0

    @property
    def samples(self) -> int:
        return len(self.pcm or b"") // SAMPLE_BYTES

    def heard_ms(self, position: int) -> int:
        start = position if self.start is None else self.start
        return _ms(max(0, min(position - start, self.samples)))


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE


class Playout:
    """One call's outgoing audio. Every prompt added ends exactly once, see `take_finished`."""

    def __init__(self, limits: PlayoutLimits | None = None) -> None:
        self._limits = limits or PlayoutLimits()
        self._piece = samples_of(self._limits.piece_ms)
        self._ahead = samples_of(self._limits.ahead_ms)
        self._clock = PlayClock()
        self._numbered = 0
        self._queue: deque[_Prompt] = deque()
        self._sent: deque[_Prompt] = deque()
        self._late_marks: dict[str, float] = {}
        """Marks no prompt waits for any more, and until when each may still come back."""
        self._audio = HeardAudio(self._clock)
        self._finished: list[PromptFinished] = []
        self._suspended = False

    # --- what the agent asks for ---------------------------------------------------------------------

    def add(self, name: str, pcm: bytes | None = None) -> str:
        """Queue a prompt; without `pcm` it keeps its place until `fill` or `fail`. Return its key.

        Raise ValueError for audio that is empty or not whole samples.
        """
        if pcm is not None:
            _check(pcm)
        key = self._new_key(name)
        self._queue.append(_Prompt(key, name, pcm, mark=key))
        return key

    def _new_key(self, name: str) -> str:
        self._numbered += 1
        return f"{self._numbered}:{name[:_KEY_NAME_SIZE]}"

    def fill(self, key: str, pcm: bytes) -> bool:
        """Take the audio of a prompt added without. Return False if it is not waited for any more.

        Raise ValueError as `add` does.
        """
        _check(pcm)
        prompt = self._pending(key)
        if prompt is not None:
            prompt.pcm = pcm
        return prompt is not None

    def fail(self, key: str) -> str | None:
        """Take a prompt without audio out of the queue. Return its name; None if it is not waited for."""
        prompt = self._pending(key)
        if prompt is None:
            return None
        self._queue.remove(prompt)
        return prompt.name

    def _pending(self, key: str) -> _Prompt | None:
        return next((p for p in self._queue if p.key == key and p.pcm is None), None)

    def clear(self, now: float) -> bool:
        """End every prompt not heard to its end: barge-in. Return True if the far end must clear too."""
        must_clear = bool(self._sent) or self._clock.sent > self._clock.heard(now)
        self._drop_all(now, PromptResult.CLEARED)
        return must_clear

    def lose(self, now: float) -> None:
        """End every prompt: the call is gone, and what is not heard by now never will be."""
        self._drop_all(now, PromptResult.LOST)
        self._late_marks.clear()

    # --- a line that breaks and comes back ---------------------------------------------------------

    def suspend(self, now: float) -> bool:
        """Send nothing: the line is gone for a while, and what was not heard waits again.

        Return True if the far end may still have audio: should it come back, it must clear that.
        """
        must_clear = bool(self._sent) or self._clock.sent > self._clock.heard(now)
        position = self._audio.cut(now)
        for prompt in reversed([prompt for prompt in self._sent if prompt.end > position]):
            self._queue.appendleft(prompt)
        for prompt in [prompt for prompt in self._sent if prompt.end <= position]:
            self._end_unmarked(prompt, now)
        self._sent.clear()
        for prompt in [prompt for prompt in self._queue if prompt.start is not None]:
            self._rewind(prompt, position, now)
        self._suspended = True
        return must_clear

    def resume(self) -> None:
        """Send the rest: the line is back, as a new stream."""
        self._suspended = False
        self._clock.restart()

    def _rewind(self, prompt: _Prompt, position: int, now: float) -> None:
        """What was heard of it stays heard. It gets a new mark: the old one says nothing of the rest."""
        heard = max(0, position - (prompt.start or 0))
        if heard >= prompt.samples:  # but for the silence behind it
            self._queue.remove(prompt)
            self._end_unmarked(prompt, now)
            return
        if prompt.end:
            self._late_marks[prompt.mark] = now + self._limits.mark_grace_s
            prompt.mark = self._new_key(prompt.name)
        prompt.taken, prompt.end = heard, 0
        if not heard:
            prompt.start = None

    # --- what the stream asks for --------------------------------------------------------------------

    def pump(self, now: float) -> list[Piece | MarkRequest]:
        """Return what to send now, in order; no audio further ahead than `PlayoutLimits.ahead_ms`."""
        sending: list[Piece | MarkRequest] = []
        while (prompt := self._next()) is not None:
            size = self._size(prompt)
            if self._clock.sent - self._clock.heard(now) + size > self._ahead:
                break
            at = prompt.taken * SAMPLE_BYTES
            pcm = (prompt.pcm or b"")[at : at + size * SAMPLE_BYTES]
            pcm = pcm.ljust(self._clock.least_start(now) * SAMPLE_BYTES, b"\0")
            if begins := prompt.start is None:
                prompt.start = self._clock.sent
            prompt.taken += size
            heard_at = self._audio.hand_over(pcm, now)
            sending.append(Piece(prompt.name, pcm, begins, _ms(prompt.samples), heard_at))
            if prompt.taken == prompt.samples:
                prompt.end = self._clock.sent
                self._sent.append(self._queue.popleft())
                sending.append(MarkRequest(prompt.mark))
        return sending

    def mark_back(self, key: str, now: float) -> bool:
        """Take a mark that came back: heard, unless cleared. Return False if it is not ours or given up."""
        if self._late_marks.pop(key, None) is not None:
            return True
        prompt = next((p for p in self._sent if p.mark == key), None)
        if prompt is None:
            return False
        self._clock.reached(prompt.end, now)
        while self._sent[0] is not prompt:
            self._end_unmarked(self._sent.popleft(), now)
        self._sent.popleft()
        self._end(prompt, PromptResult.FINISHED, _ms(prompt.samples), mark_back=True)
        return True

    def settle(self, now: float) -> None:
        """Let time pass up to `now`: collect what was heard, give up on marks that do not come back."""
        self._audio.settle(now)
        grace = self._limits.mark_grace_s
        while self._sent and now >= self._clock.time_of(self._sent[0].end) + grace:
            self._end_unmarked(self._sent.popleft(), now)
        if self._late_marks:
            self._late_marks = {key: until for key, until in self._late_marks.items() if until > now}

    def next_wake(self, now: float) -> float | None:
        """Return when more audio can be sent or a mark is given up; None if nothing is due by time alone."""
        due: list[float] = []
        if (prompt := self._next()) is not None:
            position = self._clock.sent + self._size(prompt) - self._ahead
            due.append(now if position <= self._clock.heard(now) else self._clock.time_of(position))
        elif self._queue and self._late_marks and self._queue[0].pcm is not None:
            due.append(min(self._late_marks.values()))
        if self._sent:
            due.append(self._clock.time_of(self._sent[0].end) + self._limits.mark_grace_s)
        return max(now, min(due)) if due else None

    # --- what happened -------------------------------------------------------------------------------

    def take_finished(self) -> list[PromptFinished]:
        """Return the prompts that ended since the last call, in order."""
        taken, self._finished = self._finished, []
        return taken

    def take_heard(self) -> list[Heard]:
        """Return audio heard since the last call (as of the last `settle`), in order, no overlap."""
        return self._audio.take()

    @property
    def idle(self) -> bool:
        """Return True when nothing is queued or to be heard, and no mark of a heard prompt is awaited."""
        return not self._queue and not self._sent

    @property
    def marks_out(self) -> int:
        """Return how many marks the far end has not given back."""
        return len(self._sent) + len(self._late_marks)

    @property
    def preparing(self) -> str | None:
        """Return the name of the next prompt if its audio is still being made, else None."""
        return self._queue[0].name if self._queue and self._queue[0].pcm is None else None

    def ahead_ms(self, now: float) -> int:
        """Return how much audio is handed over and not yet heard, in milliseconds."""
        return _ms(self._clock.sent - self._clock.heard(now))

    def remaining_ms(self, now: float) -> int:
        """Return how much audio is still to be heard, handed over or queued, in milliseconds."""
        queued = sum(prompt.samples - prompt.taken for prompt in self._queue)
        return _ms(queued) + self.ahead_ms(now)

    def playing(self, now: float) -> str | None:
        """Return the name of the prompt that is being heard; None if there is none."""
        position = self._clock.heard(now)
        for prompt in (*self._sent, *self._queue):
            if prompt.start is None or prompt.start > position:
                return None
            if prompt.taken < prompt.samples or position < prompt.end:
                return prompt.name
        return None

    def unheard(self, now: float) -> str | None:
        """Return the key of the first prompt not heard to its end, playing or waiting; None if all were."""
        position = self._clock.heard(now)
        waiting = (
            p for p in (*self._sent, *self._queue) if p.taken < p.samples or p.end > position or not p.pcm
        )
        return next((prompt.key for prompt in waiting), None)

    # --- inside --------------------------------------------------------------------------------------

    def _next(self) -> _Prompt | None:
        if (
            self._suspended
            or not self._queue
            or self._queue[0].pcm is None
            or self.marks_out >= self._limits.marks
        ):
            return None
        return self._queue[0]

    def _size(self, prompt: _Prompt) -> int:
        """A tail under half a piece is avoided: it would cost a frame and invite an underrun."""
        left = prompt.samples - prompt.taken
        if left <= self._piece:
            return left
        return self._piece if left >= self._piece * 3 // 2 else left // 2

    def _drop_all(self, now: float, result: PromptResult) -> None:
        position = self._audio.cut(now)
        for prompt in self._sent:
            self._late_marks[prompt.mark] = now + self._limits.mark_grace_s
            whole = prompt.end <= position
            self._end(prompt, PromptResult.FINISHED if whole else result, prompt.heard_ms(position))
        for prompt in self._queue:
            self._end(prompt, result, prompt.heard_ms(position))
        self._sent.clear()
        self._queue.clear()

    def _end_unmarked(self, prompt: _Prompt, now: float) -> None:
        """Heard, by the play clock or because a later mark is back, though its own mark is not."""
        self._late_marks[prompt.mark] = now + self._limits.mark_grace_s
        self._end(prompt, PromptResult.FINISHED, _ms(prompt.samples))

    def _end(self, prompt: _Prompt, result: PromptResult, heard_ms: int, *, mark_back: bool = False) -> None:
        self._finished.append(
            PromptFinished(
                key=prompt.key,
                name=prompt.name,
                result=result,
                heard_ms=heard_ms,
                total_ms=_ms(prompt.samples),
                mark_back=mark_back,
            )
        )


def _check(pcm: bytes) -> None:
    if not pcm or len(pcm) % SAMPLE_BYTES:
        raise ValueError("a prompt needs audio of one or more whole samples")
