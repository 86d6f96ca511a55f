"""Server processes on a core of their own, and what they take of it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+(\.\d+)?")
_PORT = re.compile(r"(?:Listening on TCP address 127\.0\.0\.1:|running on http://127\.0\.0\.1:)(\d+)")
PRIORITY = -10
"""Of server and load generator alike, so that a busy machine decides less. Needs root; else it is left."""
OURS = "awaaz_project.asgi:application"
BARE = ["-m", "daphne", "-b", "127.0.0.1", "-p", "0", "--no-server-name", "--access-log", os.devnull]


def daphne(application: str) -> list[str]:
    """Return Daphne's command line as `awaaz_project.launch.processes.web` starts it."""
    return [*BARE, application]


def uvicorn(application: str) -> list[str]:
    """Return uvicorn's command line as docs/bench.md advises."""
    options = "--ws websockets-sansio --ws-per-message-deflate false --no-access-log"
    loop = ["--loop", "calls.media.servers.accepting_loop:new_event_loop"]
    return ["-m", "uvicorn", "--host", "127.0.0.1", "--port", "0", *options.split(), *loop, application]


class ServerError(Exception):
    """A server did not start; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds of CPU up to now: of one process, and of its core as a whole (without interrupts).

    A virtual machine's core is at times given to others by its host: that counts as used, by others.
    """

    at: float
    process: float
    core: float


class Server:
    """A running server, bound to `core`."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], *, log: Path, core: int) -> None:
        self.core, self._log = core, log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**os.environ, **env},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        os.sched_setaffinity(self._process.pid, {core})
        raise_priority(self._process.pid)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def wait_for_port(self, timeout_s: float = 30.0) -> int:
        """Return the port it listens on, once it does. Raises `ServerError`."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and self._process.poll() is None:
            if found := _PORT.search(self.output):
                return int(found[1])
            time.sleep(0.05)
        raise ServerError(f"The server did not start: {self.output[-2000:]}")

    @property
    def output(self) -> str:
        """Return all it has printed."""
        return self._log.read_text(errors="replace")

    def complaints(self, most: int = 5) -> list[str]:
        """Return the first few different warnings and errors of its log, each with its count."""
        lines = [line for line in self.output.splitlines() if " WARNING " in line or " ERROR " in line]
        texts = Counter(_CHANGING.sub("…", line.partition(" ")[2].partition(" ")[2]) for line in lines)
        return [f"{text} ({count} times)" for text, count in texts.most_common(most)]

    def load(self) -> Load:
        """Return its CPU time and its core's. Raises `ServerError` if it ended."""
        if (code := self._process.poll()) is not None:
            raise ServerError(f"The server ended by itself, with code {code}: {self.output[-2000:]}")
        return Load(time.monotonic(), process_seconds(self.pid), core_seconds(self.core))

    def stop(self) -> None:
        """Stop it; a server that has not stopped after some seconds is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(12)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def raise_priority(pid: int, nice: int = PRIORITY) -> bool:
    """Put a process and its session before other people's; return whether that was allowed.

    Linux shares a core between sessions first (sched(7), autogroup), so `nice` alone is not enough.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))
    except OSError:
        return False
    return True


def process_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, all its threads (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def core_seconds(core: int) -> float:
    """Return the seconds that a core was taken (proc(5): user, nice, system and steal)."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = next(line.split() for line in lines if line.startswith(f"cpu{core} "))
    return sum(map(int, (*fields[1:4], fields[8]))) / TICKS_A_SECOND
