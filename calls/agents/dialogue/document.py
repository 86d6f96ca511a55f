"""PURE: a dialogue as data: steps with named exits, and their words apart from them, by language.

docs/dialogues.md explains it for people; `calls.agents.dialogue.schema` publishes it as a JSON Schema. What a
document may hold is here, whether it makes sense is `calls.agents.dialogue.validation`'s to say.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct, field

from calls.agents.base import Configuration
from campaigns.spreadsheets.written import Kind as ValueKind

SCHEMA = 1
"""The version of the format. A document of a higher one is refused."""
OPT_OUT_KEY = "9"
KEYS = "012345678*#"
"""Keys that a step may give a meaning to."""
GENERAL = "general"
"""Stands for a step where words are concerned: those that belong to none."""
OPT_OUT, SORRY, WRONG, CUT_OFF = "opt_out", "sorry", "wrong", "cut_off"
"""Roles of the general words: said after 9, when our words can't be spoken, after a key without a meaning,
when the call goes on where an earlier one was cut off."""
GENERAL_ROLES = frozenset({OPT_OUT, SORRY, WRONG, CUT_OFF})
TODAY = "today"
"""A value that each call knows: the day in India."""
NO_INPUT, NO_MATCH, NEXT, MATCH, FAILED, ELSE = "no_input", "no_match", "next", "match", "failed", "else"
RECORDED, RECOGNISED, NOT_RECOGNISED = "recorded", "recognised", "not_recognised"
FULL, NONE = "full", "none"
"""No further call-back would be made; there is no such slot or appointment."""
OPTED_OUT, HUNG_UP, PERSON = "opted_out", "hung_up", "person"
"""Exits that any moment of the call may take."""
USUAL_EXITS = frozenset(
    {
        *(NO_INPUT, NO_MATCH, NEXT, MATCH, FAILED, RECORDED, RECOGNISED, NOT_RECOGNISED, FULL, NONE),
        *(OPTED_OUT, HUNG_UP, PERSON),
    }
)
"""Exits that a default may be set for, whether steps of today have them or not."""


class Clip(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A recorded clip by its name; `text` is spoken where it is missing."""

    clip: str
    text: str


Prompt = str | list[str | Clip]
"""What is said in one go: a text with `{values}` in it, or such texts and clips one after another."""
Roles = Mapping[str, Prompt]


