"""PURE: what a call may bring, as its agent reports it, and which outcomes forbid further calls.

`calls` carries these from the agent to the database as the payload of a log entry. The names of the fields
are keys of JSON in spool files and event rows: they must not change. `campaigns.call_results.apply` acts on
them, and cuts each text to the length of its column.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from msgspec import Struct

OPT_OUTS = ("opted_out", "opt_out", "do_not_call")
"""Outcomes that mean "do not call me again", however the agent came to them."""
WRONG_NUMBERS = ("wrong_person", "wrong_number")
"""The number belongs to another person, who must not be called for this one (india-calling-rules §9.4)."""
NOT_SPOKEN = "not_spoken"
"""Our words could not be spoken: the call counts as failed, though it was answered."""
WANTS_PERSON = "wants_person"
"""The person asked for a person of staff, and nothing else was reached."""
NEVER_A_GOAL = (*OPT_OUTS, *WRONG_NUMBERS, NOT_SPOKEN)
"""Outcomes after which the number is suppressed: no campaign can have them as its goal."""


class _Result(Struct, frozen=True):
    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """Return the result that a stored JSON object describes.

        A missing key becomes an empty text, a value of another type its text: a line that is on disk is
        stored, whichever version wrote it.
        """
        return cls(*(str(data.get(name, "")) for name in cls.__struct_fields__))


class AnswerKind(StrEnum):
    """What an answer is, for the figures that are made of many."""

    CHOICE = "choice"
    NUMBER = "number"
    RATING = "rating"
    DATE = "date"
    TEXT = "text"
    """Digits that are no number (a pin code, an account), a time of day."""
    RECORDING = "recording"


class Answer(_Result, frozen=True, omit_defaults=True):
    """The person answered a question. `kind` is an `AnswerKind`, empty from a version that had none."""

    question: str
    value: str
    label: str
    kind: str = ""
    step: str = ""


class QuestionHeard(_Result, frozen=True):
    """How much was heard of a question that was answered: `heard_ms` of `total_ms`, to its end or cut."""

    question: str
    heard_ms: int
    total_ms: int
    finished: bool

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """Return the result of a stored object; a figure that is no whole number from 0 becomes 0."""
        heard, total = (
            value if isinstance(value := data.get(name), int) and value >= 0 else 0
            for name in ("heard_ms", "total_ms")
        )
        return cls(str(data.get("question", "")), heard, total, data.get("finished") is True)


class Outcome(_Result, frozen=True):
    """What was achieved, e.g. `confirmed`. `label` is the same in words for people."""

    outcome: str
    label: str


class CallbackAsked(_Result, frozen=True):
    """The person wants to be called back `when` (see `schedule.callback_times.moment`).

    `label` is the same in words for people; `how` is "key" or "spoken".
    """

    when: str
    label: str
    how: str


class Booking(_Result, frozen=True):
    """The person takes the slot with the key `slot`; where it is empty, they give their appointment back.

    `calendar` is the calendar's name, `label` says the slot for people.
    """

    calendar: str
    slot: str
    label: str


class OptOut(_Result, frozen=True):
    """The person asked not to be called. `how` is "key", "spoken" or "chosen", `what` the key or words."""

    how: str
    what: str


class PersonWanted(_Result, frozen=True):
    """Staff are to call the person: what it is `about`, at which `step`; `how` is "key" or "step"."""

    about: str
    step: str
    how: str


LONGEST_TAG = 40
"""In letters."""


class Tagged(_Result, frozen=True):
    """The call is to be found again by this word."""

    tag: str


class LanguageChosen(_Result, frozen=True):
    """The person chose a language, which is spoken from then on in all calls with them."""

    language: str


class Tell(_Result, frozen=True):
    """An outside service, by its name, is to be told these values."""

    service: str
    values: Mapping[str, str]

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """Return the result of a stored object; values that are no object of texts become one."""
        found = data.get("values")
        values = found if isinstance(found, Mapping) else {}
        return cls(str(data.get("service", "")), {str(name): str(value) for name, value in values.items()})


CallResult = (
    Answer
    | QuestionHeard
    | Outcome
    | CallbackAsked
    | Booking
    | OptOut
    | PersonWanted
    | Tagged
    | LanguageChosen
    | Tell
)
