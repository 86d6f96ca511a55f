"""Wait until every campaign has ended, then show that every row is accounted for, and exit 0 only then."""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.core.management.base import BaseCommand
from django.db.models import Sum

from calls.models import Call
from campaigns.models import Campaign, Import, Recipient

ROWS = ("uploaded", "accepted", "rejected", "duplicate", "suppressed")
ENDED = (Campaign.State.COMPLETED, Campaign.State.CANCELLED, Campaign.State.STOPPED)


@dataclass(slots=True)
class Books:
    """All figures of all campaigns at one moment."""

    rows: dict[str, int]
    states: Counter[str]
    outcomes: Counter[str]
    open_calls: int
    all_ended: bool
    problems: list[str] = field(default_factory=list)

    @property
    def completed(self) -> int:
        """Return the number of people whose conversation took place."""
        return self.states[Recipient.State.COMPLETED]

    @property
    def failed(self) -> int:
        """Return the number of people with any other final state."""
        return self.states.total() - self.completed - self.still_open

    @property
    def still_open(self) -> int:
        """Return the number of people without a final state."""
        return sum(self.states[state] for state in Recipient.OPEN_STATES)

    @property
    def settled(self) -> bool:
        """Return whether nothing is under way any more."""
        return self.all_ended and not self.still_open and not self.open_calls


def read_books() -> Books:
    """Return the figures as the database has them now."""
    sums = Import.objects.aggregate(**{name: Sum(name, default=0) for name in ROWS})
    people = Recipient.objects.values_list("state", "outcome")
    return Books(
        rows=sums,
        states=Counter(state for state, _ in people),
        outcomes=Counter(outcome for _, outcome in people if outcome),
        open_calls=Call.objects.filter(state=Call.State.LIVE).count(),
        all_ended=not Campaign.objects.exclude(state__in=ENDED).exists(),
    )


def check(books: Books) -> list[str]:
    """Return what does not add up, in sentences; empty if the books balance."""
    rows = books.rows
    parts = rows["accepted"] + rows["rejected"] + rows["duplicate"] + rows["suppressed"]
    checks = (
        (not rows["uploaded"], "Nothing was imported."),
        (rows["uploaded"] != parts, "uploaded is not accepted + rejected + duplicate + suppressed."),
        (rows["accepted"] != books.completed + books.failed, "accepted is not the sum of the final states."),
        (bool(books.open_calls), f"{books.open_calls} calls are still open."),
        (not books.completed, "Nobody was reached."),
    )
    return [sentence for wrong, sentence in checks if wrong]


class Command(BaseCommand):
    """`show_books`: the last command of every demonstration."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add how long to wait, and what to compare with."""
        parser.add_argument("--patience", type=float, default=0, help="seconds to wait for the end")
        parser.add_argument("--since", type=float, default=0, help="seconds already spent")
        parser.add_argument("--sandbox", metavar="URL", help="also ask the sandbox for duplicate references")
        parser.add_argument("--kills", type=int, help="print how many processes were killed")
        parser.add_argument("--table", type=Path, help="write the final table here as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait, print the table and the figures. Raises `SystemExit`: 0 if everything adds up, else 1."""
        started = time.monotonic() - options["since"]
        while not (books := read_books()).settled and time.monotonic() - started < options["patience"]:
            time.sleep(0.5)
        problems = check(books)
        of_sandbox: dict[str, int] = {}
        if options["sandbox"]:
            summary = httpx.get(options["sandbox"] + "/sandbox/summary", timeout=10).json()
            if duplicates := summary["duplicate_references"]:
                problems.append(f"{duplicates} references were created twice at XFin.")
            if options["kills"] is not None:
                of_sandbox = {"kills": options["kills"], "duplicates": duplicates}
        self._table(books, options["table"])
        for sentence in problems:
            self.stdout.write(f"NOT RIGHT: {sentence}")
        figures = {
            "rows": books.rows["uploaded"],
            **{name: books.rows[name] for name in ROWS[1:]},
            "completed": books.completed,
            "failed": books.failed,
            "open_calls": books.open_calls,
            "seconds": round(time.monotonic() - started),
            **of_sandbox,
        }
        self.stdout.write(" ".join(f"{name}={value}" for name, value in figures.items()))
        sys.exit(1 if problems else 0)

    def _table(self, books: Books, path: Path | None) -> None:
        """Print rows, people and outcomes by their counts; write them as JSON to `path` if there is one."""
        states = {state.label: books.states[state] for state in Recipient.State if books.states[state]}
        table = {"rows": books.rows, "people": states, "outcomes": dict(sorted(books.outcomes.items()))}
        for title, lines in table.items():
            self.stdout.write(f"\n{title}")
            for name, count in lines.items():
                self.stdout.write(f"  {name:<24}{count:>6}")
        self.stdout.write("")
        if path:
            path.write_text(json.dumps(table, indent=1))
