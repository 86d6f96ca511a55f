"""The whole process: starts, answers, drops connections, rings, stops on SIGTERM, survives SIGKILL."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.agents import Caller, agent
from tests.sandbox.conftest import CALLER, TENANT
from tests.sandbox.processes import SERVE, free_port, sandbox


@contextmanager
def client(port: int) -> Iterator[httpx.Client]:
    """Logged in as the tenant, with one template and its number ready."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        http.post("/sandbox/tenants", json=TENANT)
        token = http.post("/demo/v1/account/login", json=TENANT).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        options = [{"option": "phone_numbers", "value": CALLER}]
        template = http.post("/demo/v1/xact/template", json={"name": "A", "advanced_options": options}).json()
        http.post("/demo/v1/xact/templatelanguage", json={"template": template, "language": "hi"})
        yield http


def bulk(http: httpx.Client, count: int, **fields: Any) -> httpx.Response:
    data = [
        {"phone_number": f"98765{n:05}", "language": "hi", "template": "A", "tag5": f"m-{n}", **fields}
        for n in range(count)
    ]
    return http.post("/demo/v1/xact/message/create_bulk", json={"data": data})


def test_it_starts_answers_and_stops_cleanly(tmp_path: Path) -> None:
    port = free_port()
    with sandbox(tmp_path, port) as process, client(port) as http:
        assert bulk(http, 3, send_on="2099-01-01T00:00:00").status_code == 201
        listed = http.get("/demo/v1/xact/message?fields=id").json()
        assert len(listed["results"]) == 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    log = (tmp_path / "log").read_text()
    assert "every call is closed" in log
    assert "Traceback" not in log


def test_a_dropped_connection_is_really_dropped_after_the_commit(tmp_path: Path) -> None:
    port = free_port()
    with sandbox(tmp_path, port), client(port) as http:
        http.post("/sandbox/faults", json={"behaviour": "drop_after", "times": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            bulk(http, 2, send_on="2099-01-01T00:00:00")
        assert http.get("/sandbox/summary").json()["messages"] == 2
        http.post("/sandbox/faults", json={"behaviour": "timeout_after", "times": 1, "seconds": 30})
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"http://127.0.0.1:{port}/demo/v1/xact/message/create_bulk",
                json={"data": []}, headers=http.headers, timeout=0.3,
            )  # fmt: skip
        assert bulk(http, 0).status_code == 201


def test_an_occupied_port_is_one_clear_line(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "sandbox.settings"}
        command = [*SERVE, str(taken.getsockname()[1])]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert b"cannot be opened" in done.stderr
    assert b"Traceback" not in done.stderr


def test_clocks_that_cannot_be_had_together_are_one_clear_line(tmp_path: Path) -> None:
    clocks = {"CLOCK_OFFSET": "3600", "SANDBOX_VIRTUAL_CLOCK": "1"}
    folder = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "sandbox.settings"}
    environment = {**os.environ, **clocks, **folder}
    done = subprocess.run([*SERVE, "0"], env=environment, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert b"cannot be had together" in done.stderr
    assert b"Traceback" not in done.stderr


async def test_kill_in_mid_call_loses_nothing_and_rings_nobody_twice(tmp_path: Path) -> None:
    port = free_port()
    async with agent(Caller.read_to_the_end) as (url, callers):
        await asyncio.to_thread(killed_in_mid_call, tmp_path, port, url)
    references = [
        caller.frames[0]["start"]["custom_parameters"]["tag5"] for caller in callers if caller.frames
    ]
    assert sorted(references) == sorted(set(references))


def killed_in_mid_call(folder: Path, port: int, url: str) -> None:
    number = {"tenant": "demo", "phone_number": CALLER, "stream_url": url, "concurrency": 4}
    with sandbox(folder, port) as process, client(port) as http:
        http.post("/sandbox/numbers", json=number)
        http.post("/sandbox/people", json={"weights": {"hangs_up_early": 1}})
        bulk(http, 8)
        until(lambda: live(http) == 4)
        time.sleep(1.8)
        process.kill()
        process.wait()
    with sandbox(folder, port), httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        until(lambda: states(http)["scheduled"] + states(http)["in_progress"] == 0)
        assert states(http)["done"] == 4
        restarted = [
            m for m in http.get("/sandbox/messages").json() if m["reason_code"] == "PLATFORM_RESTARTED"
        ]
        assert len(restarted) == 4
        assert all(len(m["calls"]) == 1 for m in http.get("/sandbox/messages").json())


def live(http: httpx.Client) -> int:
    return int(http.get("/sandbox/summary").json()["live_calls"])


def states(http: httpx.Client) -> dict[str, int]:
    return dict(http.get("/sandbox/summary").json()["by_state"])


def until(done: Any) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)
