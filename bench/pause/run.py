"""`make pause`: 15,000 calls under way, 21 of them without news, slow lists, a silent account; then a pause.

With PostgreSQL and Redis if both run on this machine, else with SQLite and the folder broker. Ends with one
line of figures; exit 1 if a person would be rung later than 60 s after the pause, or is not withdrawn in our
books.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from awaaz_project.launch.demo_clock import IST, clock_offset
from bench.pause.figures import Told, missed
from tests.run import POSTGRES, REDIS, listening, start_postgres

ROOT = Path(__file__).resolve().parents[2]


def run(calls: int, *, page_seconds: float, folder: Path, services: Mapping[str, str], over: int) -> Told:
    """Run the scene in a process of its own and return its figures."""
    env = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'app.sqlite3'}",
        "REDIS_URL": "",
        "REDIS_PREFIX": f"awaaz-pause-{os.getpid()}",
        **services,
        "DATA_DIR": str(folder),
        "CLOCK_OFFSET": str(clock_offset(datetime.now(IST))),
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "bench.pause.scene", "--calls", str(calls), "--stragglers", "21"]
    command += ["--over", str(over), "--page-seconds", str(page_seconds)]
    answer = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Told(**json.loads(answer.stdout.splitlines()[-1]))


@contextmanager
def services() -> Iterator[Mapping[str, str]]:
    """Yield the environment of a database of its own on PostgreSQL, and Redis; empty if one does not run."""
    start_postgres()
    if not (listening(5432) and listening(urlsplit(REDIS).port or 6379)):
        yield {}
        return
    name, base = f"awaaz_pause_{os.getpid()}", urlsplit(POSTGRES)
    with psycopg.connect(base._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield {"DATABASE_URL": base._replace(path=f"/{name}").geturl(), "REDIS_URL": REDIS}
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main() -> int:
    """Run it, print the line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=15_000)
    parser.add_argument("--page-seconds", type=float, default=0.4)
    parser.add_argument("--embedded", action="store_true", help="SQLite and the folder broker in any case")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="awaaz-pause-") as place, services() as found:
        told = run(
            asked.calls,
            page_seconds=asked.page_seconds,
            folder=Path(place),
            services={} if asked.embedded else found,
            over=20_000,
        )
    problems = missed(told)
    for problem in problems:
        print(f"MISSED: {problem}")
    print(" ".join(f"{name}={value}" for name, value in told._asdict().items()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
