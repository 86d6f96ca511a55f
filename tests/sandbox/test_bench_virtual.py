"""`make bench-virtual` in small: real processes, one kill -9, every promise checked."""

import re
import subprocess
import sys

from tests.sandbox.processes import ROOT


def test_two_thousand_messages_survive_a_kill() -> None:
    command = [sys.executable, "-m", "bench.virtual.run", "--messages", "2000", "--kills", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"messages=2000 kills=1 final=2000 minutes=\d\.\d", done.stdout.splitlines()[-1])
