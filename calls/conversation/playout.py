"""PURE: agent audio on its way. What was handed over, and what must have been heard by `now`.

Prompts queue up by name. Their audio goes out in pieces, never further ahead of the listener than a limit,
so that barge-in stays exact; a mark follows each prompt. A mark that comes back means "finished or dropped"
(awaaz-platform.md §2), so which of the two is kept here. Times are seconds on a monotonic clock, passed in.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from calls.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from calls.conversation.playout_clock import PlayClock, samples_of
from calls.protocol.messages import MAX_WAITING_MARKS

_KEY_NAME_SIZE = 60
_JITTER_S = 0.2
"""Audio handed over without a break is heard without one, unless its far end fell silent for longer. A mark
is late by the way of the network, and holds the clock: that puts no hole into the middle of a word."""


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
    fate: PromptResult
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


@dataclass(frozen=True, slots=True)
class Heard:
    """PCM that was heard from `at` (seconds) on."""

    at: float
    pcm: bytes


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
        if self.start is None:
            return 0
        return _ms(max(0, min(position - self.start, self.samples)))


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
        self._unheard_audio: deque[tuple[int, bytes]] = deque()
        self._recorded_until = 0.0
        self._dry_at = 0
        """Position of the last piece that found the far end's buffer dry."""
        self._ended: list[PromptFinished] = []
        self._heard: list[Heard] = []
        self._held = False

    # --- what the agent asks for ---------------------------------------------------------------------

    def add(self, name: str, pcm: bytes | None = None) -> str:
        """Queue a prompt; without `pcm` it holds its place until `fill` or `fail`. Gives its key.

        ValueError for audio that is empty or not whole samples.
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
        """Audio for a prompt added without; False if it is no longer waited for. ValueError as `add`."""
        _check(pcm)
        prompt = self._pending(key)
        if prompt is not None:
            prompt.pcm = pcm
        return prompt is not None

    def fail(self, key: str) -> str | None:
        """Take a prompt without audio out of the queue; its name, None if it is no longer waited for."""
        prompt = self._pending(key)
        if prompt is None:
            return None
        self._queue.remove(prompt)
        return prompt.name

    def _pending(self, key: str) -> _Prompt | None:
        return next((p for p in self._queue if p.key == key and p.pcm is None), None)

    def clear(self, now: float) -> bool:
        """Barge-in: every prompt not heard to its end is over. True if the far end must be told."""
        told = bool(self._sent) or self._clock.sent > self._clock.heard(now)
        self._end_all(now, PromptResult.CLEARED)
        return told

    def lose(self, now: float) -> None:
        """The call is gone: whatever is not heard by now never will be."""
        self._end_all(now, PromptResult.LOST)
        self._late_marks.clear()

    # --- a line that breaks and comes back ---------------------------------------------------------

    def hold(self, now: float) -> bool:
        """The line is gone for a while: nothing is sent, and what was not heard waits again.

        True if the far end may still hold audio: should it come back, it must be told to clear.
        """
        told = bool(self._sent) or self._clock.sent > self._clock.heard(now)
        self._collect(now)
        self._unheard_audio.clear()
        position = self._clock.cut(now)
        for prompt in reversed([prompt for prompt in self._sent if prompt.end > position]):
            self._queue.appendleft(prompt)
        for prompt in [prompt for prompt in self._sent if prompt.end <= position]:
            self._finish(prompt, now, mark_back=False)
        self._sent.clear()
        for prompt in [prompt for prompt in self._queue if prompt.start is not None]:
            self._take_back(prompt, position, now)
        self._held = True
        return told

    def go_on(self) -> None:
        """The line is back, as a new stream: the rest may be sent."""
        self._held = False
        self._clock.begin_again()

    def _take_back(self, prompt: _Prompt, position: int, now: float) -> None:
        """What was heard of it stays heard. It gets a new mark: the old one says nothing of the rest."""
        heard = max(0, position - (prompt.start or 0))
        if heard >= prompt.samples:  # but for the silence behind it
            self._queue.remove(prompt)
            self._finish(prompt, now, mark_back=False)
            return
        if prompt.end:
            self._late_marks[prompt.mark] = now + self._limits.mark_grace_s
            prompt.mark = self._new_key(prompt.name)
        prompt.taken, prompt.end = heard, 0
        if not heard:
            prompt.start = None

    # --- what the stream asks for --------------------------------------------------------------------

    def pump(self, now: float) -> list[Piece | MarkRequest]:
        """What to send now, in order."""
        sending: list[Piece | MarkRequest] = []
        while (prompt := self._next()) is not None and self._has_room(prompt, now):
            sending.append(self._take_piece(prompt, now))
            if prompt.taken == prompt.samples:
                prompt.end = self._clock.sent
                self._sent.append(self._queue.popleft())
                sending.append(MarkRequest(prompt.mark))
        return sending

    def mark_back(self, key: str, now: float) -> bool:
        """A mark came back: heard, unless cleared before. False if it is none of ours, or long given up."""
        if self._late_marks.pop(key, None) is not None:
            return True
        prompt = next((p for p in self._sent if p.mark == key), None)
        if prompt is None:
            return False
        self._clock.reached(prompt.end, now)
        while self._sent[0] is not prompt:
            self._finish(self._sent.popleft(), now, mark_back=False)
        self._sent.popleft()
        self._end(prompt, PromptResult.FINISHED, _ms(prompt.samples), mark_back=True)
        return True

    def settle(self, now: float) -> None:
        """Let time pass: collect what was heard, give up on marks that do not come back."""
        self._collect(now)
        grace = self._limits.mark_grace_s
        while self._sent and now >= self._clock.time_of(self._sent[0].end) + grace:
            self._finish(self._sent.popleft(), now, mark_back=False)
        if self._late_marks:
            self._late_marks = {key: until for key, until in self._late_marks.items() if until > now}

    def next_wake(self, now: float) -> float | None:
        """When something is due without any event: more audio to send, or a mark to give up on."""
        due: list[float] = []
        prompt = self._next()
        if prompt is not None:
            due.append(self._room_at(prompt, now))
        elif self._queue and self._late_marks and self._queue[0].pcm is not None:
            due.append(min(self._late_marks.values()))
        if self._sent:
            due.append(self._clock.time_of(self._sent[0].end) + self._limits.mark_grace_s)
        return max(now, min(due)) if due else None

    # --- what happened -------------------------------------------------------------------------------

    def take_finished(self) -> list[PromptFinished]:
        """Prompts that ended since the last asking, in order."""
        taken, self._ended = self._ended, []
        return taken

    def take_heard(self) -> list[Heard]:
        """Audio that was heard since the last asking (as of the last `settle`), in order, no overlap."""
        taken, self._heard = self._heard, []
        return taken

    @property
    def idle(self) -> bool:
        """Nothing queued, nothing to be heard, no mark of a heard prompt awaited."""
        return not self._queue and not self._sent

    @property
    def marks_out(self) -> int:
        """Marks the far end has not given back."""
        return len(self._sent) + len(self._late_marks)

    @property
    def preparing(self) -> str | None:
        """The prompt at the head of the queue, if its audio is still being made."""
        return self._queue[0].name if self._queue and self._queue[0].pcm is None else None

    def ahead_ms(self, now: float) -> int:
        """Audio handed over and not yet heard."""
        return _ms(self._clock.sent - self._clock.heard(now))

    def remaining_ms(self, now: float) -> int:
        """All audio still to be heard, handed over or queued."""
        queued = sum(prompt.samples - prompt.taken for prompt in self._queue)
        return _ms(queued) + self.ahead_ms(now)

    def playing(self, now: float) -> str | None:
        """Name of the prompt that is being heard."""
        position = self._clock.heard(now)
        for prompt in (*self._sent, *self._queue):
            if prompt.start is None or prompt.start > position:
                return None
            if prompt.taken < prompt.samples or position < prompt.end:
                return prompt.name
        return None

    def unheard(self, now: float) -> str | None:
        """Key of the first prompt not heard to its end: being heard, or waiting to be."""
        position = self._clock.heard(now)
        waiting = (
            p for p in (*self._sent, *self._queue) if p.taken < p.samples or p.end > position or not p.pcm
        )
        return next((prompt.key for prompt in waiting), None)

    # --- inside --------------------------------------------------------------------------------------

    def _next(self) -> _Prompt | None:
        if (
            self._held
            or not self._queue
            or self._queue[0].pcm is None
            or self.marks_out >= self._limits.marks
        ):
            return None
        return self._queue[0]

    def _has_room(self, prompt: _Prompt, now: float) -> bool:
        ahead = self._clock.sent - self._clock.heard(now)
        return ahead + self._size(prompt) <= self._ahead

    def _room_at(self, prompt: _Prompt, now: float) -> float:
        position = self._clock.sent + self._size(prompt) - self._ahead
        return now if position <= self._clock.heard(now) else self._clock.time_of(position)

    def _size(self, prompt: _Prompt) -> int:
        """A tail under half a piece is avoided: it would cost a frame and invite an underrun."""
        left = prompt.samples - prompt.taken
        if left <= self._piece:
            return left
        return self._piece if left >= self._piece * 3 // 2 else left // 2

    def _take_piece(self, prompt: _Prompt, now: float) -> Piece:
        assert prompt.pcm is not None
        size, begins = self._size(prompt), prompt.start is None
        at = prompt.taken * SAMPLE_BYTES
        pcm = prompt.pcm[at : at + size * SAMPLE_BYTES]
        pcm = pcm.ljust(self._clock.least_start(now) * SAMPLE_BYTES, b"\0")
        if begins:
            prompt.start = self._clock.sent
        prompt.taken += size
        if (
            not self._unheard_audio
        ):  # nothing is heard before it was sent, whatever a mark that comes too early says
            self._recorded_until = max(self._recorded_until, now)
        position = self._clock.sent
        if self._clock.heard(now) >= position:
            self._dry_at = position
        self._unheard_audio.append((position, pcm))
        self._clock.hand_over(len(pcm) // SAMPLE_BYTES, now)
        return Piece(prompt.name, pcm, begins, _ms(prompt.samples), self._clock.time_of(position))

    def _collect(self, now: float) -> None:
        """Move what was heard from the tape to the recording."""
        position = self._clock.heard(now)
        while self._unheard_audio and self._unheard_audio[0][0] < position:
            start, pcm = self._unheard_audio.popleft()
            size = (position - start) * SAMPLE_BYTES
            if size < len(pcm):
                self._unheard_audio.appendleft((position, pcm[size:]))
            at = max(self._clock.time_of(start), self._recorded_until)
            if start != self._dry_at and at < self._recorded_until + _JITTER_S:
                at = self._recorded_until
            self._heard.append(Heard(at, pcm[:size]))
            self._recorded_until = at + len(pcm[:size]) / SAMPLE_BYTES / SAMPLE_RATE

    def _end_all(self, now: float, fate: PromptResult) -> None:
        self._collect(now)
        self._unheard_audio.clear()
        position = self._clock.cut(now)
        for prompt in self._sent:
            self._late_marks[prompt.mark] = now + self._limits.mark_grace_s
            whole = prompt.end <= position
            self._end(prompt, PromptResult.FINISHED if whole else fate, prompt.heard_ms(position))
        for prompt in self._queue:
            self._end(prompt, fate, prompt.heard_ms(position))
        self._sent.clear()
        self._queue.clear()

    def _finish(self, prompt: _Prompt, now: float, *, mark_back: bool) -> None:
        """Heard, by the play clock or because a later mark is back, though its own mark is not."""
        self._late_marks[prompt.mark] = now + self._limits.mark_grace_s
        self._end(prompt, PromptResult.FINISHED, _ms(prompt.samples), mark_back=mark_back)

    def _end(self, prompt: _Prompt, fate: PromptResult, heard_ms: int, *, mark_back: bool = False) -> None:
        self._ended.append(
            PromptFinished(
                key=prompt.key,
                name=prompt.name,
                fate=fate,
                heard_ms=heard_ms,
                total_ms=_ms(prompt.samples),
                mark_back=mark_back,
            )
        )


def _check(pcm: bytes) -> None:
    if not pcm or len(pcm) % SAMPLE_BYTES:
        raise ValueError("a prompt needs audio of one or more whole samples")
