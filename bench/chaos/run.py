"""`make chaos`: seeded campaigns against the sandbox in which everything fails that can.

XFin's API fails by chance in twenty ways, workers and web are killed with SIGKILL, the database is taken
away, the broker is emptied, the clock goes over the end of the hours, midnight and the end of a month. At the
end of every run the sandbox's own rows must show that no person was rung twice, missed, or rung outside the
hours, and that our own rows agree. A seed that fails says how to run it again and keeps its folder. Ends with
one line of figures; exit 1 if one of the last four is not 0 or a trouble never happened.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.shared.migrated import copy_template
from tests.run import POSTGRES, listening

ROOT = Path(__file__).resolve().parents[2]
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
LONGEST_S = 240.0
BROKEN = ("twice", "missed", "outside_window", "unbalanced")
#: Each must have happened at least once in all seeds together, or the suite shows nothing.
TROUBLES = (
    "api_faults",
    "worker_killed",
    "worker_killed_at_work",
    "web_killed",
    "database_restarted",
    "broker_flushed",
    "worker_frozen",
    "clock_leapt",
    "silent_account",
    "slow_account",
    "slow_dialling",
    "clock_shifted_under_work",
    "midnight",
    "month_end",
)


#: Waits by the database's clock, about a hundredth of the usual: a run takes seconds, not hours.
SCALED = {
    "CLAIM_SECONDS": "1.5",
    "SETTLE_SECONDS": "0.4",
    "SETTLE_AGAIN_SECONDS": "1.2",
    "XFIN_READ_TIMEOUT": "0.5",
}


class RunError(Exception):
    """A run did not come to its end; the text is what it printed last."""


@dataclass
class Totals:
    """The results of all seeds together."""

    seeds: int = 0
    attempts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def add(self, result: Mapping[str, Any] | None) -> None:
        """Add a seed; None for one that did not end, which counts as a person missed."""
        self.seeds += 1
        if result is None:
            self.broken["missed"] += 1
            return
        self.attempts += result["attempts"]
        self.faults.update(result["faults"])
        self.broken.update(result["counts"])

    def has_failed(self) -> bool:
        """Return whether anything was found."""
        return any(self.broken.values())

    def line(self) -> str:
        """Return the last line."""
        broken = " ".join(f"{name}={self.broken[name]}" for name in BROKEN)
        return f"seeds={self.seeds} attempts={self.attempts} faults={self.faults.total()} {broken}"

    def never(self) -> list[str]:
        """Return the troubles that did not happen."""
        return [name for name in TROUBLES if not self.faults[name]]


class Databases:
    """Migrated empty databases, made once and copied for every run."""

    def __init__(self, folder: Path, *, with_postgres: bool) -> None:
        self._folder, self._with_postgres = folder, with_postgres
        self._base = urlsplit(POSTGRES)
        self._template = f"awaaz_chaos_{os.getpid()}"

    def prepare(self) -> None:
        """Migrate one of each kind."""
        if not copy_template(self._folder / "ours.sqlite3"):
            self._migrate("awaaz_project.settings", f"sqlite:///{self._folder / 'ours.sqlite3'}")
        self._migrate("sandbox.settings", "")
        if self._with_postgres:
            self._server("CREATE DATABASE {}", self._template)
            self._migrate("awaaz_project.settings", self._url(self._template))

    def drop(self) -> None:
        """Remove what `prepare` made outside of the folder."""
        if self._with_postgres:
            self._server("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._template)

    @contextmanager
    def copied(self, seed: int, folder: Path, *, keep: Sequence[bool]) -> Iterator[str]:
        """Yield the URL of an empty database for a run, and the sandbox's. Kept once `keep` is filled."""
        (folder / "sandbox").mkdir(parents=True)
        shutil.copy(self._folder / "sandbox.sqlite3", folder / "sandbox" / "sandbox.sqlite3")
        if not self._with_postgres or seed % 2:
            shutil.copy(self._folder / "ours.sqlite3", folder / "app.sqlite3")
            yield f"sqlite:///{folder / 'app.sqlite3'}"
            return
        name = f"{self._template}_{seed}"
        self._server("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        try:
            yield self._url(name)
        finally:
            if not keep:
                self._server("DROP DATABASE {} WITH (FORCE)", name)

    def _migrate(self, module: str, url: str) -> None:
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": module, "DATA_DIR": str(self._folder)}
        env |= {"DATABASE_URL": url} if url else {}
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(command, env=env, cwd=ROOT, check=True)

    def _url(self, name: str) -> str:
        return self._base._replace(path=f"/{name}").geturl()

    def _server(self, order: str, *names: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as server:
            server.execute(sql.SQL(order).format(*map(sql.Identifier, names)))


def run_seed(command: Sequence[str], *, folder: Path, url: str) -> dict[str, Any]:
    """Run one seed in a process of its own; return its result. Raises `RunError`."""
    (folder / "clock").write_text("0")
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "CLOCK_FILE": str(folder / "clock"),
        "REDIS_URL": REDIS if listening(urlsplit(REDIS).port or 6379) else "",
        "REDIS_PREFIX": f"awaaz-chaos-{os.getpid()}-{folder.name}",
        "TICK_SECONDS": "0.02",
        "TURN_SECONDS": "1",
        "LOG_LEVEL": "WARNING",
        **SCALED,
    }
    with (folder / "log").open("ab") as log:
        try:
            told = answer(command, env, log=log)
        except subprocess.SubprocessError as error:
            raise RunError(f"{error}\n{(folder / 'log').read_text(errors='replace')[-3000:]}") from error
    result: dict[str, Any] = json.loads(told.splitlines()[-1])
    return result


def answer(
    command: Sequence[str], env: Mapping[str, str], *, log: IO[bytes], longest_s: float = LONGEST_S
) -> bytes:
    """Return what a run prints. One that takes too long is killed with its workers, web and sandbox."""
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, start_new_session=True
    ) as run:
        try:
            said, _ = run.communicate(timeout=longest_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(
                    run.pid, signal.SIGKILL
                )  # no process of the run lives longer, even if we are interrupted
    if run.returncode:
        raise subprocess.CalledProcessError(run.returncode, command)
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is the same for all seeds."""

    people: int
    after: date
    folder: Path
    databases: Databases
    more: Sequence[str] = ()

    def run(self, seed: int) -> Mapping[str, Any] | None:
        """Run one seed and print it as soon as it is over; return None if it did not come to its end."""
        own, keep = self.folder / f"seed-{seed}", list[bool]()
        with self.databases.copied(seed, own, keep=keep) as url:
            try:
                result = run_seed(self._command(seed, own), folder=own, url=url)
            except RunError as error:
                keep.append(True)
                print(f"seed {seed:>4}: did not end. {error}\n{self._again(seed, own)}", flush=True)
                return None
            print(told(seed, result), flush=True)
            if any(result["counts"].values()):
                keep.append(True)
                print(self._again(seed, own), flush=True)
        if not keep:
            shutil.rmtree(own)
        return result

    def _command(self, seed: int, own: Path) -> Sequence[str]:
        named = {"seed": seed, "people": self.people, "after": self.after, "folder": own}
        options = [f"--{name}={value}" for name, value in named.items()]
        return [sys.executable, "-m", "bench.chaos.seed_run", *options, *self.more]

    def _again(self, seed: int, own: Path) -> str:
        same = f"--first {seed} --seeds 1 --people {self.people} --after {self.after}"
        return f"  Again: python -m bench.chaos.run {same}\n  Kept: {own}"


def told(seed: int, result: Mapping[str, Any]) -> str:
    """Print a line for a seed, and one for everything that was wrong."""
    faults = sum(result["faults"].values())
    done = f"{result['attempts']} calls, {faults} faults, {result['ticks']} ticks"
    line = f"seed {seed:>4}: {done}, {result['seconds']} s"
    wrong = [f"  {name.upper()}: {text}" for name in BROKEN for text in result["findings"][name]]
    return "\n".join([line, *wrong])


def run(seeds: Sequence[int], people: int, after: date, *, jobs: int = 2, more: Sequence[str] = ()) -> Totals:
    """Run all seeds, so many at a time; `more` goes to `bench.chaos.seed_run`."""
    totals, folder = Totals(), Path(tempfile.mkdtemp(prefix="awaaz-chaos-"))
    with_postgres = listening(urlsplit(POSTGRES).port or 5432)
    databases = Databases(folder, with_postgres=with_postgres)
    suite = Suite(people=people, after=after, folder=folder, databases=databases, more=more)
    databases.prepare()
    try:
        with ThreadPoolExecutor(jobs) as pool:
            for result in pool.map(suite.run, seeds):
                totals.add(result)
    finally:
        databases.drop()
        if not totals.has_failed():
            shutil.rmtree(folder)
    return totals


def main() -> int:
    """Run all seeds, print the table of troubles and the line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="the first seed; the others follow")
    parser.add_argument("--people", type=int, default=150, help="in each campaign")
    today = datetime.now(UTC).date()
    parser.add_argument("--after", type=date.fromisoformat, default=today, help="campaigns lie after it")
    parser.add_argument("--jobs", type=int, default=2, help="seeds at a time")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    totals = run(seeds, given.people, given.after, jobs=given.jobs)
    print(", ".join(f"{name} {totals.faults[name]}" for name in TROUBLES))
    for name in totals.never():
        print(f"MISSED: {name} never happened")
    print(totals.line())
    return int(totals.has_failed() or bool(totals.never()))


if __name__ == "__main__":
    sys.exit(main())
