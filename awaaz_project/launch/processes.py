"""The processes that make up a running system, and how each is started, ended and waited for."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
#: Without banners, and without the warning for root: in a container everything runs as root on purpose.
CELERY = [PYTHON, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "awaaz_project"]


class StartError(Exception):
    """The system can't start; the text says why and what to do."""


class Child:
    """One process, whose output is printed line by line under its name (unless `quiet`)."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.name, self.command, self.env = name, command, env
        self._process: subprocess.Popen[str] | None = None
        self.quiet = False

    def start(self) -> None:
        """Start the process (again), in a process group of its own."""
        self._process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.env},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        assert self._process.stdout
        self._reader = threading.Thread(target=self._echo, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and to what it started; do nothing if it has ended."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def stop(self, *, timeout: float = 15.0) -> None:
        """Send SIGTERM; after `timeout` seconds SIGKILL. Returns when the process has ended."""
        self.signal(signal.SIGTERM)
        if self._process:
            try:
                self._process.wait(timeout)
                self._reader.join(timeout)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Send SIGKILL, which ends it as a power cut would, and return when it has ended."""
        self.signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
            self._reader.join()

    @property
    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs or was never started."""
        return self._process.poll() if self._process else None

    def _echo(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                if not self.quiet:
                    print(f"{self.name:<9}| {line}", end="", flush=True)  # noqa: T201 (a console program)


def manage(*arguments: str) -> list[str]:
    """Return the command line of a Django command."""
    return [PYTHON, str(ROOT / "manage.py"), *arguments]


def run_once(*arguments: str, env: Mapping[str, str]) -> int:
    """Run a Django command to its end, its output on our console; return its exit code."""
    return subprocess.run(manage(*arguments), env={**os.environ, **env}, cwd=ROOT, check=False).returncode


def web(env: Mapping[str, str], port: int) -> Child:
    """Return the web process, not started: portal, API and the call WebSocket on Daphne."""
    command = [PYTHON, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "--no-server-name"]
    return Child("web", [*command, "--access-log", os.devnull, "awaaz_project.asgi:application"], env)


def worker(env: Mapping[str, str]) -> Child:
    """Return the Celery worker for planning, imports and all else that waits for our own database only."""
    return _worker("worker", ("awaaz",), 16, env)


def carrier(env: Mapping[str, str]) -> Child:
    """Return the Celery worker for what waits for an XFin, not started.

    A process of its own: an account has up to eight such tasks at once, each of which may wait for minutes,
    so that two silent accounts would take all threads from planning and imports.
    """
    return _worker("carrier", ("xfin",), 16, env)


def guard(env: Mapping[str, str]) -> Child:
    """Return the Celery worker for what protects people from calls, not started.

    A process of its own: an XFin that is slow or silent can never take its threads.
    """
    return _worker("guard", ("protect",), 16, env)


def _worker(name: str, queues: Sequence[str], threads: int, env: Mapping[str, str]) -> Child:
    """Return a Celery worker, not started. Threads, because its tasks wait for network and database.

    They are begun when they are needed.
    """
    command = [*CELERY, "worker", "--pool", "threads", "--hostname", f"{name}@%h", "-Q", ",".join(queues)]
    options = ["--concurrency", str(threads), "--prefetch-multiplier", "1", "--loglevel", "WARNING"]
    return Child(
        name, [*command, *options, "--without-gossip", "--without-mingle", "--without-heartbeat"], env
    )


def beat(env: Mapping[str, str]) -> Child:
    """Return Celery's scheduler, not started."""
    return Child("scheduler", [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile", ""], env)


def sandbox(env: Mapping[str, str], port: int) -> Child:
    """Return the sandbox, the stand-in for the platform, not started."""
    return Child("sandbox", manage("sandbox_serve", "--port", str(port)), env)


def wait_for_http(url: str, *, child: Child, timeout: float = 60.0) -> None:
    """Wait until a server answers at `url`, whatever its status.

    Raises `StartError` if `child` ends first or `timeout` seconds pass.
    """

    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    if not wait_until(answers, timeout=timeout, while_=lambda: child.exit_code is None):
        raise StartError(f"The {child.name} process did not come up: see its lines above.")


def wait_until(
    true: Callable[[], bool], *, timeout: float, while_: Callable[[], bool] = lambda: True
) -> bool:
    """Return whether `true` came true within `timeout` seconds and while `while_` held; asks every 0.2 s."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and while_():
        if true():
            return True
        time.sleep(0.2)
    return true()
