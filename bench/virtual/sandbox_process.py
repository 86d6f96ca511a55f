"""The sandbox in a process of its own, on the virtual clock, that may be killed on the way."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.shared.servers import process_seconds
from bench.virtual.checks import CALLS_A_SECOND, GAPS_MINUTES, LINES, REDIALS, WINDOW

LONGEST_MINUTES = 10.0
CHUNK = 10_000
DAYS = 5
NUMBERS = tuple(f"+9179613441{n:02}" for n in range(4))
TENANT = {"tenant": "bench", "email": "bench@example.org", "password": "open sesame"}
FINAL = ("done", "failed")
LOOK_S = 0.2
START_S = 30.0


class SandboxError(Exception):
    """The sandbox did not do what the bench needs; the text holds what it printed."""


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
        """Return its SQLite file."""
        return self.folder / "sandbox.sqlite3"

    def start(self) -> None:
        """Start it on a free port and wait until it answers. Raises `SandboxError`."""
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
        """Kill it (SIGKILL), and note what it took of the core."""
        if self._process is not None:
            if self._process.poll() is None:
                self.cpu_s += process_seconds(self._process.pid)
            self._process.kill()
            self._process.wait()
            self._process = None

    def kill_and_restart(self) -> None:
        """Kill it and start it again, as if the machine had lost power."""
        before = self.clock()
        self.kill()
        self.kills += 1
        self.start()
        if self.clock() < before:
            raise SandboxError("The virtual clock went back over a restart.")

    def clock(self) -> str:
        """Return what its clock shows, IST."""
        return str(self.get("/sandbox/clock")["now"])

    def get(self, where: str) -> Any:
        """Return the answer of a GET."""
        return self.http.get(where).raise_for_status().json()

    def post(self, where: str, body: object) -> Any:
        """Return the answer of a POST."""
        return self.http.post(where, json=body).raise_for_status().json()


def furnish(sandbox: Sandbox) -> int:
    """Make a tenant with numbers and a template, and log in; return the template's id."""
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


def listed(sandbox: Sandbox) -> dict[int, str]:
    """Return every message's state by the REST API, page after page."""
    states: dict[int, str] = {}
    where: str | None = "/bench/v1/xact/message/?fields=id,state"
    while where:
        page = sandbox.get(where)
        states |= {int(row["id"]): str(row["state"]) for row in page["results"]}
        where = page["next"]
    return states
