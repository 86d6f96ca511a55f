"""`make crowd`: 500 callers in one second, on both servers: each is served or refused within 2 s.

For each server three scenes: the crowd; a database that is locked for 5 s while callers arrive; and people
who press 9 and hang up in one breath beside a crowd of others, every one of whom must be suppressed. Ends
with one line of the worst of both servers; exit code 1 if a figure is missed. docs/bench.md tells more.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bench.crowd.callers import Fate, arrive
from bench.crowd.database import Database, databases
from bench.shared.servers import OURS, ROOT, Server, daphne, uvicorn

SERVERS: Mapping[str, Callable[[str], list[str]]] = {"daphne": daphne, "uvicorn": uvicorn}
HOLD_S = 6.0
"""A caller who was accepted and has heard nothing by then heard nothing."""
MOST_ANSWER_S = 2.0
LOCKED_S, LOCKED_ARRIVALS = 5.0, 10
RINGS, RING_S = 4, 1.0
STORED_S = 60.0
"""In which all that happened must be in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What became of the callers of one scene."""

    fates: Sequence[Fate]
    miscounted: int = 0
    """Calls in the database that are answered though their caller heard nothing."""

    @property
    def served(self) -> list[Fate]:
        """Return those who heard our agent."""
        return [fate for fate in self.fates if fate.accepted and fate.answered_s is not None]

    @property
    def refused(self) -> list[Fate]:
        """Return those who got an HTTP status."""
        return [fate for fate in self.fates if fate.refused]

    @property
    def answer_p99_s(self) -> float:
        """Return the 99th percentile of the time to an answer, of those who got one; 0 if there is none."""
        times = sorted(fate.answered_s for fate in self.fates if fate.answered_s is not None)
        return times[min(len(times) - 1, int(0.99 * len(times)))] if times else 0.0

    def line(self) -> str:
        """Return the figures as one line."""
        served, refused = len(self.served), len(self.refused)
        silent = len(self.fates) - served - refused
        return (
            f"arrivals={len(self.fates)} served={served} refused={refused} silent={silent} "
            f"answer_p99_s={self.answer_p99_s:.2f}"
        )

    def failures(self, answer_s: float) -> list[str]:
        """Return a sentence for each figure that is missed, [] if none is."""
        answered = len(self.served) + len(self.refused)
        found = []
        if answered < len(self.fates):
            found.append(f"{len(self.fates) - answered} callers got neither a status nor a word.")
        if self.answer_p99_s > answer_s:
            found.append(f"An answer took {self.answer_p99_s:.2f} s (p99).")
        if self.miscounted:
            found.append(f"{self.miscounted} calls are filed as answered and were not served.")
        return found


@dataclass(frozen=True, slots=True)
class House:
    """A server that runs, its database, and the references of people who may be called."""

    port: int
    path: str
    references: list[str]
    database: Database

    def take(self, count: int) -> list[str]:
        """Return so many references that were not used yet."""
        taken = self.references[:count]
        del self.references[:count]
        return taken

    def ring(self, references: list[str], *, within_s: float, breaths: Sequence[str] = ()) -> list[Fate]:
        """Have these callers arrive; return what became of them."""
        return asyncio.run(
            arrive(
                self.port,
                self.path,
                references,
                within_s=within_s,
                hold_s=HOLD_S,
                breaths=frozenset(breaths),
            )
        )

    def settled(self) -> None:
        """Wait until no call is open in the database any more, at most `STORED_S`."""
        until = time.monotonic() + STORED_S
        while self.database.count("SELECT count(*) FROM calls_call WHERE state = 'live'"):
            if time.monotonic() > until:
                return
            time.sleep(0.2)


@contextmanager
def house(
    command: Callable[[str], list[str]], database: Database, *, furnish: Sequence[str]
) -> Iterator[House]:
    """Yield a house with the rows of a module (`furnish`: its name and arguments), whose server is stopped
    with the block."""
    with tempfile.TemporaryDirectory(prefix="awaaz-crowd-") as folder:
        env = {"DATA_DIR": folder, "DATABASE_URL": database.url, "REDIS_URL": ""}
        env |= {"DJANGO_SETTINGS_MODULE": "awaaz_project.settings", "DRAIN_SECONDS": "0"}
        made = subprocess.run(
            [sys.executable, "-m", *furnish],
            cwd=ROOT,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=True,
        )
        rows: dict[str, Any] = json.loads(made.stdout)
        log = Path(folder) / "server.log"
        server = Server(command(OURS), env, log=log, core=max(os.sched_getaffinity(0)))
        try:
            yield House(server.wait_for_port(), rows["path"], rows["references"], database)
        finally:
            server.stop()
            for complaint in server.complaints():
                print(f"  server: {complaint}")


def crowd(home: House, arrivals: int) -> Scene:
    """Return what became of so many callers who arrive in one second."""
    home.ring(home.take(1), within_s=0.1)  # imports, caches and connections are there, as after any call
    fates = home.ring(home.take(arrivals), within_s=1.0)
    home.settled()
    heard = {fate.reference for fate in fates if fate.answered_s is not None and fate.accepted}
    answered = home.database.texts("SELECT reference FROM calls_call WHERE disposition = 'answered'")
    ours = {fate.reference for fate in fates}
    return Scene(fates=fates, miscounted=len((set(answered) & ours) - heard))


def locked(home: House) -> Scene:
    """Return what became of callers who arrive while the database is locked for some seconds."""
    with home.database.locked(LOCKED_S):
        return Scene(fates=home.ring(home.take(LOCKED_ARRIVALS), within_s=1.0))


def breaths(home: House, count: int, beside: int) -> tuple[int, int]:
    """Return how many pressed 9 and hung up in one breath and were let in, and how many are suppressed.

    Those who are refused are rung again, as the platform does, each time beside a share of the others.
    """
    one_breath, others = home.take(count), home.take(beside)
    waiting, let_in = list(one_breath), set[str]()
    for turn in range(RINGS):
        share = others[turn::RINGS]
        order = [reference for pair in zip_longest(waiting, share) for reference in pair if reference]
        fates = home.ring(order, within_s=RING_S, breaths=one_breath)
        let_in |= {fate.reference for fate in fates if fate.reference in one_breath and fate.accepted}
        waiting = [reference for reference in one_breath if reference not in let_in]
    home.settled()
    until = time.monotonic() + STORED_S
    query = "SELECT message_reference FROM campaigns_suppression"
    while (gone := let_in & set(home.database.texts(query))) != let_in and time.monotonic() < until:
        time.sleep(0.2)
    return len(let_in), len(gone)


def main() -> int:
    """Play all scenes on both servers, print their figures and the worst; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--arrivals", type=int, default=500)
    words.add_argument("--breaths", type=int, default=100, help="people who press 9 and hang up at once")
    words.add_argument("--beside", type=int, default=200, help="new calls beside them")
    words.add_argument("--answer-seconds", type=float, default=MOST_ANSWER_S, help="p99, at most")
    words.add_argument("--database", choices=("postgres", "sqlite"), help="this one only")
    words.add_argument("--server", choices=tuple(SERVERS), help="this one only")
    given = words.parse_args()
    failures: list[str] = []
    worst: Scene | None = None
    people = 1 + given.arrivals + LOCKED_ARRIVALS + given.breaths + given.beside
    rows = ("bench.crowd.furnish", str(people))
    for kind in databases(given.database):
        for name, command in SERVERS.items():
            if given.server not in (None, name):
                continue
            with kind() as database, house(command, database, furnish=rows) as home:
                scene = crowd(home, given.arrivals)
                print(f"{name} {database.name}: {scene.line()}", flush=True)
                held = locked(home)
                print(f"{name} {database.name}: locked {held.line()}", flush=True)
                let_in, gone = breaths(home, given.breaths, given.beside)
                print(f"{name} {database.name}: nines={let_in} suppressed={gone}", flush=True)
            most = given.answer_seconds
            found = scene.failures(most) + [f"Database locked: {text}" for text in held.failures(most)]
            if gone < let_in or let_in < given.breaths:
                found.append(f"{gone} of {given.breaths} who pressed 9 at once are suppressed.")
            failures += [f"{name} {database.name}: {sentence}" for sentence in found]
            worst = max(worst or scene, scene, key=lambda one: one.answer_p99_s)
    for sentence in failures:
        print(sentence)
    if worst:
        print(worst.line())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
