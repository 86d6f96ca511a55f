"""Find, export, hold or erase everything we hold about one phone number."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls import retention
from calls.reports import person
from campaigns import clock, phones
from campaigns.errors import NotAllowed
from campaigns.privacy import erasure, legal_holds


class Command(BaseCommand):
    """`person find|export|hold|release|erase +919825112410 [--reason TEXT] [--output FILE.zip]`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to do, the number in any spelling, and why."""
        parser.add_argument("verb", choices=("find", "export", "hold", "release", "erase"))
        parser.add_argument("phone")
        parser.add_argument("--reason", default="", help="needed to hold, release and erase")
        parser.add_argument("--output", type=Path, default=Path("person.zip"), help="of an export")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and print what is held then. Raises `CommandError` for a bad number, or if it is refused."""
        judged = phones.parse_number(options["phone"])
        if judged.e164 is None:
            raise CommandError(judged.note)
        try:
            self._do(options["verb"], judged.e164, options["reason"], options["output"])
        except NotAllowed as error:
            raise CommandError(error.reason) from error
        found = person.find(judged.e164, now=clock.now())
        counts = " ".join(f"{kind}={count}" for kind, count in found.counts.items())
        self.stdout.write(f"{phones.mask(judged.e164)}: {counts}")
        if found.hold:
            self.stdout.write(f"Under legal hold: {found.hold.reason}")
        if found.erasure:
            text = f"Erasure: {found.erasure.get_state_display().lower()}. {found.erasure.waits_for}"
            self.stdout.write(text.strip())

    def _do(self, verb: str, phone: str, reason: str, output: Path) -> None:
        if verb == "export":
            with person.packed(phone, now=clock.now()) as pack, output.open("wb") as file:
                shutil.copyfileobj(pack, file)
        elif verb == "hold":
            legal_holds.place(phone=phone, reason=reason, by=None)
        elif verb == "release" and (hold := legal_holds.hold_on(phone)):
            legal_holds.release(hold.pk, reason=reason, by=None, now=clock.now())
        elif verb == "erase":
            erasure.ask(phone, reason=reason, by=None, now=clock.now())
            retention.erase_people(clock.now())
