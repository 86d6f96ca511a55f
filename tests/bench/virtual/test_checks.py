"""The checks of `make bench-virtual` find what they are there for; the database is made by hand."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.virtual.checks import CALLS_A_SECOND, LINES, broken_promises

TABLES = """
CREATE TABLE sandbox_message (id, state, attempts, send_on);
CREATE TABLE sandbox_callrecord
    (id INTEGER PRIMARY KEY, message_id, attempt, from_number, ordered_at, ended_at, state);
"""
SEND_ON = "2026-11-24 04:30:00"
"""10:00 in India."""
Dial = tuple[int, int, str, str | None]
"""(message, attempt, began, ended)."""


def found(
    folder: Path, dials: list[Dial], *, attempts: int = 1, state: str = "done", listed: str = "done"
) -> str:
    """What the checks say of these dials, to message 1 unless a dial names another."""
    messages = sorted({message for message, *_ in dials} | {1})
    with closing(sqlite3.connect(folder / "db")) as connection, connection:
        connection.executescript(TABLES)
        for key in messages:
            connection.execute(
                "INSERT INTO sandbox_message VALUES (?, ?, ?, ?)", (key, state, attempts, SEND_ON)
            )
        for message, attempt, began, ended in dials:
            row = (message, attempt, "+91", f"2026-11-24 {began}", ended and f"2026-11-24 {ended}")
            connection.execute("INSERT INTO sandbox_callrecord VALUES (NULL, ?, ?, ?, ?, ?, 'ended')", row)
    return " ".join(broken_promises(folder / "db", dict.fromkeys(messages, listed)))


GOOD: Dial = (1, 1, "04:30:01", "04:30:20")


def test_a_good_campaign_has_no_complaint(tmp_path: Path) -> None:
    assert found(tmp_path, [GOOD, (1, 2, "05:00:20", "05:00:40")], attempts=2) == ""


@pytest.mark.parametrize(
    ("dials", "complaint"),
    [
        ([GOOD, GOOD], "each once"),
        ([], "or never"),
        ([(1, 1, "04:29:59", "04:30:20")], "before its send_on"),
        ([(1, 1, "15:30:00", "15:30:20")], "outside the platform's hours"),
        ([(1, 1, "04:30:01", None)], "never closed"),
        ([GOOD, (1, 2, "05:00:19", "05:00:40")], "before its gap"),
        ([(1, n, f"{4 + n:02}:30:00", f"{4 + n:02}:30:01") for n in range(1, 5)], "more often"),
        ([(n, 1, f"04:31:{n:02}", "04:59:00") for n in range(LINES + 1)], "more calls at once"),
        ([(n, 1, f"04:31:00.{n}", "04:31:20") for n in range(CALLS_A_SECOND + 1)], "in a second"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, dials: list[Dial], complaint: str) -> None:
    attempts = {"more often": 4, "or never": 0}.get(complaint, 1)
    assert complaint in found(tmp_path, dials, attempts=attempts)


@pytest.mark.parametrize(("state", "listed"), [("in_progress", "in_progress"), ("done", "failed")])
def test_states_must_be_final_and_the_same_in_the_api(tmp_path: Path, state: str, listed: str) -> None:
    assert "no final state" in found(tmp_path, [GOOD], state=state, listed=listed)
