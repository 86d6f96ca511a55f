"""Real server processes on a port of their own, on the database of the test."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
DAPHNE = ["-m", "daphne", "-b", "127.0.0.1", "-p", "0", "awaaz_project.asgi:application"]
UVICORN = ["-m", "uvicorn", "--host", "127.0.0.1", "--port", "0", "awaaz_project.asgi:application"]
_PORT = re.compile(r"(?:Listening on TCP address 127\.0\.0\.1:|running on http://127\.0\.0\.1:)(\d+)")


class Server:
    """A running server; its whole output is in `log`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self._log = process, log
        self.port = self._wait_for_port()

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def peak_kib(self) -> int:
        """The most memory it ever had at once (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(20)

    def _wait_for_port(self) -> int:
        until = time.monotonic() + 100  # a start costs 3 s of a core; a loaded machine gives it a tenth
        while time.monotonic() < until and self.process.poll() is None:
            if found := _PORT.search(self.output):
                return int(found[1])
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.output}")


@contextmanager
def serving(folder: Path, command: list[str] = DAPHNE, **variables: str) -> Iterator[Server]:
    """A server with its data in `folder`, ended with the block."""
    log = folder / "server.log"
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "awaaz_project.settings",
        "RESUME_SECONDS": "0.3",
        "DRAIN_SECONDS": "0",
        **variables,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield Server(process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)


def database_url() -> str:
    """The test's database, as another process reaches it."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    user = f"{values['USER']}:{values['PASSWORD']}"
    return f"postgres://{user}@{values['HOST']}:{values['PORT'] or 5432}/{values['NAME']}"
