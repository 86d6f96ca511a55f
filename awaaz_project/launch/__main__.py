"""`python -m awaaz_project.launch run|serve|demo|crash-demo`: the whole system under one process.

Knows nothing of Django: it prepares the environment and starts commands and servers with it.
"""

import argparse
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import environ

from awaaz_project.launch.demo import DEMO_SETTINGS, LEISURELY, crash_demo, demo
from awaaz_project.launch.demo_clock import IST, DemoClock
from awaaz_project.launch.processes import ROOT, StartError, run_once
from awaaz_project.launch.system import System, check_port, say

#: Exit code of `load_demo --check` on a database without accounts.
EMPTY = 3
#: Being asked to end, and having the terminal closed.
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """A signal asked this process to end."""


def run() -> None:
    """Run `make run`: everything, until a signal ends it; on an empty database with a demo campaign.

    The demo runs on a clock of its own (`demo_clock`). A setting of `.env` that the environment does not have
    holds for all processes, the sandbox too. Raises `StartError` if a process fails.
    """
    environ.Env.read_env(ROOT / ".env")
    web_port, sandbox_port = int(os.environ.get("WEB_PORT", 8000)), int(os.environ.get("SANDBOX_PORT", 9000))
    check_port(web_port)
    check_port(sandbox_port)
    system = System({}, web_port=web_port, sandbox_port=sandbox_port)
    system.prepare()
    first = run_once("load_demo", "--check", env=system.env) == EMPTY
    clock = DemoClock(Path(os.environ.get("DATA_DIR") or ROOT / "var") / "demo-clock")
    if is_demo := first or clock.exists:
        env = {
            **DEMO_SETTINGS,
            "CLOCK_OFFSET": str(clock.start(datetime.now(IST))),
            # Never that of `.env`: the sandbox would ring a host elsewhere.
            "PUBLIC_STREAM_URL": f"ws://127.0.0.1:{web_port}",
        }
        system = System(env, web_port=web_port, sandbox_port=sandbox_port)
    try:
        system.start()
        if first:
            system.load_demo(pace=LEISURELY)
        run_once("load_demo", "--login", system.web_url, env=system.env)
        say(f"Portal {system.web_url}   sandbox {system.sandbox_url}   Ctrl-C stops everything.")
        system.watch(lambda: clock.note(datetime.now(IST)) if is_demo else None)
    finally:
        system.stop()


def serve() -> None:
    """Run `make serve`: portal, worker and scheduler for real accounts, without sandbox, demo or its clock.

    Its data are apart from the demonstration's, in `var/real` if neither DATA_DIR nor DATABASE_URL is set.
    Raises `StartError` if a process fails.
    """
    environ.Env.read_env(ROOT / ".env")
    port = int(os.environ.get("WEB_PORT", 8000))
    check_port(port)
    is_placed = "DATA_DIR" in os.environ or "DATABASE_URL" in os.environ
    env = {} if is_placed else {"DATA_DIR": str(ROOT / "var" / "real")}
    system = System(env, web_port=port, sandbox_port=0, for_real=True)
    system.prepare()
    try:
        system.start()
        place = "" if is_placed else "DATA_DIR=var/real "
        say(f"Portal {system.web_url}   Ctrl-C stops everything.")
        say(f"The first login: {place}.venv/bin/python manage.py createsuperuser")
        system.watch(lambda: None)
    finally:
        system.stop()


def start(what: str) -> int:
    """Do what a word asks for; return the exit code. Raises `StartError` if a process fails."""
    match what:
        case "run":
            run()
        case "serve":
            serve()
        case "demo":
            return demo()
        case "crash-demo":
            return crash_demo()
    return 0


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m awaaz_project.launch", description=__doc__)
    parser.add_argument("what", choices=["run", "serve", "demo", "crash-demo"])
    for number in ENDINGS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        return start(parser.parse_args().what)
    except StartError as error:
        say(str(error))
        return 1
    except (KeyboardInterrupt, Interrupted):
        say("Stopped.")
    return 0


def _interrupt(number: int, frame: object) -> None:
    """Raise `Interrupted` at the first signal and ignore the next ones.

    They come twice: `make` passes on what its whole group gets, and a closed terminal sends SIGHUP too.
    """
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())
