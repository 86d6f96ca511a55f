"""`make fuzz`: a coverage-guided run, then a million hostile frames at a real server while people talk on it.

Fails when anything escaped, when memory grew by more than `MOST_GROWTH_MB`, or when calls on the same
process were ended. docs/soak-and-fuzz.md tells what is measured and how.
"""

import argparse
import asyncio
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.shared.steady_calls import Tally, echo_call, in_parallel
from bench.shared.world import ROOT, World, running

MOST_GROWTH_MB = 24.0
MOST_ADDED_MS = 20.0
"""Of p99 of the good calls: what the storm may add."""
WARM_UP_SHARE = 20
REST_S = 3.0
_UNITS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


class Rss(NamedTuple):
    """Memory of the server in MB."""

    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Weather:
    """The results of the storm and of the calls beside it."""

    taken: int
    dialled: int
    thrown_out: int
    refused: int
    seconds: float
    calm: Tally
    storm: Tally
    rss: Rss
    escaped: int


def guided(seconds: int) -> tuple[int, int]:
    """Return how many inputs were tried, and 1 if one of them raised."""
    if importlib.util.find_spec("atheris") is None:
        print("guided run     skipped: atheris is not installed (make fuzz installs it)")
        return 0, 0
    with tempfile.TemporaryDirectory(prefix="awaaz-guided-") as folder:
        command = [sys.executable, "-m", "bench.hostile.guided", str(seconds), folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = _UNITS.search(done.stderr)
    if done.returncode:
        print(done.stderr[-4000:])
    return int(found[1]) if found else 0, int(done.returncode != 0)


async def talk(world: World, tally: Tally, *, calls: int, until: float) -> None:
    """Hold so many echo calls side by side."""
    url = world.url("echo")
    await in_parallel(calls, lambda _: asyncio.ensure_future(echo_call(url, tally, until=until)))


async def storm(world: World, *, frames: int, rate: float, seed: int) -> dict[str, Any]:
    """Return the storm's own count; it runs in its own process, so as not to delay the calls' clock."""
    words = [
        "-m",
        "bench.hostile.storm",
        world.url("hostile"),
        f"--frames={frames}",
        f"--rate={rate}",
        f"--seed={seed}",
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    counts: dict[str, Any] = json.loads(said.splitlines()[-1])
    return counts


async def weather(world: World, *, frames: int, calls: int, rate: float, calm_s: float) -> Weather:
    """Run good calls alone, a little storm to warm up, the storm, and a rest; return the results."""
    calm, stormy = Tally(), Tally()
    await talk(world, calm, calls=calls, until=time.monotonic() + calm_s)
    await storm(world, frames=frames // WARM_UP_SHARE, rate=rate, seed=1000)
    await asyncio.sleep(REST_S)
    before = world.rss_mb()
    talking = asyncio.create_task(talk(world, stormy, calls=calls, until=float("inf")))
    await asyncio.sleep(REST_S)
    stormy.echoes.clear()
    counts = await storm(world, frames=frames, rate=rate, seed=0)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await asyncio.sleep(REST_S)
    rss = Rss(before, world.rss_mb())
    return Weather(**counts, rss=rss, calm=calm, storm=stormy, escaped=world.escaped())


def table(found: Weather, inputs: int) -> None:
    """Print everything but the last line."""
    rate = found.taken / found.seconds
    print(f"guided run     {inputs} inputs")
    print(f"storm          {found.taken} frames in {found.seconds:.0f} s, {rate:.0f} a second")
    print(f"connections    {found.dialled} dialled, {found.thrown_out} ended by us, {found.refused} refused")
    print(f"memory         {found.rss.before:.1f} MB before, {found.rss.after:.1f} MB after")
    for name, tally in (("calm", found.calm), ("storm", found.storm)):
        echoes = f"{len(tally.echoes)} echoes, {tally.lost} calls lost"
        print(f"good calls     {name:6} p99 {tally.p99_ms():6.1f} ms of {echoes}")


def main() -> int:
    """Run both parts, print the table and the line; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=int, default=60, help="of the guided run")
    words.add_argument("--frames", type=int, default=1_000_000)
    words.add_argument("--calls", type=int, default=10)
    words.add_argument("--rate", type=float, default=2000.0, help="hostile frames a second, 0: without pause")
    words.add_argument("--calm", type=float, default=10.0, help="seconds of calm before the storm")
    words.add_argument("--added", type=float, default=MOST_ADDED_MS, help="ms the storm may add to p99")
    given = words.parse_args()
    inputs, raised = guided(given.seconds) if given.seconds else (0, 0)
    with running() as world:
        found = asyncio.run(
            weather(world, frames=given.frames, calls=given.calls, rate=given.rate, calm_s=given.calm)
        )
        if found.escaped:
            print(world.output()[-4000:])
    table(found, inputs)
    escaped, growth = found.escaped + raised, found.rss.after - found.rss.before
    added = found.storm.p99_ms() - found.calm.p99_ms()
    calls_are_well = bool(found.storm.echoes) and not found.storm.lost and added <= given.added
    if not calls_are_well:
        print(f"The good calls suffered: the storm may add {given.added:g} ms to their p99 and end none.")
    print(f"frames={found.taken} escaped={escaped} rss_growth_mb={max(0.0, growth):.1f}")
    return 0 if not escaped and growth <= MOST_GROWTH_MB and calls_are_well else 1


if __name__ == "__main__":
    sys.exit(main())
