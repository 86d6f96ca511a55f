"""Replay past calls of a dialogue with its draft: how many would go the same way, and how others differ."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls.dialogues import finding, past, replay


class Command(BaseCommand):
    """`replay DIALOGUE [--calls 10000] [--published] [--file draft.json]`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add whose calls, how many, and what they are replayed with."""
        parser.add_argument("dialogue", help="its name or number")
        parser.add_argument("--calls", type=int, default=1000, help="the latest so many (1000)")
        parser.add_argument("--published", action="store_true", help="with the latest version, not the draft")
        parser.add_argument("--file", default="", help="with the dialogue of this file, not the draft")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what would differ, and a line of figures. Raises `CommandError` if there is no such
        dialogue."""
        try:
            dialogue = finding.dialogue(options["dialogue"])
            if options["file"]:
                document = finding.from_file(options["file"])
            else:
                document = finding.document(dialogue, published=options["published"])
        except finding.NotFoundError as error:
            raise CommandError(str(error)) from error
        began = time.monotonic()
        report = replay.run(document, past.ids_of(dialogue, options["calls"]))
        for sentence in report.sentences():
            self.stdout.write(sentence)
        seconds = time.monotonic() - began
        self.stdout.write(
            f"calls={report.calls} seconds={seconds:.1f} same={report.same} differ={report.differ}"
        )
