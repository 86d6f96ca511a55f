"""The bench's servers."""

import os
from pathlib import Path

import pytest

from bench.shared.servers import Server, ServerError


def test_a_server_that_ended_by_itself_is_no_server_without_load(tmp_path: Path) -> None:
    command = ["-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
    server = Server(command, os.environ, log=tmp_path / "log", core=min(os.sched_getaffinity(0)))
    os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ServerError, match="code -11"):
        server.load()
    server.stop()
