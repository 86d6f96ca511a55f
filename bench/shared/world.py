"""A system to attack or to load: a database of its own in a folder, numbers, and a real Daphne."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
LISTENING = re.compile(r"Listening on TCP address 127\.0\.0\.1:(\d+)")
ESCAPED = re.compile(r"^Traceback|\b(?:ERROR|CRITICAL)\b|Unhandled|never retrieved", re.MULTILINE)
"""What a server's log holds when an exception went further than it should."""
DAPHNE = ("-b", "127.0.0.1", "-p", "0", "--access-log", os.devnull, "awaaz_project.asgi:application")


class WorldError(Exception):
    """The server did not start or has ended; the text holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class World:
    """A running server. `paths`: stream addresses by name (echo, menu, recorded, hostile)."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int
    paths: Mapping[str, str]

    def url(self, name: str) -> str:
        """Return the address to call."""
        return f"ws://127.0.0.1:{self.port}{self.paths[name]}"

    def rss_mb(self) -> float:
        """Return the server's resident memory. Raises `WorldError` if it has ended."""
        found = re.search(r"VmRSS:\s+(\d+) kB", self._proc("status"))
        if found is None:
            raise WorldError(f"The server has gone:\n{self.output()[-2000:]}")
        return int(found[1]) / 1024

    def cpu_seconds(self) -> float:
        """Return the server's CPU seconds up to now, all threads."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def escaped(self) -> int:
        """Return how many exceptions and errors are in the server's log."""
        return len(ESCAPED.findall(self.output()))

    def output(self) -> str:
        """Return all it has printed."""
        return self.log.read_text(errors="replace")

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()


@contextmanager
def running() -> Iterator[World]:
    """Yield a server on a port of its own; it is stopped and removed with the block."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    with TemporaryDirectory(prefix="awaaz-bench-") as folder:
        data = Path(folder)
        env = {
            **os.environ,
            "DATA_DIR": folder,
            "MAX_CALL_SECONDS": "36000",  # a million frames take longer than a call may
            "DATABASE_URL": f"sqlite:///{data / 'bench.sqlite3'}",
            "REDIS_URL": "",
            "DJANGO_SETTINGS_MODULE": "awaaz_project.settings",
        }
        paths = _furnish(env)
        log = data / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "daphne", *DAPHNE], cwd=ROOT, env=env, stdout=output, stderr=output
            )
        try:
            yield World(process, log, _port(process, log), paths)
        finally:
            _end(process)


def _furnish(env: Mapping[str, str]) -> dict[str, str]:
    """Make a database with numbers; return their paths by name."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.shared.furnish"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorldError(f"The database could not be made:\n{done.stderr[-2000:]}")
    paths: dict[str, str] = json.loads(done.stdout)
    return paths


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        if found := LISTENING.search(log.read_text(errors="replace")):
            return int(found[1])
        time.sleep(0.05)
    raise WorldError(f"The server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
