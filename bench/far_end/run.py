"""`make far-end`: what people hear at every far end that is known, over slow ways, against what we say they
heard.

A real Daphne and callers over real sockets who count audio. Three far ends (docs/sandbox.md), round trips of
0 to 1,000 ms; people hear a clip to its end, hang up in it, or cut a question by a key and hear the reply; in
one call of each far end the way becomes 5 s slow. Ends with one line and exit code 1 where a figure is
missed:

    calls               made; all must have come to their end
    round_trip_ms       the slowest way
    holes               breaks in what was heard
    heard_off_p99_ms    what our log says was heard against what was
    tail_lost_ms        audio that came and was not played, or came too late, when the agent hung up
    goodbyes_cut        last words that were not heard whole
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.far_end.caller import CLIP_MS, Kind, Order, Result, make_call
from bench.shared.figures import percentile
from bench.shared.servers import OURS, ROOT, Server, daphne, raise_priority
from sandbox.line.playout import FarEnd

ROUND_TRIPS_MS = (0, 100, 300, 600, 1000)
QUICK_ROUND_TRIPS_MS = (0, 1000)
REPEATED = 4
AT_ONCE = 8
MOST_LAG_MS, TRIES = 20, 4
"""A call in which our own clock, or the server, was later than this says nothing exact, and is made again."""
MOST_OFF_MS = 40
HeardBy = Mapping[str, Sequence[tuple[int, int]]]
"""By call_sid, prompt after prompt: ms heard, ms in all, as the server has it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the run found."""

    calls: int
    ended: int
    round_trip_ms: int
    holes: int
    heard_off_p99_ms: int
    tail_lost_ms: int
    goodbyes_cut: int

    @property
    def is_good(self) -> bool:
        """Return whether every figure is as it must be."""
        nothing_lost = not (self.holes or self.tail_lost_ms or self.goodbyes_cut)
        return nothing_lost and self.calls == self.ended and self.heard_off_p99_ms <= MOST_OFF_MS

    def __str__(self) -> str:
        names = ("calls", "round_trip_ms", "holes", "heard_off_p99_ms", "tail_lost_ms", "goodbyes_cut")
        return " ".join(f"{name}={getattr(self, name)}" for name in names)


def orders(round_trips_ms: Sequence[int], repeated: int) -> list[Order]:
    """Return the calls to make, those that take longest first."""
    luck = random.Random("far end")
    found = [Order(far_end, 20, Kind.LAGS, 0.0, f"CA-{far_end}-lags") for far_end in FarEnd]
    for far_end in FarEnd:
        for round_trip_ms in round_trips_ms:
            for number in range(repeated):
                for kind in (Kind.LISTENS, Kind.HANGS_UP, Kind.PRESSES):
                    acts_s = luck.uniform(1.0, 5.0 if kind is Kind.PRESSES else 2.8)
                    name = f"CA-{far_end}-{round_trip_ms}-{kind.value}-{number}"
                    found.append(Order(far_end, round_trip_ms, kind, acts_s, name))
    return found


def off_ms(result: Result, said: Sequence[tuple[int, int]]) -> int:
    """Return by how much our log is wrong about what was heard, up to the cut where there was one."""
    if result.order.kind is Kind.PRESSES:
        said = said[:2]
    heard = result.heard_ms if result.cut_at_ms is None else result.cut_at_ms
    return abs(sum(ms for ms, _ in said) - min(heard, CLIP_MS if result.cut_at_ms is None else heard))


def is_goodbye_cut(result: Result, said: Sequence[tuple[int, int]]) -> bool:
    """Return whether the last words of the call were not heard to their end."""
    if result.order.kind is Kind.HANGS_UP:
        return False
    if result.order.kind is Kind.PRESSES:
        return len(said) != 3 or result.heard_ms - (result.cut_at_ms or 0) < said[-1][1]
    return result.heard_ms < CLIP_MS


def figures(made: Sequence[Result], wanted: Sequence[Order], heard: HeardBy) -> Figures:
    """Return the figures of all calls."""
    said = {result.order.call_sid: heard.get(result.order.call_sid, ()) for result in made}
    offs = [off_ms(result, said[result.order.call_sid]) for result in made]
    whole = [result for result in made if result.order.kind is not Kind.HANGS_UP]
    return Figures(
        calls=len(wanted),
        ended=sum(result.closed == 1000 for result in made),
        round_trip_ms=max(order.round_trip_ms for order in wanted),
        holes=sum(result.holes for result in made),
        heard_off_p99_ms=round(percentile(offs, 0.99)) if offs else 0,
        tail_lost_ms=sum(result.unplayed_ms for result in whole),
        goodbyes_cut=sum(is_goodbye_cut(result, said[result.order.call_sid]) for result in made),
    )


async def make_all(wanted: Sequence[Order], urls: Mapping[str, str]) -> list[Result]:
    """Make the calls, a few at a time; one that fails is left out and told."""
    gate = asyncio.Semaphore(AT_ONCE)
    made: list[Result] = []

    async def one(order: Order) -> None:
        for attempt in range(TRIES):
            async with gate:
                again = replace(order, call_sid=f"{order.call_sid}-{attempt}")
                try:
                    result = await make_call(urls[order.kind.number], again)
                except (OSError, TimeoutError) as error:
                    print(f"{again.call_sid}: {type(error).__name__}: {error}", flush=True)
                    return
            if result.lag_ms <= MOST_LAG_MS:
                break
        made.append(result)

    await asyncio.gather(*map(one, wanted))
    return made


def in_database(what: str, env: Mapping[str, str]) -> str:
    """Return what `bench.far_end.rows` prints. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-m", "bench.far_end.rows", what]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def tell(made: Sequence[Result], heard: HeardBy) -> None:
    """Print a line for each call that is not as it must be."""
    for result in made:
        said = heard.get(result.order.call_sid, ())
        off, cut = off_ms(result, said), is_goodbye_cut(result, said)
        lost = result.unplayed_ms if result.order.kind is not Kind.HANGS_UP else 0
        if off > MOST_OFF_MS or cut or lost or result.holes or result.closed != 1000:
            print(
                f"{result.order.call_sid}: {off=} {cut=} {lost=} holes={result.holes} {result.closed=} {said}"
            )


