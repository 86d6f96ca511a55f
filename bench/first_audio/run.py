"""`make first-audio`: how long people hear nothing, with words of their own, at 50 calls on Daphne.

Rounds of 50 callers who arrive within some seconds and stay on the line to the end of the round; each is
greeted by name, with words that lie ready. Rounds of a dialogue and of a playback of one clip alternate, so
that the clip's figure tells what the machine can do. Ends with one line of figures:

    calls                 on the line at once
    first_audio_p99_ms    from the caller's start message to the first audio, dialogue
    clip_p99_ms           the same of the playback
    ratio                 of the medians, dialogue over playback
    synthesised_in_media  sentences that were not ready when the calls began and were made in them, and helper
                          processes of the server at the end

Exit code 1 if a caller heard nothing, the first figure is over 100 ms, or the last is not 0. docs/bench.md
tells more.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.crowd.callers import Fate, arrive
from bench.shared.figures import median, percentile
from bench.shared.servers import OURS, ROOT, Server, daphne

CALLS, ROUNDS, WITHIN_S, HOLD_S = 50, 4, 2.5, 2.0
MOST_MS = 100.0
WORDS, CLIP = "words", "clip"


@dataclass(frozen=True, slots=True)
class House:
    """A server, the callers of both kinds, and its folder of speech."""

    server: Server
    port: int
    people: Mapping[str, Mapping[str, Any]]
    speech: Path

    def sentences(self) -> int:
        """Return how many sentences lie ready."""
        return len(list(self.speech.rglob("*.wav")))

    def helpers(self) -> int:
        """Return how many child processes the server has."""
        tasks = Path(f"/proc/{self.server.pid}/task").glob("*/children")
        return sum(len(task.read_text().split()) for task in tasks)

    def ring(self, kind: str, count: int, *, within_s: float) -> list[Fate]:
        """Have so many callers arrive who were not there before; return what became of them."""
        references = self.people[kind]["references"]
        now, references[:] = references[:count], references[count:]
        path = self.people[kind]["path"]
        return asyncio.run(arrive(self.port, path, now, within_s=within_s, hold_s=HOLD_S))


def first_audio_ms(fates: Sequence[Fate]) -> list[float]:
    """Return how long each caller heard nothing from its start on; those who never heard us are left out."""
    return [
        (fate.answered_s - fate.started_s) * 1000
        for fate in fates
        if fate.answered_s is not None and fate.started_s is not None
    ]


def figures(words: Sequence[Fate], clip: Sequence[Fate], *, calls: int, synthesised: int) -> dict[str, float]:
    """Return the line's figures. Raises `ValueError` if no caller of a kind heard anything."""
    ours, played = first_audio_ms(words), first_audio_ms(clip)
    return {
        "calls": calls,
        "first_audio_p99_ms": round(percentile(ours, 0.99), 1),
        "clip_p99_ms": round(percentile(played, 0.99), 1),
        "ratio": round(median(ours) / median(played), 2),
        "synthesised_in_media": synthesised,
    }


@contextmanager
def house(people: int, *, cold: bool) -> Iterator[House]:
    """Yield a house with so many people of each kind, whose server is stopped with the block."""
    with tempfile.TemporaryDirectory(prefix="awaaz-first-audio-") as folder:
        database = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        env = {"DATA_DIR": folder, "DATABASE_URL": database, "REDIS_URL": ""}
        env |= {"DJANGO_SETTINGS_MODULE": "awaaz_project.settings", "DRAIN_SECONDS": "0"}
        command = [sys.executable, "-m", "bench.first_audio.furnish", str(people)]
        made = subprocess.run(
            [*command, "--cold"] if cold else command,
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        server = Server(daphne(OURS), env, log=Path(folder) / "server.log", core=max(os.sched_getaffinity(0)))
        try:
            yield House(server, server.wait_for_port(), json.loads(made.stdout), Path(folder) / "speech")
        finally:
            server.stop()
            for complaint in server.complaints():
                print(f"  server: {complaint}")


def main() -> int:
    """Play the rounds, print the figures; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--calls", type=int, default=CALLS)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    words.add_argument(
        "--within-seconds", type=float, default=WITHIN_S, help="in which a round's callers arrive"
    )
    words.add_argument("--most-ms", type=float, default=MOST_MS)
    words.add_argument(
        "--cold", action="store_true", help="nothing is spoken ahead: what the figures are without"
    )
    given = words.parse_args()
    fates: dict[str, list[Fate]] = {WORDS: [], CLIP: []}
    with house(1 + given.calls * given.rounds, cold=given.cold) as home:
        for kind in fates:
            home.ring(kind, 1, within_s=0.1)  # imports, caches and connections are there, as after any call
        before = home.sentences()
        for number in range(given.rounds):
            for kind, all_of_kind in fates.items():
                all_of_kind += home.ring(kind, given.calls, within_s=given.within_seconds)
                heard = first_audio_ms(all_of_kind[-given.calls :])
                p50, p99 = median(heard), percentile(heard, 0.99)
                print(f"round {number + 1} {kind}: p50_ms={p50:.1f} p99_ms={p99:.1f}", flush=True)
        synthesised = home.sentences() - before + home.helpers()
    found = figures(fates[WORDS], fates[CLIP], calls=given.calls, synthesised=synthesised)
    silent = sum(fate.answered_s is None or not fate.accepted for kind in fates.values() for fate in kind)
    if silent:
        print(f"{silent} callers heard nothing.")
    print(*(f"{name}={value:g}" for name, value in found.items()))
    return int(bool(silent or synthesised) or found["first_audio_p99_ms"] > given.most_ms)


if __name__ == "__main__":
    sys.exit(main())
