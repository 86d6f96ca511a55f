"""`make fuzz` and `make soak` in short: a real Daphne, real sockets, the last line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.system


def run(*words: str) -> tuple[int, str, dict[str, float]]:
    """Exit code, all that was said, and the figures of the last line."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    said = done.stdout + done.stderr
    last = (done.stdout.splitlines() or [""])[-1]
    assert re.fullmatch(r"(\w+=[\d.]+ ?)+", last), said
    return done.returncode, said, {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", last)}


def test_two_thousand_hostile_frames_leave_the_server_as_it_was() -> None:
    """The figures are judged; the share of the machine we get in a test is not ours to judge."""
    code, said, figures = run(
        "bench.hostile.run",
        "--seconds=0",
        "--frames=2000",
        "--rate=1500",
        "--calls=4",
        "--calm=2",
        "--added=1000",
    )
    assert list(figures) == ["frames", "escaped", "rss_growth_mb"]
    assert code == 0, said
    assert figures["frames"] >= 2000, said
    assert figures["escaped"] == 0, said
    assert figures["rss_growth_mb"] < 24, said


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_sixty_callers_in_a_second_are_served_or_refused_and_no_nine_is_lost(server: str) -> None:
    """The time to an answer depends on who else uses the machine: here it is only bounded by the hold."""
    code, said, figures = run(
        "bench.crowd.run",
        "--arrivals=60",
        "--breaths=10",
        "--beside=20",
        "--answer-seconds=6",
        "--database=sqlite",
        f"--server={server}",
    )
    assert list(figures) == ["arrivals", "served", "refused", "silent", "answer_p99_s"]
    assert code == 0, said
    assert figures["silent"] == 0, said
    assert figures["served"] + figures["refused"] == figures["arrivals"] == 60, said
    assert "nines=10 suppressed=10" in said


def test_of_twelve_callers_for_four_slots_four_book_and_the_others_are_told() -> None:
    code, said, figures = run("bench.slots.run", "--calls=12", "--slots=4", "--database=sqlite")
    assert list(figures) == ["calls", "slots", "booked", "double"]
    assert code == 0, said
    assert list(figures.values()) == [12, 4, 4, 0], said
    assert "told=8 " in said


def test_fifteen_seconds_of_five_calls_leave_memory_and_cpu_as_they_were() -> None:
    code, said, figures = run("bench.soak", "--minutes=0.25", "--calls=5")
    assert list(figures) == ["minutes", "calls", "rss_start_mb", "rss_end_mb", "idle_cpu_percent"]
    assert code == 0, said
    assert figures["calls"] == 5
