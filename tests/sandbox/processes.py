"""Agents and commands as programs of their own."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
SERVE = [sys.executable, "-m", "django", "sandbox_serve", "--port"]


@contextmanager
def program(path: str, python: str = sys.executable, *, wait_s: float = 60.0) -> Iterator[str]:
    """Start an agent that prints its address first; ended with the block.

    -P: its folder is not searched for modules; tests/sandbox/platform would stand for the library's.
    """
    command = [python, "-P", path]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], wait_s)
        assert ready, f"{path} said nothing in {wait_s:g} seconds"
        yield process.stdout.readline().decode().strip()
    finally:
        process.kill()
        process.wait(20)
        if process.stdout:
            process.stdout.close()


def manage(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """`manage.py …` with its data in `folder`."""
    environment: dict[str, Any] = {**os.environ, "DATA_DIR": str(folder), **variables}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110)


def free_port() -> int:
    """Return a port that is free just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sandbox(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`manage.py sandbox_serve` with its data in `folder`; killed with the block."""
    environment = {**os.environ, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "sandbox.settings"}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([*SERVE, str(port)], env=environment, stderr=log, stdout=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/sandbox/health", process)
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "the sandbox ended by itself"
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the sandbox did not answer in time")
