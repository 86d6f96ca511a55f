"""`make contention`: files, pauses, opt-outs, uploads and polls that lock the same rows, on PostgreSQL.

Ends with one line, `rounds= deadlocks= retried= lost=`: the deadlocks that PostgreSQL broke, the transactions
that were run again, and what failed all the same. Exit 1 if anything was lost.
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
    return 1 if figures["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
