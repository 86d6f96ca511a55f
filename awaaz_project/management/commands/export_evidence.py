"""Export everything that is kept about one number, for an operator or a regulator who asks."""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError

from calls.reports.person import calls_of
from campaigns import clock, phones
from campaigns.queries import evidence


class Writes(Protocol):
    """A file, or the command's output."""

    def write(self, text: str, /) -> object:
        """Write some text; what is returned is not used."""


class Command(BaseCommand):
    """`export_evidence +919825112410 [--format json|csv] [--output FILE]`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the number, in any spelling, and where the pack goes."""
        parser.add_argument("phone")
        parser.add_argument("--format", choices=("json", "csv"), default="json")
        parser.add_argument("--output", type=Path, help="a file; without it the pack is printed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the pack to the file or the output. Raises `CommandError` for a number that is none."""
        judged = phones.parse_number(options["phone"])
        if judged.e164 is None:
            raise CommandError(judged.note)
        made = {**evidence.pack(judged.e164, now=clock.now()), "calls": calls_of(judged.e164)}
        write = write_csv if options["format"] == "csv" else write_json
        if not options["output"]:
            write(made, self.stdout)
            return
        with options["output"].open("w", encoding="utf-8", newline="") as file:
            write(made, file)
        self.stdout.write(f"The pack of {phones.mask(judged.e164)} is in {options['output']}.")


def write_json(made: dict[str, Any], file: Writes) -> None:
    """Write one object, its parts as lists."""
    file.write(json.dumps(made, ensure_ascii=False, indent=1, default=str) + "\n")


def write_csv(made: dict[str, Any], file: Writes) -> None:
    """Write one table, in the order in which things happened."""
    writer = csv.writer(file)
    writer.writerow(evidence.COLUMNS)
    writer.writerows(evidence.flat(made))
