"""PURE: the two checks on the sound itself: is it what the bytes are taken for, and at the rate it is played?

Neither can be read from a frame: mu-law, swapped bytes and audio of 24 kHz are all whole samples of
something.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from calls.audio.pcm import SAMPLE_RATE, decode_ulaw, exact_ms, to_array
from calls.protocol.messages import Media
from sandbox.conformance.requirements import Bounds, Check, Status
from sandbox.line.observations import Observation, PlayClock, Received

LEAST_MS = 100
"""Of audible sound before anything is said about it."""
SMOOTH, TIMES_ROUGHER = 0.7, 1.5
"""Speech and tones as they were meant have a roughness of 0.1 to 0.6, read wrongly 1.5 to 15 times as much;
white noise has 2 in every reading."""
RATES = (16000, 24000, 44100, 48000)
LEAST_STREAMED_S, MOST_PAUSE_S, SLACK = 1.0, 0.25, 0.1

Floats = npt.NDArray[np.float64]
READINGS: Final[dict[str, Callable[[bytes], Floats]]] = {
    "16-bit little-endian PCM": lambda audio: to_array(audio).astype(np.float64),
    "big-endian PCM (its bytes are swapped)": lambda audio: np.frombuffer(audio, ">i2").astype(np.float64),
    "mu-law": lambda audio: to_array(decode_ulaw(audio)).astype(np.float64),
}


class LinearPcm(Check):
    name = "sound"
    requirement = "Payloads hold 16-bit little-endian linear PCM."
    _ms = 0.0

    def __init__(self, bounds: Bounds, clock: PlayClock) -> None:
        super().__init__(bounds, clock)
        self._steps, self._energy = dict.fromkeys(READINGS, 0.0), dict.fromkeys(READINGS, 0.0)
        self._latest: Observation | None = None

    def see(self, seen: Observation) -> None:
        if not (isinstance(seen, Received) and isinstance(seen.message, Media) and self.clock.audible_now):
            return
        self._latest = self._latest or seen
        self._ms += exact_ms(seen.message.payload)
        for name, read in READINGS.items():
            samples = read(seen.message.payload)
            steps = np.diff(samples)
            self._steps[name] += float(steps @ steps)
            self._energy[name] += float(samples @ samples)

    def conclude(self) -> None:
        if self._ms < LEAST_MS:
            return
        rough = {name: self._steps[name] / max(self._energy[name], 1.0) for name in READINGS}
        meant, *others = rough
        likely = min(others, key=rough.__getitem__)
        if rough[likely] <= SMOOTH and rough[meant] >= TIMES_ROUGHER * rough[likely]:
            self.found(Status.FAIL, f"It is heard as noise; read as {likely} it is a sound.", self._latest)
        self.found(Status.PASS, f"{self._ms / 1000:.1f} s of sound are {meant}.")


class Rate(Check):
    name = "rate"
    requirement = f"Audio is at {SAMPLE_RATE} Hz: what is streamed as it is made comes as fast as it plays."

    def __init__(self, bounds: Bounds, clock: PlayClock) -> None:
        super().__init__(bounds, clock)
        self._frames: list[tuple[float, float]] = []
        """When each frame of this stretch came, and how many seconds it holds."""

    def see(self, seen: Observation) -> None:
        if not (isinstance(seen, Received) and isinstance(seen.message, Media)):
            return
        if self._frames and seen.at - self._frames[-1][0] > MOST_PAUSE_S:
            self._frames.clear()
        self._frames.append((seen.at, exact_ms(seen.message.payload) / 1000))
        if self._frames[-1][0] - self._frames[0][0] < LEAST_STREAMED_S:
            return
        half = len(self._frames) // 2
        speeds = (_speed(self._frames[: half + 1]), _speed(self._frames[half:]))
        self._frames.clear()
        rate = min(RATES, key=lambda rate: abs(speeds[1] - rate / SAMPLE_RATE))
        if all(abs(speed * SAMPLE_RATE / rate - 1) <= SLACK for speed in speeds):
            text = f"It streams {speeds[1]:.1f} s of audio a second: {rate} Hz, played too slowly."
            self.found(Status.FAIL, text, seen)
        self.found(Status.PASS, "What was streamed came as fast as it plays.")


def _speed(frames: list[tuple[float, float]]) -> float:
    """Return how many seconds of audio came a second; infinite if all came at once."""
    passed = frames[-1][0] - frames[0][0]
    return sum(seconds for _, seconds in frames[:-1]) / passed if passed > 0 else float("inf")
