"""What a finished campaign must look like in the sandbox's database, read without any code of the sandbox."""

import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

WINDOW = "09:00-21:00"
REDIALS = 2
GAPS_MINUTES = "30,120"
LINES = 30
CALLS_A_SECOND = 5
INDIA = ZoneInfo("Asia/Kolkata")
NEVER = datetime.max.replace(tzinfo=UTC)
SECOND = timedelta(seconds=1)

MESSAGES = "SELECT id, state, attempts, send_on FROM sandbox_message"
CALLS = """
    SELECT message_id, attempt, from_number, ordered_at, ended_at, state
    FROM sandbox_callrecord ORDER BY message_id, attempt, id
"""


class Call(NamedTuple):
    """A dial as it was stored."""

    message: int
    attempt: int
    number: str
    began: datetime
    ended: datetime
    state: str


def broken_promises(database: Path, listed: dict[int, str]) -> list[str]:
    """Return every promise that was broken, in words. `listed`: state by message from the REST API."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(MESSAGES).fetchall()
        calls = [_call(*row) for row in connection.execute(CALLS)]
    dials: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        dials[call.message].append(call)
    found = Counter(_of_messages(rows, dials, listed))
    found.update(_of_calls(dials))
    found.update(_of_numbers(calls))
    return [f"{what} ({times} times)" for what, times in found.items()]


def _call(message: int, attempt: int, number: str, began: str, ended: str | None, state: str) -> Call:
    return Call(message, attempt, number, _moment(began), _moment(ended) if ended else NEVER, state)


def _moment(stored: str) -> datetime:
    """Return a time from SQLite, where Django keeps UTC without a zone."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def _of_messages(
    rows: list[tuple[int, str, int, str]], dials: dict[int, list[Call]], listed: dict[int, str]
) -> Iterator[str]:
    if len(rows) != len(listed):
        yield "the API lists another number of messages than the database has"
    for key, state, attempts, send_on in rows:
        if state not in ("done", "failed") or listed.get(key) != state:
            yield "a message has no final state, or another one in the API"
        if [call.attempt for call in dials[key]] != list(range(1, attempts + 1)):
            yield "a message's dials are not its attempts, each once"
        if not 1 <= attempts <= 1 + REDIALS:
            yield "a message was dialled more often than the template allows, or never"
        if dials[key] and dials[key][0].began < _moment(send_on):
            yield "a message was dialled before its send_on"


def _of_calls(dials: dict[int, list[Call]]) -> Iterator[str]:
    opens, closes = (time.fromisoformat(wall) for wall in WINDOW.split("-"))
    gaps = [timedelta(minutes=int(gap)) for gap in GAPS_MINUTES.split(",")]
    for calls in dials.values():
        for call in calls:
            if call.state != "ended" or call.ended == NEVER:
                yield "a call was never closed"
            if not opens <= call.began.astimezone(INDIA).time() < closes:
                yield "a call began outside the platform's hours"
        for (first, second), gap in zip(pairwise(calls), gaps, strict=False):
            if second.began < first.ended + gap:
                yield "a redial came before its gap was over"


def _of_numbers(calls: list[Call]) -> Iterator[str]:
    busy: dict[str, list[datetime]] = defaultdict(list)
    begun: dict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=CALLS_A_SECOND))
    for call in sorted(calls, key=lambda call: call.began):
        lines, recent = busy[call.number], begun[call.number]
        lines[:] = [ends for ends in lines if ends > call.began]
        if len(lines) >= LINES:
            yield "a number had more calls at once than it may"
        if len(recent) == CALLS_A_SECOND and call.began - recent[0] < SECOND:
            yield "a number began more calls in a second than it may"
        lines.append(call.ended)
        recent.append(call.began)
