"""Who calls or is called with each ready dialogue, what they press, and what must come of it.

The people are of the sandbox's cast; the keys and the outcomes are written in people.yaml by hand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from sandbox.line.leg import Ended
from sandbox.people.people import Kind, Person, ScriptStep, cast

FILE = Path(__file__).parent / "people.yaml"
LANGUAGES = ("hi", "en")
IN_TURN = ("presses_one", "impatient", "wrong_then_right")
"""Kinds of people who press the same keys, each in a way of its own."""
OPTS_OUT, SILENT, HANGS_UP = "opts_out", "silent", "hangs_up_mid_prompt"
LISTENS = "presses_two"
QUIETLY = ScriptStep(Kind.LISTEN, "45")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call: who is on the line, and what must come of it."""

    name: str
    """Unique, and the call's SID."""
    dialogue: str
    language: str
    person: Person
    outcome: str
    answers: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    booked: bool = False
    """Whether the person has an appointment before the call."""
    inbound: bool = False

    @property
    def ends(self) -> Ended:
        """Return who must end the call."""
        return Ended.PERSON_HUNG_UP if self.person.name == HANGS_UP else Ended.AGENT_ENDED


def pressing(kind: str, keys: Sequence[str]) -> Person:
    """Return a person of the cast who presses these keys, one a question, in place of its own last.

    Raises `ValueError` for one who presses none.
    """
    person = cast()[kind]
    *before, last = person.script
    if last.kind is not Kind.PRESS or not keys:
        raise ValueError(f"{kind} cannot press {keys}.")
    after = [step for each in keys[1:] for step in (QUIETLY, ScriptStep(Kind.PRESS, each))]
    return replace(person, script=(*before, ScriptStep(Kind.PRESS, keys[0]), *after))


def dialogues() -> dict[str, Any]:
    """Return what people.yaml says of each dialogue, by its name."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def cases(name: str) -> Iterator[Case]:
    """Yield the calls of one dialogue in each language. Raises `KeyError` for one that people.yaml lacks."""
    said = dialogues()[name]
    pressed = [(kind, said.get(kind, said["first"])) for kind in IN_TURN]
    pressed += [(LISTENS, each) for each in (said["second"], *said.get("others", ()))]
    people = [(pressing(kind, each["keys"]), each) for kind, each in pressed]
    people.append((cast()[OPTS_OUT], {"outcome": "opted_out"}))
    people.append((cast()[SILENT], {"outcome": said.get("silent", "")}))
    people.append((cast()[HANGS_UP], {"outcome": said.get("hangs_up", "")}))
    for language in LANGUAGES:
        for number, (person, each) in enumerate(people):
            yield Case(
                name=f"{name}-{language}-{number}-{person.name}",
                dialogue=name,
                language=language,
                person=person,
                outcome=each["outcome"],
                answers=each.get("answers", {}),
                values={**said.get("values", {}), **each.get("values", {})},
                booked=said.get("booked", False),
                inbound=said.get("inbound", False),
            )
