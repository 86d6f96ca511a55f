"""`make bench-sandbox`: 200 calls at once from one process on one core; are their frames sent in time?

The dialer runs in this process, pinned to one core; a plain `websockets` server that reads everything and
speaks all the time, 200 ms a piece, runs pinned to another. Both ask for real-time scheduling, so that other
programs on the machine are not measured. Ends with one line of figures; exit 1 below 99.9 %.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import multiprocessing
import os
import resource
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import django
import uvloop

os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
django.setup()

from websockets.asyncio.server import ServerConnection, serve  # noqa: E402 (after the settings are chosen)
from websockets.exceptions import ConnectionClosed  # noqa: E402

from sandbox.conformance.report import WITHIN_5MS_PERCENT, within_percent  # noqa: E402
from sandbox.people.people import read_cast  # noqa: E402
from sandbox.platform.clips import Library  # noqa: E402
from sandbox.platform.dialer import Dialer, DialerSettings, settle_memory  # noqa: E402
from sandbox.platform.orders import Order  # noqa: E402
from sandbox.platform.outcomes import Outcome  # noqa: E402

ON_THE_LINE = """
listener: {about: Listens., ring_s: [0, 0], picks_up: answer, patience_s: 9999, script: []}
"""
RAMP_S = 2.0
PIECE = base64.b64encode(bytes([7, 0]) * 1600).decode()
"""200 ms of something that is not silence, bare."""


def pin(core: int) -> str:
    """Keep this process on one core, if the machine has several and allows it; return which one, in words."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) < 2:
        return "unpinned"
    os.sched_setaffinity(0, {cores[core % len(cores)]})
    return f"core {cores[core % len(cores)]}"


def hurry() -> str:
    """Ask for real-time scheduling, so that other programs count less; return in words whether we have it."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (OSError, AttributeError):
        return "ordinary scheduling, so other programs on this core count against us"
    return "real-time scheduling"


def answer(kind: str, told: Connection) -> None:
    """Run the agent, in the other process: it is silent, or speaks all the time."""
    pin(1)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    hurry()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_answer(kind, told))


async def _answer(kind: str, told: Connection) -> None:
    async def handle(socket: ServerConnection) -> None:
        sid, count = "", 0
        async for text in socket:
            sid = sid or json.loads(text)["stream_sid"]
            count += 1
            if kind == "speaking" and count % 10 == 0:
                body = {"chunk": count // 10, "timestamp": "0", "payload": PIECE}
                with contextlib.suppress(ConnectionClosed):
                    await socket.send(json.dumps({"event": "media", "stream_sid": sid, "media": body}))

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        told.send(next(iter(server.sockets)).getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, told.recv)


async def hold(url: str, calls: int, seconds: float) -> list[Outcome]:
    """Make `calls` calls of so many seconds, begun over two seconds; return their outcomes."""
    dialer = Dialer(Library(Path("nowhere")), DialerSettings(seconds, handshake_s=10))
    person = read_cast(ON_THE_LINE)["listener"]

    async def one(number: int) -> Outcome:
        await asyncio.sleep(RAMP_S * number / calls)
        sids = (f"CA{number}", f"MZ{number}")
        return await dialer.talk(Order(number, None, "", "", 1, "hi", url, person, "7", *sids, {}))

    return await asyncio.gather(*(one(number) for number in range(calls)))


def run(arguments: argparse.Namespace) -> int:
    """Start the agent's process, make the calls, print the figures; return the exit code."""
    ours, theirs = multiprocessing.Pipe()
    agent = multiprocessing.get_context("spawn").Process(target=answer, args=(arguments.agent, theirs))
    agent.start()
    try:
        port = ours.recv()
        print(f"{arguments.calls} calls for {arguments.seconds:g} s to a {arguments.agent} agent.")
        print(f"The dialer: {pin(0)}, {hurry()}.")
        settle_memory()
        began, cpu = time.monotonic(), _cpu_s()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcomes = runner.run(hold(f"ws://127.0.0.1:{port}/", arguments.calls, arguments.seconds))
        return _tell(outcomes, (_cpu_s() - cpu) / (time.monotonic() - began))
    finally:
        ours.send("done")
        agent.join(10)
        agent.kill()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _tell(outcomes: list[Outcome], cpu: float) -> int:
    counted: list[dict[str, Any]] = [outcome.counted for outcome in outcomes]
    frames = sum(figures.get("frames_sent", 0) for figures in counted)
    skipped = sum(figures.get("problems", {}).get("slots_skipped", 0) for figures in counted)
    late = sum(figures.get("frames_late", 0) for figures in counted) + skipped
    held = sum(outcome.how == "too_long" for outcome in outcomes)
    percent = within_percent(frames + skipped, late)
    print(
        f"{held} of {len(outcomes)} calls were held to the end; {late} of {frames + skipped} slots were late."
    )
    print(f"calls={held} frames={frames} within_5ms_percent={percent:.2f} cpu_percent={cpu * 100:.0f}")
    return int(percent < WITHIN_5MS_PERCENT or held < len(outcomes))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--agent", choices=["silent", "speaking"], default="speaking")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
