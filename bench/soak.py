"""`make soak`: ordinary calls for minutes at a real Daphne, then silence. Memory must stay, CPU must go.

Fails when the server's memory grew by more than a tenth and 10 MB, when it still works in the silence, or
when something escaped into its log. docs/soak-and-fuzz.md tells what is measured and how.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from random import Random

from bench.shared.steady_calls import Tally, echo_call, in_parallel, ordinary_call
from bench.shared.world import World, WorldError, running

SHARE_OF_CAPACITY = 0.6
CALIBRATION_CALLS, CALIBRATION_S = 10, 8.0
MOST_GROWTH_SHARE, MOST_GROWTH_MB = 0.10, 10.0
MOST_IDLE_PERCENT = 5.0
IDLE_S = 10.0
SETTLING_S = 3.0
KINDS = ("echo",) * 9 + ("menu",) * 10 + ("recorded",)
"""One call in twenty is recorded, so that half an hour does not fill the disk."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """Memory at the start, after the warm-up and at the end; what the server did without calls."""

    rss: list[float]
    idle_percent: float
    tally: Tally
    timed: Tally
    escaped: int

    def failures(self) -> list[str]:
        """Return a sentence for each failure, [] if there is none."""
        start, end = self.rss[0], self.rss[-1]
        checks = {
            f"Memory grew from {start:.1f} to {end:.1f} MB.": end
            <= start * (1 + MOST_GROWTH_SHARE) + MOST_GROWTH_MB,
            f"The server was {self.idle_percent:.1f} % busy without calls.": self.idle_percent
            <= MOST_IDLE_PERCENT,
            f"{self.escaped} errors are in the server's log.": not self.escaped,
            "Nothing was heard.": bool(self.tally.prompts and self.timed.echoes),
            f"{self.timed.lost} good calls were ended by us.": not self.timed.lost,
        }
        return [sentence for sentence, is_well in checks.items() if not is_well]


async def load(world: World, calls: int, tally: Tally, timed: Tally, *, until: float) -> None:
    """Hold `calls` at once: one is an echo that is timed throughout, the others come and go."""

    def make(index: int) -> "asyncio.Future[None]":
        if index == 0:
            return asyncio.ensure_future(echo_call(world.url("echo"), timed, until=until))
        urls = [world.url(kind) for kind in KINDS]
        return asyncio.ensure_future(ordinary_call(urls, tally, Random(index), until=until))

    await in_parallel(calls, make)


async def calibrated(world: World) -> int:
    """Return 60 % of the calls one core carries, by what a few calls take of it."""
    until = time.monotonic() + CALIBRATION_S + 3
    calling = asyncio.create_task(load(world, CALIBRATION_CALLS, Tally(), Tally(), until=until))
    await asyncio.sleep(3)
    share = await busy(world, CALIBRATION_S) / CALIBRATION_CALLS
    await calling
    return max(1, int(SHARE_OF_CAPACITY / max(share, 0.001)))


async def busy(world: World, seconds: float) -> float:
    """Return the share of a core (0 to 1) that the server takes over so many seconds."""
    begun, cpu = time.monotonic(), world.cpu_seconds()
    await asyncio.sleep(seconds)
    return (world.cpu_seconds() - cpu) / (time.monotonic() - begun)


async def soak(world: World, *, seconds: float, calls: int) -> Soaked:
    """Warm up for a tenth of the time (at most a minute), hold the load, end all calls. Returns figures."""
    tally, timed, rss = Tally(), Tally(), []
    warm_up = min(60.0, seconds / 10 + 2)
    until = time.monotonic() + warm_up + seconds
    calling = asyncio.create_task(load(world, calls, tally, timed, until=until))
    await asyncio.sleep(warm_up)
    pause = max(1.0, min(30.0, seconds / 10))
    while time.monotonic() < until - pause / 2:
        rss.append(world.rss_mb())
        await asyncio.sleep(pause)
    rss.append(world.rss_mb())
    await calling
    await asyncio.sleep(SETTLING_S)
    idle = 100 * await busy(world, IDLE_S)
    return Soaked(rss=rss, idle_percent=idle, tally=tally, timed=timed, escaped=world.escaped())


def main() -> int:
    """Calibrate unless the number of calls is given, soak, and print the result; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=30.0)
    words.add_argument("--calls", type=int, default=0, help="0: 60 %% of a short calibration")
    given = words.parse_args()
    with running() as world:
        calls = given.calls or asyncio.run(calibrated(world))
        print(f"{calls} calls at once for {given.minutes:g} minutes", flush=True)
        try:
            found = asyncio.run(soak(world, seconds=60 * given.minutes, calls=calls))
        except WorldError as gone:
            print(gone)
            return 1
        if found.escaped:
            print(world.output()[-4000:])
    shown, ordinary = found.rss[:: max(1, len(found.rss) // 12)], found.tally
    print("memory         " + " ".join(f"{rss:.1f}" for rss in shown) + " MB")
    print(f"calls          {ordinary.opened} begun, {ordinary.refused} refused, {ordinary.prompts} prompts")
    print(f"echo           p99 {found.timed.p99_ms():.1f} ms of {len(found.timed.echoes)}")
    failures = found.failures()
    for sentence in failures:
        print(sentence)
    figures = f"rss_start_mb={found.rss[0]:.1f} rss_end_mb={found.rss[-1]:.1f}"
    print(f"minutes={given.minutes:g} calls={calls} {figures} idle_cpu_percent={found.idle_percent:.1f}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
