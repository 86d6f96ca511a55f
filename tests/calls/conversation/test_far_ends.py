"""Our audio at every far end that is known, over ways of 0 to 1,000 ms: what the person hears is what we say
is heard.

The far end is the sandbox's (`sandbox.line.playout`); between it and `Playout` lies a way that delays frames
in order. Time goes in steps of 1 ms, and the slots of the far end lie anywhere in the 20 ms.
"""

import random
from collections import deque
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from calls.conversation.playout import (
    MarkRequest,
    MarkReturn,
    Piece,
    Playout,
    PlayoutLimits,
    PromptFinished,
    PromptResult,
    Sending,
)
from sandbox.line.playout import PLAYOUTS, FarEnd

OFF_MS = 40
ROUND_TRIPS_MS = (0, 100, 300, 600, 1000)
ALL = pytest.mark.parametrize("far_end", FarEnd)


def sound(ms: int, seed: int = 1) -> bytes:
    """Noise with -1 in it, and no zeros: silence is what was padded."""
    samples = np.random.default_rng(seed).integers(-3, 3, 8 * ms).astype("<i2")
    samples[samples == 0] = 5
    return bytes(samples.tobytes())


def sent(*said: bytes) -> bytes:
    """What of these goes out: -1 is sent as -2."""
    samples = np.frombuffer(b"".join(said), "<i2").copy()
    samples[samples == -1] = -2
    return bytes(samples.tobytes())


def without_silence(heard: bytes) -> bytes:
    samples = np.frombuffer(heard, "<i2")
    return bytes(samples[samples != 0].tobytes())


class Heard(NamedTuple):
    at_ms: int
    audio: bytes


class Call:
    """One playout and one far end, `round_trip_ms` apart; the clock stands at `ms`."""

    def __init__(self, far_end: FarEnd, round_trip_ms: int, *, phase: int = 7, at_once: bool = False) -> None:
        self.ms, self.way, self.phase = 0, round_trip_ms // 2, phase
        self.playout, self.far = Playout(), PLAYOUTS[far_end]()
        self.at_once = at_once
        """Marks come back as soon as they arrive."""
        self.silent_from: int | None = None
        """From then on the far end takes nothing."""
        self.pieces: list[bytes] = []
        self.heard: list[Heard] = []
        self.finished: list[tuple[int, PromptFinished]] = []
        self.returned: list[MarkReturn] = []
        self.early = 0
        self._there: deque[tuple[int, Sending | None]] = deque()
        self._back: deque[tuple[int, str]] = deque()

    @property
    def now(self) -> float:
        return self.ms / 1000

    def run(self, ms: int) -> None:
        for _ in range(ms):
            self._arrive()
            self._pump()
            if self.ms % 20 == self.phase:
                slot = self.far.play_slot(self.now)
                if slot.audio:
                    self.heard.append(Heard(self.ms, slot.audio))
                self._back += [(self.ms + self.way, name) for name in slot.marks]
            self.ms += 1

    def _arrive(self) -> None:
        while self._there and self._there[0][0] <= self.ms:
            _, sending = self._there.popleft()
            if self.silent_from is not None and self.ms >= self.silent_from:
                continue
            if isinstance(sending, Piece):
                self.far.add_audio(sending.pcm, self.now)
            elif isinstance(sending, MarkRequest) and self.at_once:
                self._back.append((self.ms + self.way, sending.key))
            elif isinstance(sending, MarkRequest):
                self.far.add_mark(sending.key)
            elif sending is None:
                self._back += [(self.ms + self.way, name) for name in self.far.clear()]
        while self._back and self._back[0][0] <= self.ms:
            self.returned.append(self.playout.mark_back(self._back.popleft()[1], self.now))

    def _pump(self) -> None:
        self.playout.settle(self.now)
        for sending in self.playout.pump(self.now):
            self._there.append((self.ms + self.way, sending))
            if isinstance(sending, Piece):
                self.pieces.append(sending.pcm)
        self.finished += [(self.ms, ended) for ended in self.playout.take_finished()]

    def clear(self) -> PromptFinished:
        """Barge in now; return what is said of the first prompt that was cut."""
        if self.playout.clear(self.now):
            self._there.append((self.ms + self.way, None))
        self._pump()
        return next(ended for _, ended in self.finished if ended.result is PromptResult.CLEARED)

    def hang_up(self) -> PromptFinished:
        """The person hangs up now, which we learn half a round trip later; what we then say was heard."""
        self.heard_at_end = self.heard_ms
        self.silent_from = self.ms
        self.run(self.way)
        self.playout.lose(self.now)
        return self.playout.take_finished()[0]

    @property
    def heard_ms(self) -> int:
        return 20 * len(self.heard)

    @property
    def holes(self) -> int:
        """Breaks in what was heard that lie inside a prompt."""
        return sum(after.at_ms - before.at_ms > 20 for before, after in pairwise(self.heard))


