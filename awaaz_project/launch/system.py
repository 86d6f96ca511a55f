"""Web, worker, scheduler and sandbox as one system, with its ports and environment."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from awaaz_project.launch.processes import (
    ROOT,
    Child,
    StartError,
    beat,
    carrier,
    guard,
    manage,
    run_once,
    sandbox,
    wait_for_http,
    web,
    worker,
)


def say(text: str) -> None:
    """Print one line for the person at the console."""
    print(text, flush=True)  # noqa: T201 (this is a console program)


def free_port() -> int:
    """Return a port of this machine on which no process listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(port: int) -> None:
    """Raise `StartError` if a process listens on this port already."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise StartError(
                f"Port {port} is in use. Stop what listens there, or set WEB_PORT and SANDBOX_PORT."
            )


class System:
    """Web, three workers, scheduler and, unless it is for real, the sandbox, with one environment."""

    def __init__(
        self, env: Mapping[str, str], *, web_port: int, sandbox_port: int, for_real: bool = False
    ) -> None:
        self.for_real = for_real
        # Ctrl-C at the console means now: no draining.
        defaults = {"PUBLIC_STREAM_URL": f"ws://127.0.0.1:{web_port}", "DRAIN_SECONDS": "0"}
        own = {name: value for name, value in defaults.items() if name not in os.environ}
        self.env = {**own, **env}
        self.web_url, self.sandbox_url = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{sandbox_port}"
        self.sandbox = sandbox(self.env, sandbox_port)
        self.web = web(self.env, web_port)
        self.worker, self.carrier, self.guard = worker(self.env), carrier(self.env), guard(self.env)
        self.beat = beat(self.env)
        ours = [self.web, self.worker, self.carrier, self.guard, self.beat]
        self.children: list[Child] = ours if for_real else [self.sandbox, *ours]

    def prepare(self) -> None:
        """Migrate the database and make the clips of the sandbox's people. Raises `StartError`."""
        commands = [["migrate", "--verbosity", "0"], *([] if self.for_real else [["sandbox_clips"]])]
        for command in commands:
            if run_once(*command, env=self.env):
                raise StartError(f"`manage.py {command[0]}` failed: see above.")

    def start(self) -> None:
        """Start all processes and wait until sandbox and web answer. Raises `StartError` if they don't."""
        for child in self.children:
            child.start()
        if not self.for_real:
            wait_for_http(f"{self.sandbox_url}/sandbox/health", child=self.sandbox)
        wait_for_http(self.web_url, child=self.web)

    def stop(self) -> None:
        """Stop all processes, the last started first; kill them if this is interrupted (a second Ctrl-C).

        No process may stay behind: it would keep our ports.
        """
        try:
            for child in reversed(self.children):
                child.quiet = True
                child.stop()
        finally:
            for child in self.children:
                if child.exit_code is None:
                    child.kill()

    def load_demo(self, *, pace: int, again: float = 0.1) -> None:
        """Load the demo and launch its campaign at `pace` calls a minute; who is not reached is called once
        more after `again` minutes. Raises `StartError`."""
        figures = ["--pace", str(pace), "--again", str(again)]
        if run_once("load_demo", "--sandbox", self.sandbox_url, *figures, env=self.env):
            raise StartError("The demonstration could not be loaded: see above.")

    def ask_sandbox(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Call the sandbox's control API, by GET or with a body by POST; return the JSON it answers.

        Raises `OSError` if it does not answer within 10 s, or with an error.
        """
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            self.sandbox_url + path, data=data, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def run_beside(self, *arguments: str) -> int:
        """Run a Django command and return its exit code. Raises `StartError` if a process ends before it."""
        command = subprocess.Popen(manage(*arguments), env={**os.environ, **self.env}, cwd=ROOT)
        try:
            while command.poll() is None:
                self.check()
                time.sleep(0.2)
        finally:
            command.terminate()
        return command.wait()

    def watch(self, each: Callable[[], None] = lambda: None) -> None:
        """Call `each` twice a second until a process ends by itself; raise `StartError`, which says which."""
        while True:
            self.check()
            each()
            time.sleep(0.5)

    def check(self) -> None:
        """Raise `StartError` if a process has ended by itself."""
        for child in self.children:
            if child.exit_code is not None:
                raise StartError(f"The {child.name} process ended with code {child.exit_code}.")
