"""`python -m awaaz_project.launch run|demo|crash-demo`: the whole system under one process.

Knows nothing of Django: it prepares the environment and starts commands and servers with it.
"""

import argparse
import os
import signal
import sys
from datetime import datetime

from awaaz_project.launch.demo import DEMO_SETTINGS, IST, LEISURELY, clock_offset, crash_demo, demo
from awaaz_project.launch.processes import (
    StartError,
    run_once,
)
from awaaz_project.launch.system import System, check_port, say

#: Exit code of `load_demo --check` on a database without accounts.
EMPTY = 3
#: Being asked to end, and having the terminal closed.
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Somebody asked us to stop."""


def run() -> None:
    """`make run`: on an empty database with a demo campaign, on a clock that is always late morning."""
    web_port, sandbox_port = int(os.environ.get("WEB_PORT", 8000)), int(os.environ.get("SANDBOX_PORT", 9000))
    check_port(web_port)
    check_port(sandbox_port)
    house = System({}, web_port=web_port, sandbox_port=sandbox_port)
    house.prepare()
    first = run_once("load_demo", "--check", env=house.env) == EMPTY
    if first:
        env = {**DEMO_SETTINGS, "CLOCK_OFFSET": str(clock_offset(datetime.now(IST)))}
        house = System(env, web_port=web_port, sandbox_port=sandbox_port)
    try:
        house.start()
        if first:
            house.load_demo(pace=LEISURELY)
        run_once("load_demo", "--login", house.web_url, env=house.env)
        say(f"Portal {house.web_url}   sandbox {house.sandbox_url}   Ctrl-C stops everything.")
        house.watch()
    finally:
        house.stop()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m awaaz_project.launch", description=__doc__)
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
