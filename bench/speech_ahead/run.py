"""`make speech-ahead`: what it costs to have the words of ready dialogues spoken before their calls.

For each ready dialogue that says a person's values, in English and Hindi, so many people are prepared as the
workers do it (`calls.media.prewarm.Ahead`), into an empty folder: names as they repeat in a list, dues of a
few days, amounts of their own. Beside it the same helper processes speak the words of some of the people
whole, as if nothing were shared. Ends with one line of figures:

    people               in all dialogues and languages
    synthesised_a_person pieces that were made for a person, on average
    seconds_common       of a core for what all people of a dialogue hear, all dialogues together
    seconds_core         of a core a person, Python and espeak-ng together
    seconds_whole        the same if each person's words are spoken whole
    ratio                the first over the second

Exit code 1 if a person is not ready, or the ratio is over 0.5. docs/bench.md tells more.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import django

FOLDER: Final = tempfile.TemporaryDirectory(prefix="awaaz-speech-ahead-")
os.environ |= {"DJANGO_SETTINGS_MODULE": "awaaz_project.settings", "DATA_DIR": FOLDER.name, "REDIS_URL": ""}
os.environ["DATABASE_URL"] = f"sqlite:///{FOLDER.name}/bench.sqlite3"
os.environ["SPEECH_CACHE"] = f"{FOLDER.name}/speech"
django.setup()

from django.core.management import call_command  # noqa: E402 - after the set-up

from bench.shared.servers import ROOT  # noqa: E402
from calls.agents import registry  # noqa: E402
from calls.identification import spoken_values  # noqa: E402
from calls.media import prompt_audio  # noqa: E402
from calls.media.prewarm import Ahead  # noqa: E402
from calls.studio.samples import BY_KIND  # noqa: E402
from campaigns.speech_ahead import Called  # noqa: E402
from campaigns.spreadsheets.written import Kind  # noqa: E402

PEOPLE, WHOLE, MOST_RATIO = 40, 5, 0.5
LANGUAGES = ("en", "hi")
FIRST = (
    *("Asha", "Meena", "Ravi", "Suresh", "Lakshmi", "Priya", "Anil", "Sunita"),
    *("Rekha", "Vijay", "Kiran", "Deepa", "Mohan", "Geeta", "Imran"),
)
LAST = ("Patel", "Shah", "Sharma", "Devi", "Kumar", "Singh", "Khan", "Rao", "Nair", "Das")
DIALOGUES = ROOT / "calls" / "agents" / "examples" / "dialogues"


@dataclass
class Spent:
    """What a part of the run took: people, pieces made for them, seconds of a core."""

    people: int = 0
    pieces: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"common": 0.0, "people": 0.0, "whole": 0.0})
    whole: int = 0
    """People whose words were spoken whole as well."""


def core_seconds() -> float:
    """Return the seconds of a core that this process and all below it have taken so far."""
    spent, waiting = 0.0, [os.getpid()]
    while waiting:
        pid = waiting.pop()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += map(int, task.read_text().split())
    return spent


def people_of(values: dict[str, Kind], language: str, count: int, dice: Random) -> Iterator[Called]:
    """Yield so many people of a list with these values."""
    for number in range(count):
        name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
        own: dict[str, str] = {}
        for value, kind in values.items():
            match kind:
                case Kind.AMOUNT:
                    own[value] = str(dice.randrange(500, 20_000))
                case Kind.DATE:
                    own[value] = f"{dice.choice((5, 10, 28))}/11/2026"
                case Kind.NAME | Kind.TEXT:
                    own[value] = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
                case _:
                    own[value] = BY_KIND[kind]
        yield Called(number, f"+9198{dice.randrange(10**8):08d}", name, language, own)


def pieces() -> int:
    """Return how many pieces were made for people so far; one that several have counts once."""
    found = Path(os.environ["SPEECH_CACHE"]).glob("people/*/*/*.wav")
    return len({path.stat().st_ino for path in found})


def measure(path: Path, language: str, count: int, spent: Spent) -> bool:
    """Add what one dialogue takes in a language; return whether all of its people are ready."""
    document = json.loads(path.read_text())
    words, read = Ahead("dialogue", document), registry.read("dialogue", document)
    kinds = {name: Kind(kind) for name, kind in read.variable_kinds().items()}
    people = list(people_of(kinds, language, count, Random(f"{path.name} {language}")))
    if not any(words.personal(person) for person in people):
        return True
    before, made = core_seconds(), pieces()
    words.prepare_common(seconds=600)
    common = core_seconds()
    ready = words.prepare(people, seconds=600).ready
    after = core_seconds()
    spent.seconds["common"] += common - before
    spent.seconds["people"] += after - common
    spent.people, spent.pieces = spent.people + count, spent.pieces + pieces() - made
    same, voice = set(read.texts({}, language=language)), prompt_audio.voices.of(language).description
    for person in people[:WHOLE]:
        values = spoken_values(person.name, person.variables)
        for text in read.texts(values, language=language):
            if text not in same:
                prompt_audio.helpers().synthesise(voice, text, language)
    spent.whole += len(people[:WHOLE])
    spent.seconds["whole"] += core_seconds() - after
    return len(ready) == count


def main(given: Sequence[str] | None = None) -> int:
    """Measure every dialogue, print the figures; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--people", type=int, default=PEOPLE, help="of each dialogue in each language")
    words.add_argument("--only", default="", help="a ready dialogue, such as survey")
    words.add_argument("--most-ratio", type=float, default=MOST_RATIO)
    asked = words.parse_args(given)
    call_command("migrate", verbosity=0)
    prompt_audio.speak("Ready.", "en")  # a helper process is up
    spent, are_ready = Spent(), True
    for path in sorted(DIALOGUES.glob(f"{asked.only or '*'}.json")):
        for language in LANGUAGES:
            are_ready &= measure(path, language, asked.people, spent)
    if not spent.people:
        sys.exit("No ready dialogue of this name says a person's values.")
    a_person = spent.seconds["people"] / spent.people
    whole = spent.seconds["whole"] / spent.whole
    figures = {
        "people": spent.people,
        "synthesised_a_person": round(spent.pieces / spent.people, 2),
        "seconds_common": round(spent.seconds["common"], 1),
        "seconds_core": round(a_person, 4),
        "seconds_whole": round(whole, 4),
        "ratio": round(a_person / whole, 2),
    }
    print(*(f"{name}={value:g}" for name, value in figures.items()))
    return int(not are_ready or a_person / whole > asked.most_ratio)


if __name__ == "__main__":
    try:
        code = main()
    finally:
        prompt_audio.helpers().close()
        FOLDER.cleanup()
    sys.exit(code)
