"""Calls a core: our consumer, a stock Channels consumer and a plain ASGI callable, side by side in one run.

    python -m bench.media.run [--quick]

Every contender has a server process on one core; the calls come from the other. Round by round each of them
gets one step (so many calls for some seconds), so that what else the machine does hits all alike.
docs/bench.md says what is measured and how. Ends with one line of figures; exit code 1 if one that is asked
for is missed.
"""

import argparse
import gc
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.media import callers, report
from bench.media.contenders import KINDS, Entrants
from bench.media.pair import PAIR, compare
from bench.media.search import Search
from bench.media.standing import Standing
from bench.media.step import Result, step
from bench.shared import figures, servers

LOOKED_AT = 30
"""Calls of the look before a search: what they take of a core says where it begins."""
LOOK_SECONDS = 1.0
USABLE_CORE = 0.95
"""The share of a core at which p99 leaves its limit, by what fewer calls took: where to search next."""
MOST_STEP = 1.6
"""How much more is tried at most: the step that fails costs most time."""
LEAST_STEP = 1.2
"""How much more is tried at least after a step that was carried, and how much less at most after one that was
not. Not over the tolerance of a quick search, so that two steps beside each other end it."""
WITH_MENU = "dialogue_vs_menu"
"""What `bench.media.pair` measures, beside the contenders."""
ECHO_SHARE = 0.1
"""Every tenth caller hears an echo: its round trip shows delays that a schedule hides."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often. Seconds."""

    repeats: int
    tries: int
    tolerance: float
    warm: float
    seconds: float
    half_seconds: float
    retries: int
    search_seconds: float
    """For all searches together, each look included; then what is known counts."""


QUICK = Plan(
    repeats=1,
    tries=5,
    tolerance=1.2,
    warm=0.5,
    seconds=2.5,
    half_seconds=6.0,
    retries=1,
    search_seconds=160,
)
LONG = Plan(
    repeats=3,
    tries=6,
    tolerance=1.1,
    warm=1.0,
    seconds=5.0,
    half_seconds=15.0,
    retries=2,
    search_seconds=1500,
)


