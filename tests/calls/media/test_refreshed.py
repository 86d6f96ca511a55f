"""Rows are read when they are due, once, and those of before stay where the database fails."""

import logging

import pytest
from django.db import OperationalError

from calls.media.refreshed import Refreshed


def test_they_are_read_when_they_are_due() -> None:
    readings = iter([["a"], ["b"]])

    def made(refresh_s: float) -> Refreshed[list[str]]:
        return Refreshed(lambda: next(readings), name="Words", empty=[], refresh_s=refresh_s)

    kept, always = made(1000), made(0)
    assert (kept.is_read, kept.is_due, kept.rows) == (False, True, None)
    kept.refresh()
    kept.refresh()
    assert (kept.is_read, kept.is_due, kept.rows) == (True, False, ["a"])
    always.refresh()
    assert (always.is_due, always.rows) == (True, ["b"])


def test_a_database_that_fails_leaves_what_was_read(caplog: pytest.LogCaptureFixture) -> None:
    found = iter([["a"]])

    def read() -> list[str]:
        for rows in found:
            return rows
        raise OperationalError("gone")

    kept, new = (Refreshed(read, name="Words", empty=["none"], refresh_s=0) for _ in range(2))
    kept.refresh()
    with caplog.at_level(logging.WARNING):
        kept.refresh()
        new.refresh()
    assert (kept.rows, new.rows) == (["a"], ["none"])
    assert "Words could not be read (OperationalError); those of before are used." in caplog.text
