"""`make dialogues`: every ready dialogue against the sandbox's people over real sockets, and by tests.

A real Daphne, and people who hear prompts out, press into them, press a wrong key first, press 9, say nothing
or hang up; each in two languages. What must come of a call is written in people.yaml; what came is read from
the database. Generated tests then pass the exits of each dialogue. Ends with one line, and exit code 1 if a
figure is missed:

    dialogues        ready ones that were called
    languages        in which each was called
    people           kinds of people who called or were called with each; at least six
    calls            made
    right_outcomes   calls that ended as they must, with the outcome and the answers that they must have
    exits            of all dialogues, in all these languages
    exits_covered    passed by generated tests that hold
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.dialogues import ready, services
from bench.dialogues.people import LANGUAGES, Case, cases
from bench.shared.servers import OURS, ROOT, Server, daphne
from calls.protocol.stream import PlatformStream
from sandbox.line.faults import BadLine
from sandbox.line.leg import Ended, Ending, Leg
from sandbox.line.quirks import Shaper
from sandbox.people.people import ScriptRunner
from sandbox.platform.agent_socket import Unreachable, open_socket
from sandbox.platform.clips import Library
from sandbox.platform.live_call import LiveCall

AT_ONCE = 40
LONGEST_S, HANDSHAKE_S, STUCK_S = 240.0, 30.0, 20.0
NEVER = Ending(Ended.PLATFORM_FAILED, "The call ended without a reason.")
FEWEST_PEOPLE, FEWEST_LANGUAGES = 6, 2
REFERENCE_TAG = "tag5"
"""The custom parameter in which an account has the message's reference, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the run found."""

    dialogues: int
    languages: int
    people: int
    calls: int
    right_outcomes: int
    exits: int
    exits_covered: int

    @property
    def is_good(self) -> bool:
        """Return whether every figure is as it must be."""
        enough = self.people >= FEWEST_PEOPLE and self.languages >= FEWEST_LANGUAGES
        return enough and self.calls == self.right_outcomes and self.exits == self.exits_covered

    def __str__(self) -> str:
        return " ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)


async def ring(case: Case, url: str, reference: str) -> Ending:
    """Make one call to its end; return who ended it, and why."""
    luck = random.Random(case.name)
    socket = await open_socket(url, handshake_s=HANDSHAKE_S)
    leg = Leg(
        PlatformStream(f"MZ-{case.name}", case.name),
        ScriptRunner(case.person, luck),
        Library(Path()).speaker(case.language),
        longest_s=LONGEST_S,
    )
    call = LiveCall(socket, leg, Shaper(frozenset()), BadLine((), luck))
    told = {REFERENCE_TAG: reference} if reference else {"language": case.language}
    try:
        await call.run(told, phase=luck.random(), stuck_s=STUCK_S, linger_s=0.0)
    finally:
        await call.hang_up()
    return leg.ending or NEVER


async def ring_all(
    wanted: Sequence[Case], port: int, where: Mapping[str, Mapping[str, str]]
) -> dict[str, Ending]:
    """Make all calls, some at a time; return by call who ended it, or why it could not be made."""
    gate, ended = asyncio.Semaphore(AT_ONCE), dict[str, Ending]()

    async def one(case: Case) -> None:
        to = where[case.name]
        async with gate:
            try:
                ended[case.name] = await ring(case, f"ws://127.0.0.1:{port}{to['path']}", to["reference"])
            except Unreachable as error:
                ended[case.name] = Ending(Ended.AGENT_UNREACHABLE, str(error))

    await asyncio.gather(*map(one, wanted))
    return ended


def difference(case: Case, ended: Ending, came: Mapping[str, Any] | None) -> str:
    """Return what of a call is not as it must be, in a sentence; empty if all is."""
    if came is None or ended.how is not case.ends:
        return f"It ended as {ended.how}, not {case.ends}: {ended.reason} Stored is {came}."
    if came["outcome"] != case.outcome:
        return f"The outcome is “{came['outcome']}”, not “{case.outcome}”; answers {came['answers']}."
    if came["answers"] != case.answers:
        return f"The answers are {came['answers']}, not {dict(case.answers)}."
    return ""


def in_database(env: Mapping[str, str], *words: str) -> Any:
    """Return what `bench.dialogues.rows` prints. Raises `CalledProcessError` where it fails."""
    command = [sys.executable, "-m", "bench.dialogues.rows", *words]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def wrong(wanted: Sequence[Case], names: Sequence[str]) -> dict[str, str]:
    """Make a house, have all people call or be called; return by call what is not as it must be."""
    with TemporaryDirectory(prefix="awaaz-dialogues-") as folder, services.running() as outside:
        env = {"DATA_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3", "REDIS_URL": ""}
        env |= {"DJANGO_SETTINGS_MODULE": "awaaz_project.settings", "OUTSIDE_HTTP_ON_THIS_MACHINE": "true"}
        where = in_database(env, "make", str(outside), *names)
        print(f"{len(where)} calls are prepared.", flush=True)
        log = Path(folder) / "server.log"
        server = Server(daphne(OURS), env, log=log, core=max(os.sched_getaffinity(0)))
        try:
            ended = asyncio.run(ring_all(wanted, server.wait_for_port(), where))
        finally:
            server.stop()
        for complaint in server.complaints():
            print(f"server: {complaint}")
        came = in_database(env, "read")
    judged = {case.name: difference(case, ended[case.name], came.get(case.name)) for case in wanted}
    return {name: sentence for name, sentence in judged.items() if sentence}


def exits(names: Sequence[str]) -> tuple[int, int]:
    """Return how many exits there are in all languages, and how many are passed; print the others."""
    known = passed = 0
    for name in names:
        for language in LANGUAGES:
            count, missing = ready.covered(name, language)
            known, passed = known + count, passed + count - len(missing)
            for each in missing:
                print(f"{name}, {language}: no test passes {each}.")
    return known, passed


def main() -> int:
    """Call with each dialogue, print the figures; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument(
        "--only", action="append", choices=ready.names(), help="this dialogue; may be repeated"
    )
    names = words.parse_args().only or ready.names()
    wanted = [case for name in names for case in cases(name)]
    found = wrong(wanted, names)
    for call, sentence in found.items():
        print(f"{call}: {sentence}")
    known, passed = exits(names)
    kinds = [{case.person.name for case in wanted if case.dialogue == name} for name in names]
    figures = Figures(
        dialogues=len(names),
        languages=len(LANGUAGES),
        people=min(map(len, kinds)),
        calls=len(wanted),
        right_outcomes=len(wanted) - len(found),
        exits=known,
        exits_covered=passed,
    )
    print(figures)
    return 0 if figures.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
