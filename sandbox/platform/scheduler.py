"""The platform at work: claim what is due, run one task for each call, close every call that was opened."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import DatabaseError, connections

from sandbox import clock, phones
from sandbox.line.handset import Handset
from sandbox.line.leg import Ended
from sandbox.platform import orders, outcomes
from sandbox.platform.clips import Library
from sandbox.platform.dialer import Dialer, DialerSettings
from sandbox.platform.orders import Order
from sandbox.platform.outcomes import Outcome

log = logging.getLogger("sandbox.platform.scheduler")
STOP_SECONDS = 6.0
RECORD_ATTEMPTS = 5
P = ParamSpec("P")
R = TypeVar("R")


class Platform:
    """Claim and dial from `run()` until `stop()`; all database work goes through one thread."""

    def __init__(self) -> None:
        self._database = ThreadPoolExecutor(1, thread_name_prefix="sandbox-db")
        self._stopping = asyncio.Event()
        self._calls: dict[asyncio.Task[str], str] = {}
        record_to = settings.SANDBOX_RECORDINGS_DIR if settings.SANDBOX_RECORD_CALLS else None
        limits = DialerSettings(
            settings.SANDBOX_MAX_CALL_SECONDS,
            settings.SANDBOX_HANDSHAKE_SECONDS,
            record_to,
            far_end=settings.SANDBOX_FAR_END,
        )
        self._dialer = Dialer(Library(settings.SANDBOX_CLIPS_DIR), limits)

    async def run(self) -> None:
        """Recover, then claim and dial every SANDBOX_POLL_SECONDS until stopped; then close all calls."""
        recovered = await self._in_database(outcomes.recover, clock.now())
        if recovered:
            log.warning(
                "%d messages were mid-call when the platform last ended; they have failed.", recovered
            )
        try:
            while not self._stopping.is_set():
                busy = Counter(self._calls.values())
                room = settings.SANDBOX_MAX_CALLS - len(self._calls)
                try:
                    claimed = await self._in_database(orders.claim, clock.now(), busy, room)
                except DatabaseError as error:
                    claimed = []
                    log.warning("The database did not answer (%s); the next round tries again.", error)
                for order in claimed:
                    self._start(order)
                with suppress(TimeoutError):
                    async with asyncio.timeout(settings.SANDBOX_POLL_SECONDS):
                        await self._stopping.wait()
        finally:
            for task in list(self._calls):
                task.cancel()
            if self._calls:
                await asyncio.wait(list(self._calls), timeout=STOP_SECONDS)
            # Calls that did not end in time are closed here.
            await self._in_database(outcomes.recover, clock.now())
            await self._in_database(connections.close_all)
            self._database.shutdown(wait=True)

    async def stop(self) -> None:
        """Make `run` end its calls and return."""
        self._stopping.set()

    async def connect(self, to: str, handset: Handset) -> "asyncio.Task[str] | None":
        """Begin the call of a person at the page to our number. None if no line is free.

        Returns the call's task, whose result says why it ended.
        """
        busy = Counter(self._calls.values())
        if self._stopping.is_set() or len(self._calls) >= settings.SANDBOX_MAX_CALLS:
            return None
        order = await self._in_database(orders.connect, to, clock.now(), busy)
        return self._start(order, handset) if order else None

    def _start(self, order: Order, handset: Handset | None = None) -> "asyncio.Task[str]":
        task = asyncio.create_task(self._call(order, handset), name=f"call-{order.record}")
        self._calls[task] = order.caller
        task.add_done_callback(self._calls.pop)
        return task

    async def _call(self, order: Order, handset: Handset | None) -> str:
        """Run one call from ringing to its closed record, whatever happens. Returns why it ended."""
        outcome = Outcome(Ended.PLATFORM_RESTARTED, outcomes.RESTARTED)
        try:
            not_reached = await self._dialer.ring(order)
            if not_reached is None:
                await self._in_database(outcomes.picked_up, order, clock.now())
            outcome = not_reached or await self._dialer.talk(order, handset=handset)
        except Exception:
            log.exception("Call %d to %s broke down in the sandbox.", order.record, phones.masked(order.to))
            outcome = Outcome(Ended.PLATFORM_FAILED, "The platform itself failed during the call.")
        finally:
            await asyncio.shield(self._record(order, outcome))
        log.info("Call %d (%s): %s", order.record, order.person.name, outcome.how)
        return outcome.reason

    async def _record(self, order: Order, outcome: Outcome) -> None:
        """Close the call in the database; a busy one is asked again, and a restart closes what is left."""
        ended_at = clock.now()
        for _ in range(RECORD_ATTEMPTS):
            try:
                await self._in_database(outcomes.finish, order, outcome, ended_at)
            except DatabaseError as error:
                log.warning("Call %d could not be recorded yet (%s).", order.record, error)
                await asyncio.sleep(1)
            else:
                return

    async def _in_database(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._database, lambda: function(*args, **kwargs))
