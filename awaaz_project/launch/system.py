"""Web, worker, scheduler and sandbox of one demonstration, with their ports and environment."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from awaaz_project.launch.processes import (
    ROOT,
    Child,
    StartError,
    beat,
    manage,
    run_once,
    sandbox,
    wait_for_http,
    web,
    worker,
)


def say(text: str) -> None:
    """One line to the person at the console."""
    print(text, flush=True)  # noqa: T201 (this is a console program)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """`StartError` when somebody else listens there."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise StartError(
                f"Port {port} is in use. Stop what listens there, or set WEB_PORT and SANDBOX_PORT."
            )


class System:
    """Web, worker, scheduler and sandbox, with one environment."""

    def __init__(self, env: Mapping[str, str], *, web_port: int, sandbox_port: int) -> None:
        self.env = {"PUBLIC_STREAM_URL": f"ws://127.0.0.1:{web_port}", **env}
        if "DRAIN_SECONDS" not in os.environ:
            self.env["DRAIN_SECONDS"] = "0"  # Ctrl-C at the console means now
        self.web_url, self.sandbox_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{sandbox_port}"
        self.sandbox = sandbox(self.env, sandbox_port)
        self.web = web(self.env, web_port)
        self.worker = worker(self.env)
        self.beat = beat(self.env)
        self.children: list[Child] = [self.sandbox, self.web, self.worker, self.beat]

    def prepare(self) -> None:
        """Bring the database up to date and make the clips of the sandbox's people."""
        for command in (["migrate", "--verbosity", "0"], ["sandbox_clips"]):
            if run_once(*command, env=self.env):
                raise StartError(f"`manage.py {command[0]}` failed: see above.")

    def start(self) -> None:
        """Start everything and wait until it answers."""
        for child in self.children:
            child.start()
        wait_for_http(f"{self.sandbox_url}/sandbox/health", child=self.sandbox)
        wait_for_http(self.web_url, child=self.web)

    def stop(self) -> None:
        """Stop everything, callers first; at once for a person who presses Ctrl-C again.

        Whatever happens meanwhile, no process may stay behind: it would hold our ports.
        """
        try:
            for child in reversed(self.children):
                child.quiet = True
                child.stop()
        finally:
            for child in self.children:
                if child.exit_code is None:
                    child.kill()

    def load_demo(self, *, pace: int) -> None:
        """The demo organisation and its campaign, launched at so many calls a minute."""
        if run_once("load_demo", "--sandbox", self.sandbox_url, "--pace", str(pace), env=self.env):
            raise StartError("The demonstration could not be loaded: see above.")

    def ask_sandbox(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Its control API: GET, or POST with a body."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            self.sandbox_url + path, data=data, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def run_beside(self, *arguments: str) -> int:
        """Run a Django command to its end while everything else lives; its exit code."""
        command = subprocess.Popen(manage(*arguments), env={**os.environ, **self.env}, cwd=ROOT)
        try:
            while command.poll() is None:
                self.check()
                time.sleep(0.2)
        finally:
            command.terminate()
        return command.wait()

    def watch(self) -> None:
        """Stay until a process ends by itself; `StartError` says which."""
        while True:
            self.check()
            time.sleep(0.5)

    def check(self) -> None:
        """`StartError` if a process has ended by itself."""
        for child in self.children:
            if child.exit_code is not None:
                raise StartError(f"The {child.name} process ended with code {child.exit_code}.")
