"""`make bench-virtual`: 100,000 messages on the sandbox's virtual clock, killed twice on the way.

Messages go up through the REST API, for five days and some of them before the platform's hours; the clock
then jumps from one due moment to the next. The sandbox is killed with SIGKILL and started again. At the end
the API and the database must agree that every message has one final state and that no limit was broken.
Ends with one line of figures; exit 1 if messages are missing, kills did not happen, or it took too long.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bench.servers import process_seconds
from bench.virtual_checks import CALLS_A_SECOND, GAPS_MINUTES, LINES, REDIALS, WINDOW, broken_promises

LONGEST_MINUTES = 10.0
CHUNK = 10_000
DAYS = 5
NUMBERS = tuple(f"+9179613441{n:02}" for n in range(4))
TENANT = {"tenant": "bench", "email": "bench@example.org", "password": "open sesame"}
FINAL = ("done", "failed")
LOOK_S = 0.2
START_S = 30.0


class SandboxError(Exception):
    """The sandbox did not do what the bench needs; the text holds what it said."""


@dataclass
class Sandbox:
    """The sandbox process in a folder of its own; may be killed and started again."""

    folder: Path
    round_messages: int
    cpu_s: float = 0.0
    kills: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of its environment, where they are to differ from the bench's."""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=120))
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.folder / "sandbox.sqlite3"

    def start(self) -> None:
        """Start it on a free port and wait until it answers. Raises SandboxError."""
        environment = {
            **os.environ,
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "sandbox.settings",
            "SANDBOX_VIRTUAL_CLOCK": "1",
            "SANDBOX_WINDOW": WINDOW,
            "SANDBOX_PAGE_SIZE": "1000",
            "SANDBOX_ROUND_MESSAGES": str(self.round_messages),
            **self.settings,
        }
        environment.pop("CLOCK_OFFSET", None)
        command = [sys.executable, "-m", "django", "sandbox_serve", "--port", "0"]
        log = self.folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        self.http.base_url = httpx.URL(self._address(log))

    def _address(self, log: Path) -> str:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            _, found, rest = log.read_text(errors="replace").partition("answers at ")
            if found and " " in rest and self._answers(rest.split()[0]):
                return rest.split()[0]
            time.sleep(0.05)
        self.kill()
        raise SandboxError(f"The sandbox did not start: {log.read_text(errors='replace')[-2000:]}")

    def _answers(self, address: str) -> bool:
        try:
            return self.http.get(f"{address}sandbox/health").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL, and note what it took of the core."""
        if self._process is not None:
            if self._process.poll() is None:
                self.cpu_s += process_seconds(self._process.pid)
            self._process.kill()
            self._process.wait()
            self._process = None

    def kill_and_restart(self) -> None:
        """The machine loses power, and comes back."""
        before = self.clock()
        self.kill()
        self.kills += 1
        self.start()
        if self.clock() < before:
            raise SandboxError("The virtual clock went back over a restart.")

    def clock(self) -> str:
        """What its clock shows, IST."""
        return str(self.get("/sandbox/clock")["now"])

    def get(self, where: str) -> Any:
        """The answer of a GET."""
        return self.http.get(where).raise_for_status().json()

    def post(self, where: str, body: object) -> Any:
        """The answer of a POST."""
        return self.http.post(where, json=body).raise_for_status().json()


def furnish(sandbox: Sandbox) -> int:
    """A tenant with numbers and a template, logged in; the template's id."""
    sandbox.post("/sandbox/tenants", TENANT)
    for number in NUMBERS:
        limits = {"concurrency": LINES, "calls_per_second": CALLS_A_SECOND}
        stream = {"tenant": "bench", "phone_number": number, "stream_url": "ws://127.0.0.1:1/"}
        sandbox.post("/sandbox/numbers", {**stream, **limits})
    token = sandbox.post("/bench/v1/account/login", TENANT)["token"]
    sandbox.http.headers["Authorization"] = f"Bearer {token}"
    options = {"phone_numbers": ",".join(NUMBERS), "num_backups": REDIALS, "backup_gap_minutes": GAPS_MINUTES}
    listed = [{"option": name, "value": value} for name, value in options.items()]
    template = sandbox.post("/bench/v1/xact/template/", {"name": "Bench", "advanced_options": listed})
    sandbox.post("/bench/v1/xact/templatelanguage/", {"template": template, "language": "hi"})
    return int(template["id"])


def upload(sandbox: Sandbox, messages: int) -> None:
    """Everything through create_bulk, a day's share after the other."""
    today = datetime.fromisoformat(sandbox.clock()).replace(hour=8, minute=0, second=0)
    for first in range(0, messages, CHUNK):
        chunk = [_message(n, messages, today) for n in range(first, min(first + CHUNK, messages))]
        echoes = sandbox.post("/bench/v1/xact/message/create_bulk/", {"data": chunk})
        if any(echo.get("status") != "created" for echo in echoes):
            raise SandboxError("A message was refused.")


def _message(n: int, messages: int, today: datetime) -> dict[str, str]:
    """Half of each day's messages are for 8:00, before the platform's hours; the rest for later that day."""
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


def listed(sandbox: Sandbox) -> dict[int, str]:
    """Every message's state by the REST API, page after page."""
    states: dict[int, str] = {}
    where: str | None = "/bench/v1/xact/message/?fields=id,state"
    while where:
        page = sandbox.get(where)
        states |= {int(row["id"]): str(row["state"]) for row in page["results"]}
        where = page["next"]
    return states


def run(messages: int, kills: int, folder: Path) -> int:
    """The whole bench; the exit code."""
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
    """Print what was found; the exit code."""
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