@pytest.mark.parametrize("round_trip_ms", ROUND_TRIPS_MS)
@ALL
def test_a_prompt_is_heard_whole_without_a_hole_and_ends_when_it_was_heard(
    far_end: FarEnd, round_trip_ms: int
) -> None:
    call = Call(far_end, round_trip_ms)
    call.playout.add("Greeting", sound(2730))
    call.playout.add("Question", sound(1310, 2))
    call.run(7000)
    heard = b"".join(slot.audio for slot in call.heard)
    assert without_silence(heard) == sent(sound(2730), sound(1310, 2))
    assert len(heard) // 16 - 4040 < 20
    assert call.far.buffered_ms == call.holes == 0
    assert [(ended.heard_ms, ended.mark_back) for _, ended in call.finished] == [(2730, True), (1310, True)]
    over = call.heard[-1].at_ms + 20 + call.way
    assert call.finished[-1][0] == pytest.approx(over, abs=1)
    assert set(call.returned) == {MarkReturn.EXPECTED}


@ALL
@pytest.mark.parametrize("ms", [1, 20, 50, 79, 99, 100, 101, 159, 160, 161, 199, 201, 210, 290, 299, 301])
def test_nothing_stays_behind_whatever_the_length_of_a_prompt(far_end: FarEnd, ms: int) -> None:
    call = Call(far_end, 60)
    for number in range(3):
        call.playout.add("Word", sound(ms, number))
        call.run(1200)
    assert call.far.buffered_ms == 0
    assert [ended.heard_ms for _, ended in call.finished] == [ms] * 3
    heard = b"".join(slot.audio for slot in call.heard)
    assert without_silence(heard) == sent(*(sound(ms, number) for number in range(3)))


