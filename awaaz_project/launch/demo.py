"""`make demo` and `make crash-demo`: the main job without a browser, and its books."""

import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

from awaaz_project.launch.demo_clock import IST, clock_offset
from awaaz_project.launch.processes import ROOT, Child, StartError, wait_for_http, wait_until
from awaaz_project.launch.system import System, free_port, say

#: A demonstration looks for work every second and does not wait a minute before it looks things up.
DEMO_SETTINGS = {
    "TICK_SECONDS": "1",
    "SETTLE_SECONDS": "4",
    "SETTLE_AGAIN_SECONDS": "6",
    "CLAIM_SECONDS": "8",
    "XFIN_READ_TIMEOUT": "5",
}
#: Calls a minute: for a person who watches the calls, and for one who waits for the end.
LEISURELY, SWIFT = 15, 240
#: A demonstration must end; the longest it may take, in seconds.
LONGEST_DEMO = 200
#: Minutes until a second call where the web process is killed: it is back by then, on a slow machine too.
AFTER_A_RESTART = 0.6


def demo_system(name: str) -> System:
    """Return a system of its own in an empty folder, with free ports and the demonstration's clock."""
    folder = Path(os.environ.get("DATA_DIR", ROOT / "var")).resolve() / name
    shutil.rmtree(folder, ignore_errors=True)
    env = {
        **DEMO_SETTINGS,
        "CLOCK_OFFSET": str(clock_offset(datetime.now(IST))),
        "DATA_DIR": str(folder),
        # Never the database of a .env file: a demonstration must not meet real people's rows.
        "DATABASE_URL": os.environ.get("DEMO_DATABASE_URL", f"sqlite:///{folder / 'app.sqlite3'}"),
        "REDIS_URL": os.environ.get("DEMO_REDIS_URL", ""),
        "PUBLIC_STREAM_URL": f"ws://127.0.0.1:{(web_port := free_port())}",
    }
    return System(env, web_port=web_port, sandbox_port=free_port())


def demo(name: str = "demo", *, kills: bool = False, table: Path | None = None) -> int:
    """Run `make demo`: everything once. Returns the exit code, 0 only if the books balance.

    `table`: write the final table there as JSON. Raises `StartError` if a process fails.
    """
    system = demo_system(name)
    try:
        system.prepare()
        system.start()
        started = time.monotonic()
        if kills:
            forget_replies(system)
        system.load_demo(pace=SWIFT, again=AFTER_A_RESTART if kills else 0.1)
        killed = kill_on_the_way(system) if kills else 0
        arguments = ["--sandbox", system.sandbox_url, "--patience", str(LONGEST_DEMO)]
        arguments += ["--since", str(time.monotonic() - started)]
        arguments += ["--kills", str(killed)] if kills else []
        arguments += ["--table", str(table)] if table else []
        return system.run_beside("show_books", *arguments)
    finally:
        system.stop()


def forget_replies(system: System) -> None:
    """Have the sandbox do the first upload, but answer after 4 s, when the worker has been killed."""
    fault = {"operation": "create_bulk", "behaviour": "timeout_after", "times": 1, "seconds": 4}
    system.ask_sandbox("/sandbox/faults", fault)


def kill_on_the_way(system: System) -> int:
    """Kill the worker that uploads, in the middle of its first, then the web process in the middle of calls.

    Returns the number of kills. Raises `StartError` if there is no upload or no call within a minute.
    """
    if not wait_until(lambda: system.ask_sandbox("/sandbox/summary")["messages"] > 0, timeout=60):
        raise StartError("Nothing was uploaded within a minute.")
    say("demo     | kill -9 worker: its upload is at XFin, the reply is not read")
    restart(system.carrier)
    if not wait_until(lambda: system.ask_sandbox("/sandbox/summary")["live_calls"] >= 8, timeout=60):
        raise StartError("No calls were live within a minute.")
    say("demo     | kill -9 web: with calls on the line")
    restart(system.web)
    wait_for_http(system.web_url, child=system.web)
    return 2


def restart(child: Child) -> None:
    """Kill a process as a power cut would, and start it again after a second."""
    child.kill()
    time.sleep(1)
    child.start()


def crash_demo() -> int:
    """Run `make crash-demo`: once undisturbed, once with kills.

    Returns the exit code, 0 only if both balance and end with the same table.
    """
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
