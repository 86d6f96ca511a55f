"""PURE: what a person does in a simulated call, and when, relative to what is said."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field, structs

from calls.agents.base import CallContext

BETWEEN_KEYS_MS = 300
REACTION_MS = 500
"""How long a person takes when nothing else is said."""


class Do(StrEnum):
    """What a person does."""

    PRESS = "press"
    SAY = "say"
    WAIT = "wait"
    """Nothing, until the agent speaks again or hangs up."""
    HANG_UP = "hang_up"


class At(StrEnum):
    """When, with `after_ms` added."""

    QUIET = "quiet"
    """All that was to be said has been heard."""
    DURING = "during"
    """The prompt has begun, for the so-many-th time since the input before."""
    AFTER = "after"
    """The prompt is over, heard or cut, for the so-many-th time since the input before."""
    THEN = "then"
    """The input before has happened."""
    START = "start"
    """Before the agent has said a word."""
    END = "end"
    """The line is closed, and the platform has not read that."""


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that a person does. Of several `keys`, each follows 300 ms behind the one before."""

    do: Do
    keys: str = ""
    speech_ms: int = 0
    cuts: bool = True
    """Whether the speech is loud and long enough to cut a prompt that speech may cut."""
    at: At = At.QUIET
    prompt: str = ""
    """Its name, for `during` and `after`."""
    time: int = 1
    after_ms: int = REACTION_MS

    def sentence(self) -> str:
        """Return what is done and when, for people: `press 1 during “Opening”`."""
        what = {
            Do.PRESS: f"press {' '.join(self.keys)}",
            Do.SAY: f"speak for {self.speech_ms / 1000:g} s",
            Do.WAIT: "wait",
            Do.HANG_UP: "hang up",
        }[self.do]
        which = f"“{self.prompt}”" + (f", the time no. {self.time}" if self.time > 1 else "")
        when = {
            At.DURING: f" {self.after_ms / 1000:g} s into {which}",
            At.AFTER: f" {self.after_ms / 1000:g} s after {which}",
            At.START: " before anything is said",
            At.END: " when the line is closed",
        }
        return what + when.get(self.at, "")


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who is called: what a list of people says of them."""

    language: str
    name: str = ""
    values: dict[str, str] = field(default_factory=dict)
    callback: bool = True
    """Whether a call-back would be made."""

    def context(self) -> CallContext:
        """Return the person as an agent is given them."""
        return CallContext(
            language=self.language, variables=self.values, name=self.name, callback=self.callback
        )


class Script(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person, and all that they do."""

    person: Person
    inputs: list[Input] = []


def single_keys(inputs: Sequence[Input]) -> Iterator[Input]:
    """Yield the inputs with one key a press."""
    for given in inputs:
        if given.do is not Do.PRESS or len(given.keys) < 2:
            yield given
            continue
        yield structs.replace(given, keys=given.keys[0])
        then = given.at if given.at is At.END else At.THEN
        for key in given.keys[1:]:
            yield Input(do=Do.PRESS, keys=key, at=then, after_ms=BETWEEN_KEYS_MS)


_CHARACTERS_A_SECOND: Mapping[str, float] = {"en": 14.0, "ta": 12.5, "ml": 12.5, "te": 12.0, "kn": 12.0}
_OTHERS = 11.5
"""Letters and signs a second. espeak-ng says the example dialogue at 11 to 12.5 in Indian scripts."""


def speaking_ms(text: str, language: str) -> int:
    """Return how long a text takes to be said, about; it needs no voice. At least 200 ms."""
    rate = _CHARACTERS_A_SECOND.get(language.partition("-")[0].lower(), _OTHERS)
    return max(200, round(len(text) * 1000 / rate))
