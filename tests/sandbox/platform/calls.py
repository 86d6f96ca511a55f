"""Calls made by a real dialler to agents written by hand."""

import asyncio
from pathlib import Path
from typing import Any

from sandbox.people.people import Person, read_cast
from sandbox.platform.clips import Library
from sandbox.platform.dialer import Dialer, DialerSettings
from sandbox.platform.orders import Order
from sandbox.platform.outcomes import Outcome

QUICK = "x: {about: a, ring_s: [0, 0], picks_up: answer, patience_s: 3, script: %s}"


def person(script: str) -> Person:
    return read_cast(QUICK % script)["x"]


def order(url: str, *, script: str = "[]") -> Order:
    return Order(
        record=1, message=1, caller="+917961344101", to="+919876543210", attempt=1, language="hi",
        stream_url=url, person=person(script), seed="7", call_sid="CA1", stream_sid="MZ1",
        custom_parameters={"reference": "m-1", "FirstName": "Jane"},
    )  # fmt: skip


def dialer(folder: Path, *, longest_s: float = 10, record_to: Path | None = None) -> Dialer:
    return Dialer(Library(folder), DialerSettings(longest_s, handshake_s=0.4, record_to=record_to))


async def talk(folder: Path, given: Order, **settings: Any) -> Outcome:
    async with asyncio.timeout(15):
        return await dialer(folder, **settings).talk(given)
