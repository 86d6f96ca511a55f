"""How the whole system ends, and which settings its processes get."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from awaaz_project.launch.processes import ROOT, wait_until
from awaaz_project.launch.system import System

LAUNCHER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # as at a terminal, wherever the tests run
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from awaaz_project.launch import __main__ as launch
from awaaz_project.launch.processes import Child
from awaaz_project.launch.system import System

def run():
    system = System({}, web_port=1, sandbox_port=2)
    system.children = [Child(name, [sys.executable, "-c", DEAF], {}) for name in ("first", "second")]
    try:
        for child in system.children:
            child.start()
        system.watch()
    finally:
        system.stop()

launch.run = run
sys.exit(launch.main())
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: open(os.environ["ASKED"], "w").close())
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("pid", os.getpid(), flush=True)
while True:
    time.sleep(60)
"""


class Launched:
    """A launcher with two children that do not end when they are asked to; their process ids."""

    def __init__(self, asked: Path) -> None:
        self.asked = asked
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"DEAF = {DEAF!r}\n{LAUNCHER}", "run"],
            env={**os.environ, "ASKED": str(asked)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.lines = self.process.stdout
        self.children = [int(self.lines.readline().split()[-1]) for _ in range(2)]

    def ask(self, number: signal.Signals) -> None:
        """Ask it to end, and wait until it asks its children."""
        self.process.send_signal(number)
        assert wait_until(self.asked.exists, timeout=20)

    @property
    def left(self) -> list[int]:
        """The children that are still there once the launcher has ended."""
        self.process.wait(10)  # less than the time that a child is given
        return [pid for pid in self.children if _lives(pid)]

    def end(self) -> None:
        for pid in [self.process.pid, *self.children]:
            if _lives(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.lines.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[Launched]:
    launcher = Launched(tmp_path / "asked")
    yield launcher
    launcher.end()


def test_who_presses_ctrl_c_twice_leaves_nothing_behind(launched: Launched) -> None:
    launched.ask(signal.SIGINT)
    launched.ask(signal.SIGINT)
    assert launched.left == []


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_twice_it_still_ends_its_children_in_good_order(
    launched: Launched, second: signal.Signals
) -> None:
    """`make` passes a SIGTERM of the whole group on; a closed terminal sends SIGHUP after that of make."""
    launched.ask(signal.SIGTERM)
    launched.ask(second)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits for them
        launched.process.wait(1)
    launched.ask(signal.SIGINT)
    assert launched.left == []


def test_a_terminal_that_is_closed_ends_everything(launched: Launched) -> None:
    launched.ask(signal.SIGHUP)
    launched.ask(signal.SIGINT)
    assert launched.left == []


def test_a_setting_of_the_environment_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert System({}, web_port=1, sandbox_port=2).env["PUBLIC_STREAM_URL"] == "ws://127.0.0.1:1"
    monkeypatch.setenv("PUBLIC_STREAM_URL", "wss://calls.example.org")
    monkeypatch.setenv("DRAIN_SECONDS", "20")
    env = System({}, web_port=1, sandbox_port=2).env
    assert not {"PUBLIC_STREAM_URL", "DRAIN_SECONDS"} & set(env)  # so the processes inherit them


def test_for_real_there_is_no_sandbox_and_no_other_process_is_missing() -> None:
    demo = System({}, web_port=1, sandbox_port=2)
    real = System({}, web_port=1, sandbox_port=0, for_real=True)
    names = [child.name for child in demo.children]
    assert names[0] == "sandbox"
    assert [child.name for child in real.children] == names[1:]
