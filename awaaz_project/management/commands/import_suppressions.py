"""Import a file of numbers that must not be called: from the old system, or from an operator's order."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.compliance import suppressions
from campaigns.errors import NotAllowed
from campaigns.models import Suppression
from campaigns.models.campaigns import CampaignCategory


class Command(BaseCommand):
    """`import_suppressions FILE --reason "Asked us to stop, list of March"`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file, the reason, and the category of calls."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--reason", required=True, help="a sentence for whoever reads it later")
        parser.add_argument("--heading", default="", help="of the column of numbers, if two could be meant")
        parser.add_argument("--category", default="", choices=["", *CampaignCategory.values])

    def handle(self, *args: Any, **options: Any) -> None:
        """Enter the numbers and withdraw the calls that wait. Raises `CommandError` for a bad file."""
        asked = suppressions.SuppressionRequest(
            source=Suppression.Source.FILE, reason=options["reason"], category=options["category"]
        )
        file: Path = options["file"]
        try:
            with file.open("rb") as opened:
                result = suppressions.suppress_file(opened, file.name, asked, heading=options["heading"])
        except (NotAllowed, OSError) as error:
            raise CommandError(str(error)) from error
        for row, why in result.refusals:
            self.stdout.write(f"row {row}: {why}")
        self.stdout.write(f"new={result.new} known={result.known} refused={len(result.refusals)}")
