"""PURE but for reading its own YAML: whom a number belongs to, drawn from a mix of people.

A mix is data (`mixes.yaml`): how often each person is met in one kind of list.
"""

import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from sandbox.people.people import Person, cast

MIXES_FILE = Path(__file__).parent / "mixes.yaml"
EVERYDAY = "everyday"


class Mix(NamedTuple):
    """One entry of `mixes.yaml`."""

    name: str
    about: str
    weights: dict[str, float]


def read_mixes(text: str) -> dict[str, Mix]:
    """Return the mixes of a YAML text by name. Raises ValueError naming the mix and what is wrong."""
    entries = yaml.safe_load(text)
    if not isinstance(entries, dict):
        raise ValueError("The mixes must be a mapping of names to mixes.")
    found = {}
    for name, entry in ((str(key), entry) for key, entry in entries.items()):
        try:
            weights = {str(person): float(weight) for person, weight in entry["people"].items()}
            about = str(entry["about"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{name}: {type(error).__name__}: {error}") from error
        if strangers := weights.keys() - cast().keys():
            raise ValueError(f"{name}: there is no person {', '.join(sorted(strangers))}")
        if min(weights.values(), default=0) < 0 or not sum(weights.values()):
            raise ValueError(f"{name}: weights are 0 or more, and at least one is above 0")
        found[name] = Mix(name, about, weights)
    return found


@cache
def mixes() -> dict[str, Mix]:
    """Return the mixes of `mixes.yaml` by name; the file is read once."""
    return read_mixes(MIXES_FILE.read_text(encoding="utf-8"))


def check_mix(name: str) -> str:
    """Return `name`. Raises ValueError listing the mixes if there is none of that name."""
    if name not in mixes():
        raise ValueError(f"There is no such mix; there are: {', '.join(mixes())}.")
    return name


@dataclass(frozen=True)
class Casting:
    """Whose number it is: a person assigned by hand, or drawn by weight from (seed, number, attempt).

    `weights` given by hand replace those of the mix.
    """

    seed: str = "awaaz"
    weights: dict[str, float] = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    mix: str = EVERYDAY

    def choose(self, number: str, attempt: int) -> Person:
        """Return who answers this call; the same call has the same person in every run."""
        people = cast()
        if (name := self.assigned.get(number)) in people:
            return people[name]
        weights = self.weights or mixes()[self.mix].weights
        names = sorted(name for name in weights if name in people)
        drawn = self.luck(number, attempt).choices(names, [weights[name] for name in names])
        return people[drawn[0]]

    def luck(self, number: str, attempt: int) -> random.Random:
        """Return a random source that gives the same call the same numbers in every run."""
        return random.Random(f"{self.seed}:{number}:{attempt}")
