"""`make contention`: files, pauses, opt-outs, uploads and polls that lock the same rows, on PostgreSQL.

Ends with one line, `rounds= deadlocks= retried= lost= reached=`: the deadlocks that PostgreSQL broke, the
transactions that were run again, what failed all the same, and in how much of that a lost race came through
to who had asked. Exit 1 if one of the last two is not 0.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.pause.run import services

ROOT = Path(__file__).resolve().parents[2]


def run(rounds: int, found: Mapping[str, str]) -> Mapping[str, int]:
    """Run so many rounds against the services and return the figures."""
    with tempfile.TemporaryDirectory(prefix="awaaz-contention-") as folder:
        env = {**os.environ, **found, "DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "bench.contention.rounds", str(rounds)]
        answer = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    *lines, last = answer.stdout.splitlines()
    print("\n".join(lines), end="\n" if lines else "")
    figures: Mapping[str, int] = json.loads(last)
    return {"rounds": rounds, **figures}


def main() -> int:
    """Run it and print the line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    with services() as found:
        if not found:
            print("PostgreSQL and Redis must run on this machine: SQLite has one lock for all.")
            return 1
        figures = run(rounds, found)
    print(" ".join(f"{name}={value}" for name, value in figures.items()))
    return int(has_failed(figures))


def has_failed(figures: Mapping[str, int]) -> bool:
    """Return whether anything was lost, or a lost race reached who had asked."""
    return bool(figures["lost"] or figures["reached"])


if __name__ == "__main__":
    sys.exit(main())
