"""PURE but for reading its own YAML: the people who answer, and what they do on the line.

A person is data (`people.yaml`); `ScriptRunner` runs the script. It takes events with the time (seconds on
any monotonic clock) and returns actions, so every behaviour is tested without a call.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import yaml

from sandbox.pacing import IST

CAST_FILE = Path(__file__).parent / "people.yaml"
PROMPT_PAUSE_S = 0.9
"""Quiet this long means the agent has finished: pauses between its sentences are shorter."""
BETWEEN_KEYS_S = 0.35
DEFAULT_PATIENCE_S = 20.0


class PicksUp(StrEnum):
    ANSWER = "answer"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    SWITCHED_OFF = "switched_off"


class Kind(StrEnum):
    LISTEN = "listen"
    WAIT_SPEECH = "wait_speech"
    WAIT = "wait"
    PRESS = "press"
    SAY = "say"
    BEEP = "beep"
    HANG_UP = "hang_up"


class ScriptStep(NamedTuple):
    kind: Kind
    value: str = ""

    @classmethod
    def read(cls, entry: dict[str, Any]) -> "ScriptStep":
        """Return the step of an entry such as `{wait: 2}`. Raises ValueError if it is none."""
        [(kind, value)] = entry.items()
        step = cls(Kind(kind), str(value))
        if step.kind in {Kind.LISTEN, Kind.WAIT_SPEECH, Kind.WAIT} and step.seconds < 0:
            raise ValueError(f"{kind} cannot last {value} seconds")
        return step

    @property
    def seconds(self) -> float:
        """Return the value of a step that lasts. Raises ValueError if it is no number."""
        return float(self.value)


class Manner(NamedTuple):
    """What a mood does: seconds of hesitation before each key or word, and a factor of the patience."""

    hesitates_s: float
    patience: float


MOODS = {
    "calm": Manner(0.0, 1.0),
    "friendly": Manner(0.2, 1.5),
    "hurried": Manner(0.0, 0.5),
    "annoyed": Manner(0.0, 0.4),
    "unsure": Manner(2.0, 1.5),
}


@dataclass(frozen=True)
class Hours:
    """How likely (0 to 1) a person answers from hour `first` of the day up to `end`, and how it rings."""

    first: int
    end: int
    answers: float
    ring_s: tuple[float, float] | None = None

    @classmethod
    def read(cls, text: str, entry: Mapping[str, Any]) -> "Hours":
        """Return the hours of an entry such as `"9-18": {answers: 0.4, ring_s: [1, 2]}`.

        Raises KeyError, TypeError or ValueError.
        """
        first, end = (int(hour) for hour in text.split("-"))
        answers = float(entry["answers"])
        if not 0 <= first < end <= 24 or not 0 <= answers <= 1:
            raise ValueError(f"hours {text!r} with a chance of {answers:g} make no sense")
        return cls(first, end, answers, _from_to(entry["ring_s"]) if "ring_s" in entry else None)


@dataclass(frozen=True)
class Person:
    """One entry of the cast. `language`: what is spoken whatever the call's language is; "": the call's."""

    name: str
    about: str
    ring_s: tuple[float, float]
    picks_up: PicksUp
    script: tuple[ScriptStep, ...]
    patience_s: float = DEFAULT_PATIENCE_S
    mood: str = "calm"
    language: str = ""
    noise_dbfs: float | None = None
    hours: tuple[Hours, ...] = ()

    def steps(self) -> list[ScriptStep]:
        """Return the script with one key a press: `press: "12"` is two steps."""
        steps: list[ScriptStep] = []
        for step in self.script:
            if step.kind is Kind.PRESS:
                steps += [ScriptStep(Kind.PRESS, key) for key in step.value]
            else:
                steps.append(step)
        return steps

    def met(self, number: str, attempt: int, when: datetime) -> "Person":
        """Return this person as met at this hour: one who is not at the phone lets it ring.

        The same number, attempt and hour give the same result.
        """
        hour = when.astimezone(IST).hour
        found = [hours for hours in self.hours if hours.first <= hour < hours.end]
        if not found:
            return self
        met = replace(self, ring_s=found[0].ring_s or self.ring_s)
        luck = random.Random(f"{number}:{attempt}:{self.name}:hour")
        return met if luck.random() < found[0].answers else replace(met, picks_up=PicksUp.NO_ANSWER)


AT_THE_PAGE = Person("at_the_page", "Whoever sits at the sandbox's page.", (0, 0), PicksUp.ANSWER, ())


class Heard(StrEnum):
    """What a person notices."""

    PICKED_UP = "picked_up"
    SPEECH_STARTED = "speech_started"
    SPEECH_ENDED = "speech_ended"
    CLIP_DONE = "clip_done"
    NOTHING = "nothing"


class Press(NamedTuple):
    digit: str


class Say(NamedTuple):
    clip: str


class Beep(NamedTuple):
    pass


class HangUp(NamedTuple):
    reason: str


Action = Press | Say | Beep | HangUp


class Listener(Protocol):
    """Who is on the line: a script, or a person at the page."""

    def hears(self, event: Heard, now: float) -> list[Action]:
        """Take one event (NOTHING: just the time) and return the actions due at `now`, in order."""
        ...


def read_cast(text: str) -> dict[str, Person]:
    """Return the people of a YAML text by name. Raises ValueError naming the person and what is wrong."""
    entries = yaml.safe_load(text)
    if not isinstance(entries, dict):
        raise ValueError("The cast must be a mapping of names to people.")
    people = {}
    for name, entry in entries.items():
        try:
            mood = entry.get("mood", "calm")
            patience_s = DEFAULT_PATIENCE_S * MOODS[mood].patience
            noise = entry.get("noise_dbfs")
            people[str(name)] = Person(
                name=str(name),
                about=str(entry["about"]),
                ring_s=_from_to(entry["ring_s"]),
                picks_up=PicksUp(entry["picks_up"]),
                script=tuple(ScriptStep.read(step) for step in entry["script"]),
                patience_s=float(entry.get("patience_s", patience_s)),
                mood=mood,
                language=str(entry.get("language", "")),
                noise_dbfs=None if noise is None else float(noise),
                hours=tuple(Hours.read(text, at) for text, at in entry.get("hours", {}).items()),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{name}: {type(error).__name__}: {error}") from error
    return people


@cache
def cast() -> dict[str, Person]:
    """Return the people of `people.yaml` by name; the file is read once."""
    return read_cast(CAST_FILE.read_text(encoding="utf-8"))


def _from_to(entry: Any) -> tuple[float, float]:
    low, high = entry
    return float(low), float(high)


class ScriptRunner:
    """Run one person's script on one call."""

    def __init__(self, person: Person, luck: random.Random) -> None:
        self._patience_s = person.patience_s
        self._hesitates_s = MOODS[person.mood].hesitates_s
        self._script = person.steps()
        self._luck = luck
        self._deadline: float | None = None
        self._speaking = False
        self._spoke_since_step = False
        self._quiet_since = 0.0
        self._silent_since = 0.0
        self._talking = False

    def hears(self, event: Heard, now: float) -> list[Action]:
        """Take one event (NOTHING: just the time) and return the actions due at `now`, in order."""
        if event is Heard.SPEECH_STARTED:
            self._speaking = self._spoke_since_step = True
        elif event is Heard.SPEECH_ENDED:
            self._speaking, self._quiet_since, self._silent_since = False, now, now
        elif event is Heard.CLIP_DONE:
            self._talking, self._silent_since = False, now
        elif event is Heard.PICKED_UP:
            self._quiet_since = self._silent_since = now
        actions: list[Action] = []
        while self._script and self._is_due(self._script[0], now):
            actions += self._act(self._script.pop(0))
            # Speech that goes on belongs to what is listened to next.
            self._deadline, self._spoke_since_step = None, self._speaking
        waiting = not self._speaking and not self._talking and not self._script
        if waiting and now - self._silent_since >= self._patience_s:
            actions.append(HangUp(f"hung up after hearing nothing for {self._patience_s:g} seconds"))
        return actions

    def _is_due(self, step: ScriptStep, now: float) -> bool:
        if self._deadline is None:
            self._deadline = now
            # People need some time to react.
            match step.kind:
                case Kind.LISTEN | Kind.WAIT_SPEECH | Kind.WAIT:
                    self._deadline += step.seconds
                case Kind.PRESS:
                    self._deadline += self._hesitates_s + BETWEEN_KEYS_S + self._luck.uniform(0, 0.4)
                case Kind.SAY:
                    self._deadline += self._hesitates_s
        if self._talking:
            return False
        is_past = now >= self._deadline
        if step.kind is Kind.LISTEN:
            prompt_is_over = self._spoke_since_step and now - self._quiet_since >= PROMPT_PAUSE_S
            return not self._speaking and (prompt_is_over or is_past)
        if step.kind is Kind.WAIT_SPEECH:
            return self._speaking or self._spoke_since_step or is_past
        return is_past

    def _act(self, step: ScriptStep) -> list[Action]:
        match step.kind:
            case Kind.PRESS:
                return [Press(step.value)]
            case Kind.SAY:
                self._talking = True
                return [Say(step.value)]
            case Kind.BEEP:
                self._talking = True
                return [Beep()]
            case Kind.HANG_UP:
                self._script.clear()
                return [HangUp("hung up")]
        return []