def run(wanted: Sequence[Order], *, core: int) -> Figures:
    """Make a database and a server on `core`, make the calls, and return the figures."""
    with TemporaryDirectory(prefix="far-end-") as folder:
        env = {
            **os.environ,
            "DATA_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/far-end.sqlite3",
            "REDIS_URL": "",
            "DJANGO_SETTINGS_MODULE": "awaaz_project.settings",
        }
        paths = json.loads(in_database("make", env))
        server = Server(daphne(OURS), env, log=Path(folder) / "server.log", core=core)
        try:
            port = server.wait_for_port()
            urls = {name: f"ws://127.0.0.1:{port}{path}" for name, path in paths.items()}
            made = asyncio.run(make_all(wanted, urls))
        finally:
            server.stop()
        heard: HeardBy = json.loads(in_database("read", env))
    tell(made, heard)
    disturbed = sum(result.lag_ms > MOST_LAG_MS for result in made)
    print(f"{disturbed} of {len(made)} calls were made while this machine was busy with other things.")
    return figures(made, wanted, heard)


def main() -> int:
    """Run and print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two round trips, each once")
    given = parser.parse_args()
    raise_priority(os.getpid())
    own, *_, core = [*sorted(os.sched_getaffinity(0))] * 2
    os.sched_setaffinity(0, {own})
    wanted = orders(QUICK_ROUND_TRIPS_MS, 1) if given.quick else orders(ROUND_TRIPS_MS, REPEATED)
    found = run(wanted, core=core)
    print(found)
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
