"""`python -m awaaz_project.launch run|demo|crash-demo`: the whole system under one process.

Knows nothing of Django: it prepares the environment and starts commands and servers with it.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from awaaz_project.processes import (
    ROOT,
    Child,
    StartError,
    beat,
    manage,
    run_once,
    sandbox,
    wait_for_http,
    wait_until,
    web,
    worker,
)

IST = ZoneInfo("Asia/Kolkata")
#: Exit code of `load_demo --check` on a database without accounts.
EMPTY = 3
#: A demonstration looks for work every second and does not wait a minute before it looks things up.
BRISK = {"TICK_SECONDS": "1", "SETTLE_SECONDS": "4", "CLAIM_SECONDS": "8", "XFIN_READ_TIMEOUT": "5"}
#: Calls a minute: while somebody watches, and while somebody waits for the end.
LEISURELY, SWIFT = 15, 240
#: Being asked to end, and having the terminal closed.
ENDINGS = (signal.SIGTERM, signal.SIGHUP)
#: A demonstration must end; the longest it may take, in seconds.
LONGEST_DEMO = 170


class Interrupted(Exception):
    """Somebody asked us to stop."""


def say(text: str) -> None:
    """One line to the person at the console."""
    print(text, flush=True)  # noqa: T201 (this is a console program)


def clock_offset(now: datetime) -> float:
    """Seconds that bring `now` back to the last 11:00 IST of a working day: a lawful hour to call."""
    local = now.astimezone(IST)
    morning = local.replace(hour=11, minute=0, second=0, microsecond=0)
    while morning > local or morning.weekday() > 4:
        morning -= timedelta(days=1)
    return round((morning - local).total_seconds(), 3)


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


class House:
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


def run() -> None:
    """`make run`: on an empty database with a demo campaign, on a clock that is always late morning."""
    web_port, sandbox_port = int(os.environ.get("WEB_PORT", 8000)), int(os.environ.get("SANDBOX_PORT", 9000))
    check_port(web_port)
    check_port(sandbox_port)
    house = House({}, web_port=web_port, sandbox_port=sandbox_port)
    house.prepare()
    first = run_once("load_demo", "--check", env=house.env) == EMPTY
    if first:
        env = {**BRISK, "CLOCK_OFFSET": str(clock_offset(datetime.now(IST)))}
        house = House(env, web_port=web_port, sandbox_port=sandbox_port)
    try:
        house.start()
        if first:
            house.load_demo(pace=LEISURELY)
        run_once("load_demo", "--login", house.web_url, env=house.env)
        say(f"Portal {house.web_url}   sandbox {house.sandbox_url}   Ctrl-C stops everything.")
        house.watch()
    finally:
        house.stop()


def demo_house(name: str) -> House:
    """A house of its own in an empty folder, with free ports and the demonstration's clock."""
    folder = Path(os.environ.get("DATA_DIR", ROOT / "var")).resolve() / name
    shutil.rmtree(folder, ignore_errors=True)
    env = {
        **BRISK,
        "CLOCK_OFFSET": str(clock_offset(datetime.now(IST))),
        "DATA_DIR": str(folder),
        # Never the database of a .env file: a demonstration must not meet real people's rows.
        "DATABASE_URL": os.environ.get("DEMO_DATABASE_URL", f"sqlite:///{folder / 'app.sqlite3'}"),
        "REDIS_URL": os.environ.get("DEMO_REDIS_URL", ""),
    }
    return House(env, web_port=free_port(), sandbox_port=free_port())


def demo(name: str = "demo", *, kills: bool = False, table: Path | None = None) -> int:
    """`make demo`: everything once; the exit code is 0 only if the books balance."""
    house = demo_house(name)
    try:
        house.prepare()
        house.start()
        started = time.monotonic()
        if kills:
            forget_replies(house)
        house.load_demo(pace=SWIFT)
        killed = kill_on_the_way(house) if kills else 0
        arguments = ["--sandbox", house.sandbox_url, "--patience", str(LONGEST_DEMO)]
        arguments += ["--since", str(time.monotonic() - started)]
        arguments += ["--kills", str(killed)] if kills else []
        arguments += ["--table", str(table)] if table else []
        return house.run_beside("show_books", *arguments)
    finally:
        house.stop()


def forget_replies(house: House) -> None:
    """Have the sandbox do the first upload but answer so late that the worker is dead by then."""
    fault = {"operation": "create_bulk", "behaviour": "timeout_after", "times": 1, "seconds": 4}
    house.ask_sandbox("/sandbox/faults", fault)


def kill_on_the_way(house: House) -> int:
    """kill -9 the worker in the middle of its first upload, then the web process in the middle of calls."""
    if not wait_until(lambda: house.ask_sandbox("/sandbox/summary")["messages"] > 0, patience=60):
        raise StartError("Nothing was uploaded within a minute.")
    say("demo     | kill -9 worker: its upload is at XFin, the reply is not read")
    restart(house.worker)
    if not wait_until(lambda: house.ask_sandbox("/sandbox/summary")["live_calls"] >= 8, patience=60):
        raise StartError("No calls were live within a minute.")
    say("demo     | kill -9 web: with calls on the line")
    restart(house.web)
    wait_for_http(house.web_url, child=house.web)
    return 2


def restart(child: Child) -> None:
    """End a process as a power cut would, and start it again."""
    child.kill()
    time.sleep(1)
    child.start()


def crash_demo() -> int:
    """`make crash-demo`: once undisturbed, once with kills; both must end with the same table."""
    folder = Path(os.environ.get("DATA_DIR", ROOT / "var")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    calm, rough = folder / "demo-calm.json", folder / "demo-rough.json"
    say("demo     | first without kills")
    code = demo("demo-calm", table=calm)
    say("demo     | now with kills")
    code = demo("demo-rough", kills=True, table=rough) or code
    if code == 0 and json.loads(calm.read_text()) != json.loads(rough.read_text()):
        say(f"The two final tables differ: {calm.read_text()} and {rough.read_text()}")
        return 1
    return code


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="awaaz_project.launch", description=__doc__)
    parser.add_argument("what", choices=["run", "demo", "crash-demo"])
    for number in ENDINGS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        match parser.parse_args().what:
            case "run":
                run()
            case "demo":
                return demo()
            case "crash-demo":
                return crash_demo()
    except StartError as error:
        say(str(error))
        return 1
    except (KeyboardInterrupt, Interrupted):
        say("Stopped.")
    return 0


def _interrupt(number: int, frame: object) -> None:
    """Once: `make` passes on what its whole group gets too, and a closed terminal may say it in two ways."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())
