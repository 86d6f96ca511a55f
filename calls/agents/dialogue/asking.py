"""PURE: what the keys of a question mean, and whether digits are what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from calls.agents import base
from calls.agents.dialogue.document import (
    MATCH,
    AnyStep,
    Ask,
    ChooseLanguage,
    Digits,
    Later,
    Meaning,
    Menu,
    Rating,
    Slot,
    YesNo,
)
from campaigns.rules.results import AnswerKind
from campaigns.spreadsheets.written import Kind, UnclearError, read_date, read_digits, read_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one key brings. Without a `label` nothing is recorded: the key only leads on."""

    exit: str
    value: str
    label: str
    outcome: str = ""
    call_back: str = ""
    """The wish of a `Later`."""
    language: str = ""

    def actions(self) -> list[base.Action]:
        """Return what it brings beside the answer: an outcome, a call-back, a language; empty if nothing."""
        noted: list[base.Action] = []
        if self.language:
            noted.append(base.KeepLanguage(self.language))
        if self.outcome:
            noted.append(base.ReachOutcome(self.outcome, self.label))
        if self.call_back:
            noted.append(base.AskCallback(self.call_back, self.label, "key"))
        return noted


def answers(step: Ask) -> Mapping[str, Answer]:
    """Return the meaning of each key of a question."""
    match step:
        case Menu():
            return {
                key: Answer(exit=key, value=key, label=choice.label, outcome=choice.outcome)
                for key, choice in step.choices.items()
            }
        case YesNo():
            yes = Answer(exit="yes", value="yes", label=step.yes)
            return {"1": yes, "2": Answer(exit="no", value="no", label=step.no)}
        case Rating():
            numbers = map(str, range(step.lowest, step.highest + 1))
            return {number: Answer(exit=MATCH, value=number, label=number) for number in numbers}
        case ChooseLanguage():
            return {
                key: Answer(exit=MATCH, value=language, label=language, language=language)
                for key, language in step.languages.items()
            }
        case Later():
            return {
                key: Answer(exit=key, value=key, label=time.label, call_back=time.when)
                for key, time in step.times.items()
            }
        case Slot():  # which slots they are is known when they were found
            keys = [*map(str, range(1, step.most + 1)), *([step.others] if step.others else [])]
            return {key: Answer(exit=MATCH, value="", label="") for key in keys}
        case _:
            raise TypeError(step)


def keys_to_name(step: AnyStep) -> Sequence[str]:
    """Return the digits that the words of a question should name; empty for a step that asks for none."""
    match step:
        case Menu(choices=keys) | Later(times=keys) | ChooseLanguage(languages=keys):
            return [key for key in keys if key.isdigit()]
        case YesNo():
            return ["1", "2"]
        case Rating():
            return [str(step.lowest), str(step.highest)]
        case _:
            return []


def answer_kind(step: Ask | Digits) -> AnswerKind:
    """Return what the answer to a question is."""
    match step:
        case Rating():
            return AnswerKind.RATING
        case Slot():
            return AnswerKind.DATE
        case Digits():
            return _DIGITS.get(step.means, AnswerKind.TEXT)
        case _:
            return AnswerKind.CHOICE


_DIGITS = {
    Meaning.NUMBER: AnswerKind.NUMBER,
    Meaning.AMOUNT: AnswerKind.NUMBER,
    Meaning.DATE: AnswerKind.DATE,
}

KINDS: Mapping[Meaning, Kind] = {
    Meaning.DIGITS: Kind.DIGITS,
    Meaning.NUMBER: Kind.NUMBER,
    Meaning.AMOUNT: Kind.AMOUNT,
    Meaning.DATE: Kind.DATE,
    Meaning.TIME: Kind.TIME,
    Meaning.PIN: Kind.PIN,
    Meaning.PHONE: Kind.PHONE,
    Meaning.ACCOUNT: Kind.ACCOUNT,
}
"""How what was pressed is spoken."""


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_pressed(step: Digits, digits: str) -> str | None:
    """Return digits as a written value of their meaning; None if they are none."""
    match step.means:
        case Meaning.DIGITS | Meaning.ACCOUNT:
            return digits
        case Meaning.NUMBER | Meaning.AMOUNT:
            number = int(digits)
            low = step.lowest is None or number >= step.lowest
            high = step.highest is None or number <= step.highest
            return str(number) if low and high else None
        case Meaning.DATE:
            return _date(digits)
        case Meaning.TIME:
            return _clear(f"{digits[:-2]}:{digits[-2:]}", Kind.TIME) if 3 <= len(digits) <= 4 else None
        case Meaning.PIN:
            return digits if len(digits) == 6 and digits[0] != "0" else None
        case Meaning.PHONE:
            national = digits.removeprefix("91") if len(digits) == 12 else digits.removeprefix("0")
            return national if len(national) == 10 and national[0] in "6789" else None
        case _:
            assert_never(step.means)


def _date(digits: str) -> str | None:
    if len(digits) not in (4, 6, 8):
        return None
    day, month, year = digits[:2], digits[2:4], digits[4:]
    if not year:
        return _clear(f"{day} {_MONTHS[int(month) - 1]}", Kind.DATE) if 1 <= int(month) <= 12 else None
    return _clear(f"{day}/{month}/{year if len(year) == 4 else f'20{year}'}", Kind.DATE)


def _clear(written: str, kind: Kind) -> str | None:
    readers = {Kind.DATE: read_date, Kind.TIME: read_time, Kind.DIGITS: read_digits}
    try:
        readers[kind](written)
    except UnclearError:
        return None
    return written
