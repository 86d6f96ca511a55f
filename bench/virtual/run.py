"""`make bench-virtual`: 100,000 messages on the sandbox's virtual clock, killed twice on the way.

Messages go up through the REST API, for five days and some of them before the platform's hours; the clock
then jumps from one due moment to the next. The sandbox is killed with SIGKILL and started again. At the end
the API and the database must agree that every message has one final state and that no limit was broken.
Ends with one line of figures; exit 1 if messages are missing, kills did not happen, or it took too long.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from bench.virtual.checks import broken_promises
from bench.virtual.sandbox_process import (
    CHUNK,
    DAYS,
    FINAL,
    LONGEST_MINUTES,
    LOOK_S,
    Sandbox,
    SandboxError,
    furnish,
    listed,
)


def upload(sandbox: Sandbox, messages: int) -> None:
    """Upload everything through create_bulk, a day's share after the other."""
    today = datetime.fromisoformat(sandbox.clock()).replace(hour=8, minute=0, second=0)
    for first in range(0, messages, CHUNK):
        chunk = [_message(n, messages, today) for n in range(first, min(first + CHUNK, messages))]
        echoes = sandbox.post("/bench/v1/xact/message/create_bulk/", {"data": chunk})
        if any(echo.get("status") != "created" for echo in echoes):
            raise SandboxError("A message was refused.")


def _message(n: int, messages: int, today: datetime) -> dict[str, str]:
    """Return message `n`: half of each day's are due at 8:00, before the platform's hours, the rest later."""
    send_on = today + timedelta(days=1 + n * DAYS // messages, hours=n % 2 * (2 + n % 9))
    return {
        "phone_number": f"+91{9_000_000_000 + n}",
        "language": "hi",
        "template": "Bench",
        "send_on": send_on.isoformat(timespec="seconds"),
        "tag5": f"m-{n}",
    }


def run_campaign(sandbox: Sandbox, template: int, messages: int, kills: int) -> None:
    """Let the clock jump until every message is final, killing at even shares of the work."""
    sandbox.post("/sandbox/clock", {"jumps": True})
    final, until = 0, time.monotonic() + LONGEST_MINUTES * 60
    while final < messages and time.monotonic() < until:
        final = _final(sandbox, template)
        if sandbox.kills < kills and messages * (sandbox.kills + 1) <= final * (kills + 1) < messages * (
            kills + 1
        ):
            sandbox.kill_and_restart()
            print(f"kill -9 with {final} of {messages} final; the clock shows {sandbox.clock()}.", flush=True)
        time.sleep(LOOK_S)


def _final(sandbox: Sandbox, template: int) -> int:
    states = sandbox.get(f"/bench/v1/xact/template/{template}/statistics/")["states"]
    return sum(states[state] for state in FINAL)


def run(messages: int, kills: int, folder: Path) -> int:
    """Run the whole bench; return the exit code."""
    began, sandbox = time.monotonic(), Sandbox(folder, round_messages=max(1, min(2000, messages // 20)))
    try:
        sandbox.start()
        template = furnish(sandbox)
        sandbox.post("/sandbox/clock", {"rate": 0})
        upload(sandbox, messages)
        print(f"{messages} messages uploaded after {time.monotonic() - began:.0f} s.", flush=True)
        run_campaign(sandbox, template, messages, kills)
        seconds = time.monotonic() - began
        states, shown = listed(sandbox), sandbox.clock()
    finally:
        sandbox.kill()
    return tell(sandbox, states, shown, messages=messages, kills=kills, seconds=seconds)


def tell(
    sandbox: Sandbox, states: dict[int, str], shown: str, *, messages: int, kills: int, seconds: float
) -> int:
    """Print what was found; return the exit code."""
    complaints = broken_promises(sandbox.database, states)
    final, minutes = sum(state in FINAL for state in states.values()), seconds / 60
    print(f"The clock shows {shown}; by state: {dict(Counter(states.values()))}.")
    print(f"One core was used to {sandbox.cpu_s / seconds * 100:.0f} %.")
    for complaint in complaints:
        print(f"BROKEN: {complaint}")
    print(f"messages={messages} kills={sandbox.kills} final={final} minutes={minutes:.1f}")
    short = final != messages or len(states) != messages or sandbox.kills < kills
    return int(short or minutes >= LONGEST_MINUTES or bool(complaints))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-virtual-") as folder:
        return run(given.messages, given.kills, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
