"""Agents and commands as programs of their own."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def program(path: str, python: str = sys.executable, *, wait_s: float = 60.0) -> Iterator[str]:
    """Start an agent that prints its address first; ended with the block."""
    process = subprocess.Popen([python, path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
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
