"""Talk to a dialogue by typing: it shows what is said, and takes keys."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.dialogues import finding
from calls.simulated import by_typing
from calls.simulated.by_typing import Line, NotTypedError, Side
from calls.simulated.people import people
from calls.simulated.script import Input, Person

_SIGNS = {Side.AGENT: "  ", Side.PERSON: "> ", Side.NOTE: "· "}


class Command(BaseCommand):
    """`talk DIALOGUE|FILE [--language hi] [--value amount=1250] [--name Asha] [--published]`."""

    help = f"{__doc__} {by_typing.HELP}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the dialogue, and who is called."""
        parser.add_argument("dialogue", help="its name, its number, or a file")
        parser.add_argument("--language", default="", help="of the person (the dialogue's own)")
        parser.add_argument("--name", default="Asha", help="of the person")
        parser.add_argument("--value", action="append", default=[], help="NAME=VALUE; examples otherwise")
        parser.add_argument("--published", action="store_true", help="the latest version, not the draft")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hold the call, line by line, until it is over or the input ends. Raises `CommandError`."""
        try:
            named = options["dialogue"]
            if Path(named).is_file():
                document = finding.from_file(named)
            else:
                document = finding.document(finding.dialogue(named), published=options["published"])
        except finding.NotFoundError as error:
            raise CommandError(str(error)) from error
        self._talk(document, _person(document, options))

    def _talk(self, document: DialogueConfiguration, person: Person) -> None:
        typed: list[Input] = []
        shown = 0
        self.stdout.write(by_typing.HELP)
        while True:
            course = by_typing.transcript(document, person, typed)
            for line in course.lines[shown:]:
                self._show(line)
            shown = len(course.lines)
            if course.is_over:
                return
            try:
                typed.append(by_typing.read_line(input()))
            except NotTypedError as error:
                self.stdout.write(str(error))
            except EOFError:
                return

    def _show(self, line: Line) -> None:
        self.stdout.write(f"{_SIGNS[line.side]}{line.text}")


def _person(document: DialogueConfiguration, options: dict[str, Any]) -> Person:
    """Return who is called, with example values where none are given. Raises `CommandError`."""
    if wrong := next((pair for pair in options["value"] if "=" not in pair), ""):
        raise CommandError(f"“{wrong}” is not NAME=VALUE.")
    language = options["language"] or document.default_language
    values = people(document, language)[0].values
    given = dict(pair.split("=", 1) for pair in options["value"])
    return Person(language=language, name=options["name"], values={**values, **given})
