"""Ring any agent: no database, no platform running; one person after the other, or many at once."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import uvloop

from sandbox.conformance.inspector import Inspector
from sandbox.conformance.report import Rung
from sandbox.conformance.requirements import Bounds
from sandbox.line.playout import FarEnd
from sandbox.line.quirks import Quirk
from sandbox.people.people import Person
from sandbox.platform.clips import Library
from sandbox.platform.dialer import Dialer, DialerSettings, settle_memory
from sandbox.platform.orders import Order

FULL_ROUND = ("impatient", "presses_one", "says_yes", "hangs_up_mid_prompt")
"""Between them they try every requirement."""
BETWEEN_STARTS_S = 0.005
DEFAULT_BOUNDS = Bounds()
CALLER, CALLED = "+917900000000", "+919800000000"


@dataclass(frozen=True)
class Task:
    """What to ring, with which people, and what is expected."""

    url: str
    people: tuple[Person, ...]
    calls: int = 0
    """So many at once, the people in turn. 0: each person once, one after the other."""
    seed: str = "awaaz"
    language: str = "hi"
    longest_s: float = 60.0
    handshake_s: float = 5.0
    parameters: tuple[tuple[str, str], ...] = ()
    bounds: Bounds = DEFAULT_BOUNDS
    quirks: frozenset[Quirk] = frozenset()
    far_end: FarEnd = FarEnd.AUDIO_FORK
    faults: str = ""
    """What is wrong with the line, as `line.faults.read` takes it."""
    record_to: Path | None = None
    """A folder for the WAV of each call; of many at once only the first is recorded."""


def ring(task: Task, library: Library, report: Callable[[Rung], None] | None = None) -> list[Rung]:
    """Make the calls, blocking, and return them. `report` is called with each as it ends."""
    settle_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(ring_all(task, library, report or (lambda _: None)))


async def ring_all(task: Task, library: Library, report: Callable[[Rung], None]) -> list[Rung]:
    """Make the calls on the running loop and return them in the order of their start."""
    settings = DialerSettings(
        task.longest_s,
        task.handshake_s,
        record_to=task.record_to,
        linger_s=task.bounds.longest_close_s,
        quirks=task.quirks,
        stuck_s=task.bounds.stuck_s,
        far_end=task.far_end,
    )
    dialer = Dialer(library, settings)
    if not task.calls:
        return [await _ring(dialer, task, order, report) for order in _orders(task, len(task.people))]
    quiet = Dialer(library, replace(settings, record_to=None))
    return await asyncio.gather(
        *(_ring(quiet if order.record > 1 else dialer, task, order, report, wait_s=n * BETWEEN_STARTS_S)
          for n, order in enumerate(_orders(task, task.calls)))
    )  # fmt: skip


async def _ring(
    dialer: Dialer, task: Task, order: Order, report: Callable[[Rung], None], *, wait_s: float = 0.0
) -> Rung:
    await asyncio.sleep(wait_s)
    inspector = Inspector(task.bounds)
    outcome = await dialer.talk(order, inspector)
    counted = outcome.counted
    skipped = counted.get("problems", {}).get("slots_skipped", 0)
    rung = Rung(
        order.record,
        order.person.name,
        outcome.how.value,
        outcome.reason,
        outcome.duration_ms / 1000,
        inspector.findings(),
        inspector.first_audio_s,
        inspector.reactions_s,
        slots=counted.get("frames_sent", 0) + skipped,
        slots_late=counted.get("frames_late", 0) + skipped,
        recording=counted.get("recording", ""),
    )
    report(rung)
    return rung


def _orders(task: Task, count: int) -> list[Order]:
    return [
        Order(
            record=number,
            message=None,
            caller=CALLER,
            to=CALLED,
            attempt=number,
            language=task.language,
            stream_url=task.url,
            person=person,
            seed=task.seed,
            call_sid=f"CA{secrets.token_hex(16)}",
            stream_sid=f"MZ{secrets.token_hex(16)}",
            custom_parameters=dict(task.parameters),
            faults=task.faults,
        )
        for number, person in enumerate(islice(cycle(task.people), count), 1)
    ]
