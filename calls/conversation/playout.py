"""PURE: agent audio on its way. What was handed over, and what must have been heard by `now`.

Prompts queue up by name. Their audio goes out in pieces of whole 20 ms frames, never further ahead of the
listener than a limit, so that barge-in stays exact, and never so small that a far end which waits for an
amount of audio keeps it back (awaaz-platform.md §2, AF). Marks tell what was heard: one follows each prompt,
the first piece after a pause, and each second of audio; one before the first piece after a pause measures the
way. A mark that comes back means "finished or dropped", so which of the two is kept here. Times are seconds
on a monotonic clock, passed in.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final

from calls.audio.pcm import FRAME_MS, SAMPLE_BYTES, SAMPLE_RATE, without_marker
from calls.conversation.heard_audio import Heard, HeardAudio
from calls.conversation.playout_clock import Belief, PlayClock, samples_of
from calls.protocol.messages import MAX_WAITING_MARKS

_KEY_NAME_SIZE = 60
_FRAME: Final = samples_of(FRAME_MS)
_FIRST_LEAST: Final = samples_of(160)
"""Of the first piece of a connection: what mod_audio_fork waits for before it first plays (1,280 samples)."""
_LEAST: Final = samples_of(100)
"""Of every other piece: more than it waits for later (640 samples)."""
_CHECK_EVERY: Final = samples_of(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutLimits:
    """Sizes in milliseconds of audio, waits in seconds."""

    piece_ms: int = 200
    ahead_ms: int = 400
    """Most audio that a far end which plays at once would have waiting."""
    marks: int = MAX_WAITING_MARKS
    confirm_s: float = 5.5
    """How long after its audio a mark may stay away before the far end counts as one that takes nothing."""


class PromptResult(StrEnum):
    """How a prompt ended."""

    FINISHED = "finished"
    CLEARED = "cleared"
    LOST = "lost"


class MarkReturn(Enum):
    """What a mark that came back was."""

    EXPECTED = auto()
    EARLY = auto()
    """The audio before it cannot have been played: it is not believed."""
    UNKNOWN = auto()
    """Not ours, or given up."""


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
    """Audio to send now. `at`: when it is heard, as far as is known (seconds)."""

    pcm: bytes
    at: float


@dataclass(frozen=True, slots=True)
class PromptBegins:
    """A prompt, `total_ms` long, begins with the piece before; it is heard from `at` on, as far as is
    known."""

    name: str
    total_ms: int
    at: float


@dataclass(frozen=True, slots=True)
class MarkRequest:
    """A mark to send now. `ends_prompt` False: it only tells how far the audio was heard."""

    key: str
    ends_prompt: bool = True


Sending = Piece | PromptBegins | MarkRequest


@dataclass(slots=True)
class _Prompt:
    """`start` and `end` are positions in samples of everything ever handed over."""

    key: str
    name: str
    pcm: bytes | None
    taken: int = 0
    start: int | None = None

    @property
    def samples(self) -> int:
        return len(self.pcm or b"") // SAMPLE_BYTES

    @property
    def left(self) -> int:
        return len(self.pcm or b"") // SAMPLE_BYTES - self.taken

    @property
    def end(self) -> int | None:
        return None if self.start is None else self.start + self.samples

    def is_heard(self, position: int) -> bool:
        return self.end is not None and not self.left and self.end <= position

    def heard_ms(self, position: int) -> int:
        start = position if self.start is None else self.start
        return _ms(max(0, min(position - start, self.samples)))


@dataclass(slots=True)
class _Mark:
    """A mark under way: sent at `sent_at` behind `position`, which is over at `due` by the pace."""

    key: str
    position: int
    due: float
    sent_at: float
    prompt: _Prompt | None = None
    measures: bool = False
    """It was sent to a far end without audio."""
    early: bool = False
    """It is back, and was not believed: the clock decides."""


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
        self._marks: deque[_Mark] = deque()
        """Under way, in the order sent."""
        self._late_marks: dict[str, float] = {}
        """Marks that nothing waits for any more, and until when each may still come back."""
        self._checked = 0
        """Position of the last mark."""
        self._audio = HeardAudio(self._clock)
        self._finished: list[PromptFinished] = []
        self._suspended = False

    # --- what the agent asks for ---------------------------------------------------------------------

    def add(self, name: str, pcm: bytes | None = None) -> str:
        """Queue a prompt; without `pcm` it keeps its place until `fill` or `fail`. Return its key.

        Raise ValueError for audio that is empty or not whole samples.
        """
        key = self._new_key(f":{name[:_KEY_NAME_SIZE]}")
        self._queue.append(_Prompt(key, name, None if pcm is None else _sendable(pcm)))
        return key

    def _new_key(self, rest: str) -> str:
        self._numbered += 1
        return f"{self._numbered}{rest}"

    def fill(self, key: str, pcm: bytes) -> bool:
        """Take the audio of a prompt added without. Return False if it is not waited for any more.

        Raise ValueError as `add` does.
        """
        audio = _sendable(pcm)
        prompt = self._pending(key)
        if prompt is not None:
            prompt.pcm = audio
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
        position = self._clock.heard_at_clear(now)
        must_clear = bool(self._marks) or self._clock.sent > position
        self._drop_all(position, now, PromptResult.CLEARED)
        return must_clear

    def lose(self, now: float, *, only_confirmed: bool = False) -> None:
        """End every prompt: the call is gone, and what is not heard by now never will be.

        With `only_confirmed` only that counts as heard which a mark has confirmed.
        """
        position = self._clock.confirmed if only_confirmed else self._clock.heard(now)
        self._drop_all(position, now, PromptResult.LOST)
        self._late_marks.clear()

    # --- a line that breaks and comes back ---------------------------------------------------------

    def suspend(self, now: float) -> bool:
        """Send nothing: the line is gone for a while, and what was not heard waits again.

        Return True if the far end may still have audio: should it come back, it must clear that.
        """
        position = self._clock.heard(now)
        must_clear = bool(self._marks) or self._clock.sent > position
        self._audio.cut(position)
        sent = [mark.prompt for mark in self._marks if mark.prompt]
        self._give_up_marks(now)
        for prompt in reversed(sent):
            self._queue.appendleft(prompt)
        for prompt in [prompt for prompt in self._queue if prompt.start is not None]:
            if prompt.is_heard(position):
                self._queue.remove(prompt)
                self._end(prompt, PromptResult.FINISHED, _ms(prompt.samples))
                continue
            prompt.taken = max(0, position - (prompt.start or 0))  # what was heard of it stays heard
            if not prompt.taken:
                prompt.start = None
        self._suspended = True
        return must_clear

    def resume(self) -> None:
        """Send the rest: the line is back, as a new stream."""
        self._suspended = False
        self._clock.restart()

    # --- what the stream asks for --------------------------------------------------------------------

    def pump(self, now: float) -> list[Sending]:
        """Return what to send now, in order; no audio further ahead than `PlayoutLimits.ahead_ms`."""
        sending: list[Sending] = []
        while (size := self._size()) and self._sendable_at(size, now) <= now:
            sending += self._send_piece(size, now)
        return sending

    def mark_back(self, key: str, now: float) -> MarkReturn:
        """Take a mark that came back: the audio before it was heard, unless it was cleared."""
        if self._late_marks.pop(key, None) is not None:
            return MarkReturn.EXPECTED
        mark = next((mark for mark in self._marks if mark.key == key), None)
        if mark is None or mark.early:
            return MarkReturn.UNKNOWN
        if mark.measures:
            self._clock.came_round(mark.sent_at, now)
        else:
            belief = self._clock.reached(mark.position, due=mark.due, sent_at=mark.sent_at, now=now)
            if belief is not Belief.BELIEVED:
                mark.early = True
                return MarkReturn.EARLY if belief is Belief.IMPOSSIBLE else MarkReturn.EXPECTED
        self._pass_marks(mark, now, mark_back=True)
        return MarkReturn.EXPECTED

    def is_only_check(self, key: str) -> bool:
        """Return whether a mark of this name ends no prompt and only tells how far the audio was heard."""
        return any(mark.key == key and mark.prompt is None and not mark.early for mark in self._marks)

    def settle(self, now: float) -> None:
        """Let time pass up to `now`: marks that were not believed count when their audio has been played."""
        passed = None
        for mark in self._marks:
            if mark.early and now >= self._clock.surely_heard_at(mark.position):
                passed = mark
        if passed is not None:
            self._clock.confirm(passed.position)
            self._pass_marks(passed, now, mark_back=False)
        if self._late_marks:
            self._late_marks = {key: until for key, until in self._late_marks.items() if until > now}

    def overdue(self, now: float) -> bool:
        """Return whether marks stay away for so long that the far end takes nothing any more."""
        return bool(self._marks) and now >= self._overdue_at()

    def next_wake(self, now: float) -> float | None:
        """Return when more audio can be sent or marks are due; None if nothing is due by time alone."""
        due: list[float] = []
        if size := self._size():
            due.append(self._sendable_at(size, now))
        elif self._queue and self._queue[0].pcm is not None and self._late_marks and not self._suspended:
            due.append(min(self._late_marks.values()))
        if self._marks:
            due.append(self._overdue_at())
            due += [self._clock.surely_heard_at(mark.position) for mark in self._marks if mark.early]
        return max(now, min(due)) if due else None

    # --- what happened -------------------------------------------------------------------------------

    def take_finished(self) -> list[PromptFinished]:
        """Return the prompts that ended since the last call, in order."""
        taken, self._finished = self._finished, []
        return taken

    def take_heard(self) -> list[Heard]:
        """Return audio known to have been heard that was not returned before, in order, no overlap."""
        return self._audio.take()

    @property
    def idle(self) -> bool:
        """Return True when nothing is queued or to be heard, and no mark of a heard prompt is awaited."""
        return not self._queue and not any(mark.prompt for mark in self._marks)

    @property
    def marks_out(self) -> int:
        """Return how many marks the far end has not given back."""
        return sum(not mark.early for mark in self._marks) + len(self._late_marks)

    @property
    def preparing(self) -> str | None:
        """Return the name of the next prompt if its audio is still being made, else None."""
        return self._queue[0].name if self._queue and self._queue[0].pcm is None else None

    def ahead_ms(self, now: float) -> int:
        """Return how much audio a far end that plays at once has waiting, in milliseconds."""
        return _ms(self._clock.ahead(now))

    def remaining_ms(self, now: float) -> int:
        """Return how long it takes until all is heard, handed over or queued, in milliseconds."""
        queued = sum(prompt.left for prompt in self._queue)
        under_way = max(0.0, self._clock.time_of(self._clock.sent) - now) if self._marks else 0.0
        return _ms(queued) + round(under_way * 1000)

    def playing(self, now: float) -> str | None:
        """Return the name of the prompt that is being heard; None if there is none."""
        position = self._clock.heard(now)
        for prompt in self._prompts():
            if prompt.start is None or prompt.start > position:
                return None
            if not prompt.is_heard(position):
                return prompt.name
        return None

    def unheard(self, now: float) -> str | None:
        """Return the key of the first prompt not heard to its end, playing or waiting; None if all were."""
        position = self._clock.heard(now)
        return next((prompt.key for prompt in self._prompts() if not prompt.is_heard(position)), None)

    # --- pieces --------------------------------------------------------------------------------------

    def _prompts(self) -> Iterator[_Prompt]:
        """Yield every prompt that is not over, in order."""
        yield from (mark.prompt for mark in self._marks if mark.prompt)
        yield from self._queue

    def _size(self) -> int:
        """The samples of the next piece, silence included; 0 while there is none to send."""
        if self._suspended or not self._queue or self._queue[0].pcm is None:
            return 0
        if len(self._marks) + len(self._late_marks) >= self._limits.marks <= self.marks_out:
            return 0
        left, least = self._queue[0].left, _FIRST_LEAST if self._clock.is_first else _LEAST
        if left > self._piece:  # not so that a tail under half a piece is left: it would cost a frame
            left = self._piece if left >= self._piece * 3 // 2 else left // 2 // _FRAME * _FRAME
        return max(least, -(-left // _FRAME) * _FRAME)

    def _sendable_at(self, size: int, now: float) -> float:
        """When a piece of this size may go out.

        One that would be filled up with silence waits for audio to come, as long as the far end has enough.
        """
        if not self._clock.ahead(now):
            return now
        position = self._clock.sent + size - self._ahead
        if self._queue[0].left < size and self._ready() <= size - _FRAME:
            position = max(position, self._clock.sent - _LEAST)
        return self._clock.pace_of(position)

    def _ready(self) -> int:
        """The samples that could go out as the next piece, as far as its size matters."""
        ready = 0
        for prompt in self._queue:
            if prompt.pcm is None or ready >= self._piece:
                break
            ready += prompt.left
        return ready

    def _send_piece(self, size: int, now: float) -> Iterator[Sending]:
        """Hand over a piece: the audio of the first prompt, of those behind it as far as it falls short,
        silence."""
        dry = self._clock.is_dry(now)
        if dry:
            yield self._mark(now, measures=True)
        start = self._clock.sent
        pcm, began, ended = self._take(size, start)
        yield Piece(pcm, self._audio.hand_over(pcm, now))
        for prompt in began:
            yield PromptBegins(prompt.name, _ms(prompt.samples), self._clock.time_of(prompt.start or 0))
        for prompt in ended:
            yield self._mark(now, prompt)
        if not ended and (dry or self._clock.sent - self._checked >= _CHECK_EVERY):
            yield self._mark(now)

    def _take(self, size: int, start: int) -> tuple[bytes, list[_Prompt], list[_Prompt]]:
        """So much audio from the queue, the prompts that begin in it, and those that end in it."""
        parts: list[bytes] = []
        began, ended = [], []
        left = size
        while left and self._queue and (prompt := self._queue[0]).pcm:
            if prompt.start is None:
                prompt.start = start + size - left
                began.append(prompt)
            count = min(left, prompt.left)
            at = prompt.taken * SAMPLE_BYTES
            parts.append(prompt.pcm[at : at + count * SAMPLE_BYTES])
            prompt.taken += count
            left -= count
            if not prompt.left:
                ended.append(self._queue.popleft())
        pcm = parts[0] if len(parts) == 1 else b"".join(parts)
        return pcm.ljust(size * SAMPLE_BYTES, b"\0"), began, ended

    # --- marks ---------------------------------------------------------------------------------------

    def _mark(self, now: float, prompt: _Prompt | None = None, *, measures: bool = False) -> MarkRequest:
        position = self._checked = self._clock.sent
        if prompt and prompt.key not in self._late_marks:
            key = prompt.key
        else:  # a prompt that is sent again, after a break, gets another
            key = self._new_key(f":{prompt.name[:_KEY_NAME_SIZE]}" if prompt else "~")
        due = now if measures else self._clock.pace_of(position)
        self._marks.append(_Mark(key, position, due, now, prompt, measures))
        return MarkRequest(key, ends_prompt=prompt is not None)

    def _pass_marks(self, last: _Mark, now: float, *, mark_back: bool) -> None:
        """End what the marks up to `last` stand for; those before it may still come back."""
        while self._marks:
            mark = self._marks.popleft()
            if mark is not last and not mark.early:
                self._late_marks[mark.key] = now + self._limits.confirm_s
            if mark.prompt:
                heard_ms = _ms(mark.prompt.samples)
                back = mark_back and mark is last
                self._end(mark.prompt, PromptResult.FINISHED, heard_ms, mark_back=back)
            if mark is last:
                break
        self._audio.release(self._clock.confirmed)

    def _overdue_at(self) -> float:
        return self._marks[0].due + self._clock.round_trip + self._limits.confirm_s

    def _give_up_marks(self, now: float) -> None:
        for mark in self._marks:
            if not mark.early:
                self._late_marks[mark.key] = now + self._limits.confirm_s
        self._marks.clear()

    # --- the end of prompts --------------------------------------------------------------------------

    def _drop_all(self, position: int, now: float, result: PromptResult) -> None:
        self._audio.cut(position)
        for prompt in self._prompts():
            whole = prompt.is_heard(position)
            self._end(prompt, PromptResult.FINISHED if whole else result, prompt.heard_ms(position))
        self._give_up_marks(now)
        self._queue.clear()

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


def _sendable(pcm: bytes) -> bytes:
    if not pcm or len(pcm) % SAMPLE_BYTES:
        raise ValueError("a prompt needs audio of one or more whole samples")
    return without_marker(pcm)