def test_pieces_are_whole_frames_of_at_least_100_ms_and_the_first_of_160() -> None:
    call = Call(FarEnd.AUDIO_FORK, 0)
    for ms in (10, 210, 333, 1234, 1602, 2398, 20, 20, 20):
        call.playout.add("Word", sound(ms))
    call.run(9000)
    sizes = [len(piece) // 16 for piece in call.pieces]
    assert all(len(piece) % 320 == 0 for piece in call.pieces)
    assert sizes[0] >= 160
    assert min(sizes) >= 100
    assert max(sizes) <= 300
    assert b"\xff\xff" not in {piece[n : n + 2] for piece in call.pieces for n in range(0, len(piece), 2)}


@pytest.mark.parametrize("round_trip_ms", ROUND_TRIPS_MS)
@ALL
def test_what_a_barge_in_cut_is_known_within_40_ms(far_end: FarEnd, round_trip_ms: int) -> None:
    luck = random.Random(f"{far_end}{round_trip_ms}")
    offs = []
    for phase in range(0, 20, 3):
        call = Call(far_end, round_trip_ms, phase=phase)
        call.playout.add("Greeting", sound(9000))
        call.run(round_trip_ms + luck.randrange(500, 6000))
        told = call.clear()
        call.run(round_trip_ms + 20)
        offs.append(told.heard_ms - call.heard_ms)
        before = len(call.heard)
        call.playout.add("Reply", sound(3000))
        call.run(luck.randrange(1500, 2500))
        call.finished.clear()
        told = call.clear()
        call.run(round_trip_ms + 20)
        offs.append(told.heard_ms - 20 * (len(call.heard) - before))
    assert max(map(abs, offs)) <= OFF_MS, offs


@pytest.mark.parametrize("round_trip_ms", ROUND_TRIPS_MS)
@ALL
def test_what_was_heard_when_the_person_hung_up_is_known_within_40_ms(
    far_end: FarEnd, round_trip_ms: int
) -> None:
    luck = random.Random(f"{far_end}{round_trip_ms}")
    offs = []
    for phase in range(0, 20, 3):
        call = Call(far_end, round_trip_ms, phase=phase)
        call.playout.add("Greeting", sound(9000))
        call.run(luck.randrange(300, 6000))
        told = call.hang_up()
        offs.append(told.heard_ms - call.heard_at_end)
    assert max(map(abs, offs)) <= OFF_MS, offs


@pytest.mark.parametrize("round_trip_ms", ROUND_TRIPS_MS)
@ALL
def test_the_recording_lies_where_it_was_heard(far_end: FarEnd, round_trip_ms: int) -> None:
    """As seen from here: the person answers to what is heard, and that takes half a round trip to come."""
    call = Call(far_end, round_trip_ms)
    for number in range(3):
        call.playout.add("Word", sound(1500, number))
        call.run(4000 + round_trip_ms)
    recorded = call.playout.take_heard()
    begins = [round(piece.at * 1000) for piece in recorded]
    ends = [round(piece.at * 1000 + len(piece.pcm) / 16) for piece in recorded]
    starts = [begins[0], *(begin for end, begin in zip(ends, begins[1:], strict=False) if begin - end > 20)]
    slots = [slot.at_ms for slot in call.heard]
    first = [slots[0], *(after for before, after in pairwise(slots) if after - before > 20)]
    assert starts == pytest.approx([at + call.way for at in first], abs=OFF_MS)
    assert b"".join(piece.pcm for piece in recorded) == b"".join(slot.audio for slot in call.heard)


@ALL
def test_a_resume_repeats_nothing_and_leaves_nothing_out(far_end: FarEnd) -> None:
    call = Call(far_end, 100)
    call.playout.add("Greeting", sound(4000))
    call.run(1500)
    call.silent_from = call.ms
    before = b"".join(slot.audio for slot in call.heard)
    call.run(call.way)
    call.playout.suspend(call.now)
    call.far, call.silent_from, call.heard = PLAYOUTS[far_end](), None, []
    call._there.clear()
    call._back.clear()
    call.run(1000)
    call.playout.resume()
    call.run(6000)
    after = b"".join(slot.audio for slot in call.heard)
    said = sent(sound(4000))
    goes_on_at = said.find(without_silence(after)[:640])
    assert abs(goes_on_at - len(before)) // 16 <= OFF_MS
    assert said.endswith(without_silence(after))


@pytest.mark.parametrize("lag_ms", [300, 800, 2000, 5000])
@ALL
def test_a_way_that_becomes_slow_leaves_no_hole_and_cuts_no_last_words(far_end: FarEnd, lag_ms: int) -> None:
    call = Call(far_end, 20)
    call.playout.add("Greeting", sound(3000))
    call.run(1000)
    call.way = lag_ms // 2
    call.run(3000 + lag_ms)
    call.playout.add("Goodbye", sound(3000))
    while not call.playout.idle:
        assert not call.playout.overdue(call.now)
        call.run(1)
    assert call.heard_ms == 6000
    assert call.finished[-1][1].mark_back
    assert call.finished[-1][0] >= call.heard[-1].at_ms


@ALL
@pytest.mark.parametrize("round_trip_ms", [0, 100, 1000])
def test_marks_that_come_back_at_once_are_noted_and_not_believed(far_end: FarEnd, round_trip_ms: int) -> None:
    call = Call(far_end, round_trip_ms, at_once=True)
    for seed in range(4):
        call.playout.add("Word", sound(340, seed))
    call.run(6000)
    assert MarkReturn.EARLY in call.returned or round_trip_ms == 1000
    assert call.heard_ms >= 4 * 340
    for number, (at_ms, ended) in enumerate(call.finished, 1):
        assert not ended.mark_back
        played = [slot.at_ms for slot in call.heard]
        assert at_ms >= played[340 * number // 20 - 1] + call.way - OFF_MS
    assert not call.playout.overdue(call.now)


@ALL
def test_a_frame_that_was_held_back_when_the_way_was_measured_costs_no_trust(far_end: FarEnd) -> None:
    """The first two marks come back together, 550 ms late; those after them at once."""
    call = Call(far_end, 20)
    call.playout.add("Greeting", sound(3000))
    call.way = 275
    call.run(300)
    call.way = 10
    call.run(4000)
    assert set(call.returned) == {MarkReturn.EXPECTED}
    assert call.heard_ms == 3000
    assert call.finished[-1][1].mark_back


@ALL
@pytest.mark.parametrize("silent_from", [0, 4000])
def test_a_far_end_that_takes_nothing_is_noticed_and_what_it_did_not_confirm_was_not_heard(
    far_end: FarEnd, silent_from: int
) -> None:
    call = Call(far_end, 40)
    call.silent_from = silent_from
    call.playout.add("Greeting", sound(60_000))
    while not call.playout.overdue(call.now):
        call.run(10)
    assert 5000 <= call.ms - silent_from <= 7000
    assert sum(map(len, call.pieces)) // 16 <= call.ms + PlayoutLimits().ahead_ms
    call.playout.lose(call.now, only_confirmed=True)
    (ended,) = call.playout.take_finished()
    assert ended.heard_ms <= call.heard_ms
    assert call.heard_ms - ended.heard_ms <= 1300
    recorded = sum(len(piece.pcm) for piece in call.playout.take_heard()) // 16
    assert recorded == ended.heard_ms


@ALL
def test_short_pieces_in_a_row_are_joined_and_never_fall_behind(far_end: FarEnd) -> None:
    """An agent whose audio comes in 20 ms prompts, as an echo or a relay may."""
    call = Call(far_end, 100)
    said = sound(5000)
    for at in range(0, len(said), 320):
        call.playout.add("", said[at : at + 320])
        call.run(20)
    call.run(1000)
    heard = b"".join(slot.audio for slot in call.heard)
    assert without_silence(heard) == sent(said)
    assert len(heard) // 16 - 5000 <= 280
    assert len(call.finished) == 250