class Bench:
    """One run."""

    def __init__(self, plan: Plan, standings: list[Standing]) -> None:
        self._plan, self._standings = plan, standings
        self._until = time.monotonic() + plan.search_seconds

    async def run(self) -> None:
        """Run every search, side by side; then measure the delays at half of what was found."""
        for _ in range(self._plan.repeats):
            await self._search_all()
        for standing in self._standings:
            if standing.contender.kind.name.startswith(("ours", "full")) and standing.calls:
                await self._look_at_half(standing)

    async def _search_all(self) -> None:
        """Search the baselines before the others, whose searches begin at what is asked of them."""
        for is_baseline in (True, False):
            await self._search([who for who in self._standings if who.is_baseline is is_baseline])

    async def _search(self, standings: list[Standing]) -> None:
        """Search in turns, so that what else the machine does affects all alike."""
        searches = [(standing, await self._begun(standing)) for standing in standings]
        while self._may_search() and any(search.next_calls for _, search in searches):
            for standing, search in searches:
                if search.next_calls and self._may_search():
                    await self._try(standing, search)
        for standing, search in searches:
            self._note(standing, search)

    async def _begun(self, standing: Standing) -> Search:
        start = standing.calls or self._asked_of(standing) or await self._look(standing)
        return Search(start, most_tries=self._plan.tries, tolerance=self._plan.tolerance, stride=LEAST_STEP)

    def _asked_of(self, standing: Standing) -> int:
        """Return the calls that reach every ratio asked for; 0 if none is, or if no baseline is known."""
        known = {other.contender.kind.name: other.calls for other in self._standings if other.is_baseline}
        return figures.asked_of(standing.contender.kind.name, known)

    async def _look(self, standing: Standing) -> int:
        """Return how many calls fill the core, if each takes what one of a few takes."""
        roles = callers.roles(LOOKED_AT, echo=ECHO_SHARE)
        result = await step(standing.contender, roles, warm=self._plan.warm, seconds=LOOK_SECONDS)
        standing.steps.append(result)
        print(report.progress(standing.contender.kind.name, result, again=False), flush=True)
        return at_full_core(result)

    def _note(self, standing: Standing, search: Search) -> None:
        """Note what a search found. One that ran out of time counts only if there is no other."""
        is_done = search.next_calls is None
        if is_done or not standing.answers:
            standing.answers.append(search.passed)
            standing.brackets.append((search.passed, search.failed))
            standing.unfinished = not is_done

    def _may_search(self) -> bool:
        return time.monotonic() < self._until

    async def _try(self, standing: Standing, search: Search) -> None:
        calls = search.next_calls or 0
        roles = callers.roles(calls, echo=ECHO_SHARE)
        result = await self._step(standing, roles, self._plan.seconds, warm=self._plan.warm)
        search.tell(calls, carried=result.is_carried)
        if result.is_carried:  # a call costs less the more there are, so that every step tells anew
            search.hint(min(at_full_core(result), round(calls * MOST_STEP)))

    async def _step(
        self, standing: Standing, roles: list[callers.Role], seconds: float, *, warm: float
    ) -> Result:
        """Measure a step; one that failed narrowly, or while it was disturbed, is repeated a few times."""
        for attempt in range(self._plan.retries + 1):
            result = await step(standing.contender, roles, warm=warm, seconds=seconds)
            standing.steps.append(result)
            doubtful = result.is_disturbed or result.is_near
            again = doubtful and not result.is_carried and attempt < self._plan.retries
            print(report.progress(standing.contender.kind.name, result, again=again), flush=True)
            if not again:
                break
        return result

    async def _look_at_half(self, standing: Standing) -> None:
        speak = 0.2 if standing.contender.vad else 0.0
        roles = callers.roles(max(8, standing.calls // 2), echo=0.2, keys=0.2, speak=speak)
        standing.half = await self._step(
            standing, roles, self._plan.half_seconds, warm=2 * self._plan.warm + 1
        )


def at_full_core(result: Result) -> int:
    """Return how many calls fill the core, if each takes what one of this step took."""
    return round(result.calls * USABLE_CORE / max(result.core_used, 0.01))


def summary(standings: Mapping[str, Standing]) -> dict[str, float | None]:
    """Return the figures of the last line. Where both databases were measured, the lower counts.

    A baseline that time ran out for, far from its answer, counts as not measured. Ours then counts with what
    it carried: the ratio is one that is reached at least.
    """

    def calls(*names: str) -> float | None:
        found = [standings[name].calls for name in names if name in standings]
        return min(found, default=None)

    def known(name: str) -> float | None:
        return standings[name].calls if name in standings and standings[name].is_known else None

    halves = [standing.half for standing in standings.values() if standing.half]
    keys = [half.key_to_audio.p99 for half in halves if half.key_to_audio]
    speech = [half.speech_to_clear.p99 for half in halves if half.speech_to_clear]
    return {
        **{ratio.name: figures.ratio(calls(*ratio.ours), known(ratio.baseline)) for ratio in figures.RATIOS},
        "dtmf_to_audio_p99_ms": max(keys, default=None),
        "speech_to_clear_p99_ms": max(speech, default=None),
        "played_gaps": sum(half.gaps for half in halves) if halves else None,
    }


def cores() -> tuple[int, int]:
    """Return the server's core and ours. Raises SystemExit if there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        sys.exit("The bench needs two cores: one for the server, one for the calls.")
    return usable[-1], usable[0]


def main() -> int:
    """Run everything; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.media.run")
    parser.add_argument("--quick", action="store_true", help="under five minutes, one search each")
    parser.add_argument(
        "--only", nargs="*", choices=[*(kind.name for kind in KINDS), WITH_MENU], help="some of it"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # so that nothing is left behind
    plan = QUICK if options.quick else LONG
    server_core, own_core = cores()
    entrants = Entrants(Path(tempfile.mkdtemp(prefix="bench-")), server_core)
    try:
        for kind in KINDS:
            if kind.name in options.only if options.only else kind.in_quick or not options.quick:
                entrants.add(kind)
        count = len(entrants.contenders)
        for kind in PAIR if not options.only or WITH_MENU in options.only else ():
            entrants.add(kind)
        entrants.wait()
        pair = entrants.contenders[count:]
        standings = {contender.kind.name: Standing(contender) for contender in entrants.contenders[:count]}
        os.sched_setaffinity(0, {own_core})
        servers.raise_priority(os.getpid())
        gc.collect()
        gc.freeze()
        uvloop.run(Bench(plan, list(standings.values())).run())
        against_menu = uvloop.run(compare(*pair)) if pair else None
    finally:
        entrants.close()
        servers.raise_priority(os.getpid(), nice=0)
    found = {**summary(standings), WITH_MENU: against_menu}
    report.publish(standings, found, skipped=entrants.skipped, quick=options.quick)
    return 1 if figures.missed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
