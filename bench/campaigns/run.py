"""`make bench-campaigns`: what a row costs on its way through campaigns, from the list to its last state.

Every stage and size runs in a child process on an empty database of its own, so that its peak memory is
its own. The list of the import has the faults of real ones: names in Devanagari, three variables, 2 % bad
numbers, 1 % duplicates. In the same child the rows that were accepted are afterwards written by one bare
COPY into an empty table with the same columns and indexes; the import's time by that one is the ratio.
The upload is compared with a bare loop that posts prepared bodies to the same server. Ends with one line
of figures; exit 1 where a goal is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.shared.people_lists import write_list

AT_MOST = {"import_us_per_row": 60.0, "import_peak_mb": 300.0, "growth_100k_to_1m": 1.2}
AT_LEAST = {"upload_vs_bare": 0.8}
STAGES = ("preflight", "planning", "states")
"""Beside import and upload; a million would take each longer than a minute."""
UPLOADED = {"sandbox": 100_000, "quick": 20_000}
"""Messages by server. The first is that of the figure: the project's own sandbox, which answers at once.
The other keeps nothing: what an upload costs beside an API that costs nothing."""
POSTGRES = os.environ.get(
    "BENCH_DATABASE_URL", f"postgres://postgres@127.0.0.1:5432/awaaz_bench_campaigns_{os.getpid()}"
)


def in_child(module: str, *arguments: object, folder: Path) -> dict[str, float]:
    """Return the figures that a child process prints in its last line."""
    env = {**os.environ, "DATABASE_URL": POSTGRES, "DATA_DIR": str(folder / "data"), "LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", f"bench.campaigns.{module}", *map(str, arguments)]
    answer = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def imported(rows: int, folder: Path) -> dict[str, float]:
    """Return the figures of an import of so many rows."""
    path = folder / f"{rows}.csv"
    write_list(path, rows)
    figures = in_child("import_stage", path, folder=folder)
    path.unlink()
    return tell("import", rows, figures)


def uploaded_to(server: str, messages: int, folder: Path) -> dict[str, float]:
    """Return the figures of an upload of so many messages to one of the servers."""
    figures = in_child("upload_stage", server, messages, folder, folder=folder)
    return tell(f"upload to {server}", messages, figures)


def tell(stage: str, rows: int, figures: dict[str, float]) -> dict[str, float]:
    """Print a line of the table."""
    said = ", ".join(f"{name} {value:g}" for name, value in figures.items())
    print(f"{stage:<17} {rows:>9,} rows: {said}", flush=True)
    return figures


def figures_of(
    small: Mapping[str, float], large: Mapping[str, float], upload: Mapping[str, float]
) -> dict[str, float]:
    """Return the line of figures, from those of the import's two larger sizes and of the upload."""
    return {
        "import_us_per_row": large["us_per_row"],
        "import_peak_mb": max(small["peak_mb"], large["peak_mb"]),
        "copy_ratio": large["copy_ratio"],
        "growth_100k_to_1m": round(large["us_per_row"] / small["us_per_row"], 2),
        "upload_vs_bare": upload["upload_vs_bare"],
    }


def missed(figures: Mapping[str, float]) -> list[str]:
    """Return the goals that were not reached."""
    too_much = [
        f"{name} is {figures[name]}, not {goal} or less"
        for name, goal in AT_MOST.items()
        if figures[name] > goal
    ]
    too_little = [
        f"{name} is {figures[name]}, not {goal} or more"
        for name, goal in AT_LEAST.items()
        if figures[name] < goal
    ]
    return too_much + too_little


def main() -> int:
    """Run all stages and sizes and print the line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="the largest size; others are a tenth and less"
    )
    rows = parser.parse_args().rows
    sizes = [max(10, rows // 100), max(10, rows // 10)]
    with tempfile.TemporaryDirectory(prefix="awaaz-bench-") as place:
        folder = Path(place)
        upload, _ = [uploaded_to(server, min(rows, most), folder) for server, most in UPLOADED.items()]
        for stage in STAGES:
            for size in sizes:
                tell(stage, size, in_child("other_stages", stage, size, folder, folder=folder))
        _, small, large = [imported(size, folder) for size in (*sizes, rows)]
    figures = figures_of(small, large, upload)
    problems = missed(figures)
    for problem in problems:
        print(f"MISSED: {problem}")
    print(" ".join(f"{name}={value}" for name, value in figures.items()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