class BargeInSwitches(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What cuts a prompt: the person's speech, a key. 9 always does."""

    speech: bool = False
    key: bool = True


class Again(StrEnum):
    """When words before a question are said again with it."""

    NEVER = "never"
    UNTIL_HEARD = "until_heard"
    """Before each further question, until they were heard to their end: who calls, and why."""
    WITH_QUESTION = "with_question"
    """With the question that they lead to: if they were cut, or if it was not answered."""


class Step(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, tag_field="kind"
):
    """One thing that a dialogue says, asks or does. `exits`: where its ways out lead, by name."""

    title: str = ""
    """Its name for people and in the call's log; the step's id if empty."""
    exits: dict[str, str] = field(default_factory=dict)

    OWN_EXITS: ClassVar[tuple[str, ...]] = ()
    SPOKEN: ClassVar[tuple[str, ...]] = ()
    """Roles that need words in each language."""
    MAY_SPEAK: ClassVar[tuple[str, ...]] = ()
    """Roles that may have words. `ask_2` stands for the second time, and so on."""

    def exit_names(self) -> tuple[str, ...]:
        """Return the names of its ways out, in the order of the screen."""
        return self.OWN_EXITS

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the names of the values that a call gets by this step; empty if it gets none."""
        return ()


class Say(Step, frozen=True, tag="say"):
    """Says something and goes on."""

    again: Again = Again.NEVER
    barge_in: BargeInSwitches | None = None

    OWN_EXITS = (NEXT,)
    SPOKEN = ("say",)


class Ask(Step, frozen=True):
    """Asks for something and waits. The answer is stored under `question`, the step's id if empty."""

    question: str = ""
    asked: int = 2
    """How often it is asked in all while there is no answer."""
    wrong_keys: int = 3
    """The wrong key that ends it."""
    answer_seconds: float = 6.0
    barge_in: BargeInSwitches | None = None

    SPOKEN: ClassVar[tuple[str, ...]] = ("ask",)
    MAY_SPEAK: ClassVar[tuple[str, ...]] = ("ask_2", "ask_3", "wrong", "wrong_2", "silent", "silent_2")

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the name of the answer."""
        return (self.question or step_id,)


class Choice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a key means: `label` for people, and an outcome if that is reached with it."""

    label: str
    outcome: str = ""


class Menu(Ask, frozen=True, kw_only=True, tag="menu"):
    """Asks for one key; each leads on by an exit of its own, named like the key."""

    choices: dict[str, Choice]

    def exit_names(self) -> tuple[str, ...]:
        """Return the keys, and the exits of a question without an answer."""
        return (*self.choices, NO_INPUT, NO_MATCH)


class YesNo(Ask, frozen=True, tag="yes_no"):
    """Asks for yes (1) or no (2)."""

    yes: str = "Yes"
    no: str = "No"
    """The labels."""

    OWN_EXITS = ("yes", "no", NO_INPUT, NO_MATCH)


class Rating(Ask, frozen=True, tag="rating"):
    """Asks for a number by one key."""

    lowest: int = 1
    highest: int = 5

    OWN_EXITS = (MATCH, NO_INPUT, NO_MATCH)


class ChooseLanguage(Ask, frozen=True, kw_only=True, tag="language"):
    """Asks which language the person wants; it is spoken from then on, in this call and in later ones."""

    languages: dict[str, str]
    """Key to language."""

    OWN_EXITS = (MATCH, NO_INPUT, NO_MATCH)


class Time(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A time to be called back at: `when` as `schedule.callback_times.moment` reads it."""

    when: str
    label: str


class Later(Ask, frozen=True, kw_only=True, tag="later"):
    """Asks when to call again; each key leads on by its own exit. `full`: no further call would be made."""

    times: dict[str, Time]

    def exit_names(self) -> tuple[str, ...]:
        """Return the keys of the times, `full`, and the exits of a question without an answer."""
        return (*self.times, FULL, NO_INPUT, NO_MATCH)


class Meaning(StrEnum):
    """What digits stand for."""

    DIGITS = "digits"
    NUMBER = "number"
    AMOUNT = "amount"
    """Whole rupees."""
    DATE = "date"
    """Day and month as four digits, or with the year as six or eight."""
    TIME = "time"
    """Hours and minutes as four digits by the clock of 24 hours."""
    PIN = "pin"
    PHONE = "phone"
    ACCOUNT = "account"


class Digits(Step, frozen=True, kw_only=True, tag="digits"):
    """Asks for digits. They are complete at `most`, at the terminator, or after a pause; `confirm`: they are
    read back, and 1 confirms them."""

    question: str = ""
    means: Meaning = Meaning.DIGITS
    least: int = 1
    most: int
    lowest: int | None = None
    highest: int | None = None
    terminator: str = "#"
    first_digit_seconds: float = 6.0
    inter_digit_seconds: float = 3.0
    attempts: int = 2
    confirm: bool = False
    value: str = ""
    """The name under which texts and conditions find it; the step's id if empty."""
    barge_in: BargeInSwitches | None = None

    OWN_EXITS = (MATCH, NO_INPUT, NO_MATCH)
    SPOKEN = ("ask",)
    MAY_SPEAK = (
        *("ask_2", "ask_3", "wrong", "wrong_2", "silent", "silent_2"),
        *("confirm", "confirm_2"),
    )

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the name of what is pressed."""
        return (self.value or step_id,)


class Record(Step, frozen=True, tag="record"):
    """Asks for a message and records it: until the terminator, silence, the most that is taken, or the end of
    the call. It is an answer of the kind `recording`. `failed`: calls of this number are not recorded."""

    question: str = ""
    asked: int = 2
    """How often it is asked for in all while nothing is spoken."""
    most_seconds: float = 60.0
    silence_seconds: float = 3.0
    """Silence after speech that ends it."""
    answer_seconds: float = 6.0
    """The wait for speech."""
    terminator: str = "#"
    barge_in: BargeInSwitches | None = None

    OWN_EXITS = (RECORDED, NO_INPUT, FAILED)
    SPOKEN = ("ask",)
    MAY_SPEAK = ("ask_2", "ask_3", "silent", "silent_2")

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the name of the answer; its value is “recorded”."""
        return (self.question or step_id,)


class Relation(StrEnum):
    """How a value stands to another."""

    IS = "is"
    IS_NOT = "is_not"
    MORE = "more_than"
    LESS = "less_than"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    KNOWN = "known"
    UNKNOWN = "unknown"


class Condition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value, a relation, and a text or `{value}` to compare it with; compared by the value's kind."""

    value: str
    relation: Relation
    to: str = ""


class Case(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An exit that is taken if all conditions hold."""

    exit: str
    when: list[Condition]


class Slot(Ask, frozen=True, kw_only=True, tag="slot"):
    """Offers slots of a calendar by keys from 1 on, and books the one chosen.

    `option` is said for each with the values `key`, `place`, `day` and `time`, which afterwards are those of
    the slot booked; `gone` when it was taken meanwhile, before the next are offered.
    """

    calendar: str
    day: str = ""
    """The day asked for: a text with a value in it, such as `{wish}`; the nearest ones if it is no date."""
    most: int = 3
    """Offered at a time."""
    others: str = "0"
    """The key that asks for other times; empty for none."""

    OWN_EXITS = (MATCH, NONE, NO_INPUT, NO_MATCH, FAILED)
    SPOKEN = ("ask", "option")
    MAY_SPEAK = (*Ask.MAY_SPEAK, "filler", "gone")

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the names of the answer, of the key and of what a slot is."""
        return (self.question or step_id, "key", *SLOT_VALUES)


class Appointment(Step, frozen=True, kw_only=True, tag="appointment"):
    """Looks up the person's appointment in a calendar; `place`, `day` and `time` are its values then."""

    calendar: str

    OWN_EXITS = (MATCH, NONE, FAILED)
    MAY_SPEAK = ("filler",)

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the names of what an appointment is."""
        return SLOT_VALUES


class Cancel(Step, frozen=True, kw_only=True, tag="cancel"):
    """Gives the person's appointment in a calendar back and goes on."""

    calendar: str

    OWN_EXITS = (NEXT,)


class Fetch(Step, frozen=True, kw_only=True, tag="fetch"):
    """Asks an outside service, by its name; `filler` is heard meanwhile. No reply in time is `failed`."""

    service: str
    sends: list[str] = field(default_factory=list)
    """The names of the values that it is told."""
    brings: dict[str, ValueKind] = field(default_factory=dict)
    """The values that it answers, which are known from then on."""
    seconds: float = 2.0

    OWN_EXITS = (NEXT, FAILED)
    MAY_SPEAK = ("filler",)

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the names of what the service may return."""
        return tuple(self.brings)


class Recognise(Step, frozen=True, tag="recognise"):
    """Finds the person by the value `keyed`, in the `column` of lists (“phone”: their number)."""

    keyed: str = ""
    """The name of the value."""
    column: str = ""
    brings: dict[str, ValueKind] = field(default_factory=dict)
    """The values of the list that are known from then on."""

    OWN_EXITS = (RECOGNISED, NOT_RECOGNISED, FAILED)
    MAY_SPEAK = ("filler",)

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the names of what is known of a person who was recognised."""
        return tuple(self.brings)


class Tell(Step, frozen=True, kw_only=True, tag="tell"):
    """Tells an outside service values of the call and goes on; it is told once the call's log is stored."""

    service: str
    sends: list[str] = field(default_factory=list)

    OWN_EXITS = (NEXT,)


class Branch(Step, frozen=True, kw_only=True, tag="branch"):
    """Goes on by the first case whose conditions hold, by `else` if none does."""

    cases: list[Case]

    def exit_names(self) -> tuple[str, ...]:
        """Return the exits of the cases and `else`."""
        return (*dict.fromkeys(case.exit for case in self.cases), ELSE)


class Set(Step, frozen=True, tag="set"):
    """Sets values for this call, what the call has reached, and tags of the call."""

    values: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    label: str = ""
    tags: list[str] = field(default_factory=list)
    """Words by which the call is found again; without values, so that they name no person."""

    OWN_EXITS = (NEXT,)

    def own_values(self, step_id: str) -> tuple[str, ...]:
        """Return the names of what it sets."""
        return tuple(self.values)


class OptOut(Step, frozen=True, tag="opt_out"):
    """Takes the person off our calls, as 9 does, and goes on."""

    label: str = "Asked not to be called again"

    OWN_EXITS = (NEXT,)


class WantPerson(Step, frozen=True, tag="person"):
    """Has staff call the person back, and goes on. `about` is for staff: a text that may have values in it,
    the step's title if empty."""

    about: str = ""

    OWN_EXITS = (NEXT,)


class Sub(Step, frozen=True, kw_only=True, tag="sub"):
    """Runs a fragment; the names of its `return` steps are the exits."""

    fragment: str
    returns: list[str]
    """The exits that the fragment has, in the order of the screen."""

    def exit_names(self) -> tuple[str, ...]:
        """Return the exits of the fragment."""
        return tuple(self.returns)


class Return(Step, frozen=True, kw_only=True, tag="return"):
    """Ends a fragment: the step that ran it goes on by the exit of this name."""

    exit: str


class End(Step, frozen=True, tag="end"):
    """Hangs up when all has been heard. `reason` is a sentence for the log."""

    reason: str = ""
    disposition: str = ""


AnyStep = (
    Say
    | Menu
    | YesNo
    | Rating
    | ChooseLanguage
    | Later
    | Digits
    | Record
    | Slot
    | Appointment
    | Cancel
    | Fetch
    | Recognise
    | Tell
    | Branch
    | Set
    | OptOut
    | WantPerson
    | Sub
    | Return
    | End
)
SLOT_VALUES = ("place", "day", "time")


class Fragment(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Steps that are used at several places. Their ids outside of it begin with its name and a dot."""

    start: str
    steps: dict[str, AnyStep]


class GlobalKeys(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Keys that mean the same in every question that gives them no other meaning; empty: none."""

    repeat: str = ""
    person: str = ""


class Document(Configuration, frozen=True, omit_defaults=True, kw_only=True):
    """A whole dialogue."""

    schema: int = SCHEMA
    default_language: str
    start: str
    steps: dict[str, AnyStep]
    words: dict[str, dict[str, dict[str, Prompt]]]
    """By language, step and role."""
    values: dict[str, ValueKind] = field(default_factory=dict)
    """What the list of people must have, and how it is spoken."""
    exits: dict[str, str] = field(default_factory=dict)
    """Where exits lead that a step does not wire itself."""
    barge_in: BargeInSwitches = BargeInSwitches()
    keys: GlobalKeys = GlobalKeys()
    wrong_keys: int | None = None
    """The wrong key that ends the questions, counted over the whole call."""
    fragments: dict[str, Fragment] = field(default_factory=dict)

    def all_steps(self) -> Iterator[tuple[str, AnyStep]]:
        """Yield the id and step of each step, those of fragments behind the others."""
        yield from self.steps.items()
        for name, fragment in self.fragments.items():
            yield from ((f"{name}.{inner}", step) for inner, step in fragment.steps.items())

    def listens_to_speech(self) -> bool:
        """Return whether speech may cut some of its words."""
        switches = (
            step.barge_in for _, step in self.all_steps() if isinstance(step, Say | Ask | Digits | Record)
        )
        return self.barge_in.speech or any(own.speech for own in switches if own)

    def own_values(self) -> frozenset[str]:
        """Return the names of the values that it gets itself: answers, digits, what its steps set."""
        own = (name for step_id, step in self.all_steps() for name in step.own_values(step_id))
        return frozenset([*own, *({TODAY} - self.values.keys())])

    def target(self, step_id: str, step: Step, exit_name: str) -> str:
        """Return the id of the step that an exit leads to; empty if it leads nowhere.

        Inside a fragment, a name means a step of the fragment.
        """
        if own := step.exits.get(exit_name):
            fragment, dot, _ = step_id.rpartition(".")
            return f"{fragment}{dot}{own}"
        return self.exits.get(exit_name, "")


class Same:
    """A document by its identity, as the key of what is worked out once for all of its calls."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.document is self.document
