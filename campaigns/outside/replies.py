"""PURE: what a service outside answered, read from bytes that may be anything."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn

from campaigns.ist import IST
from campaigns.outside.errors import NoAnswer
from campaigns.spreadsheets.written import Kind, unclear

LONGEST_VALUE = 200
#: Control characters, halves of pairs, and what has no meaning: no voice speaks them, no database keeps all.
_UNUSABLE = frozenset({"Cc", "Cs", "Co", "Cn"})
LONGEST_WAIT = timedelta(days=30)


class Answer(StrEnum):
    """What follows for the person who was to be called."""

    CALL = "call"
    SKIP = "skip"
    PUT_OFF = "put_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An answer before a call. `until` is given with `PUT_OFF`; `reason` may be empty."""

    answer: Answer
    reason: str = ""
    until: datetime | None = None
    values: Mapping[str, str]


def values_of(body: bytes, returns: Mapping[str, str]) -> dict[str, str]:
    """Return the values that a service may return (`returns`: their kinds), as texts; others are left out.

    Raises `NoAnswer` for what is no JSON object of texts and numbers, or a value that is not of its kind.
    """
    return _declared(_texts(body), returns)


def decision_of(body: bytes, returns: Mapping[str, str], *, now: datetime) -> Decision:
    """Return what a service decided about a call. Raises `NoAnswer`, also where it is none."""
    texts = _texts(body)
    if texts.get("answer") not in [*Answer]:
        raise NoAnswer("The service's answer is none of call, skip and put_off.")
    answer = Answer(texts["answer"])
    return Decision(
        answer=answer,
        reason=_usable("reason", texts.get("reason", "")),
        until=_moment(texts.get("until", ""), now) if answer is Answer.PUT_OFF else None,
        values=_declared(texts, returns),
    )


def _texts(body: bytes) -> dict[str, str]:
    def no_number(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        found: Any = json.loads(body, parse_int=str, parse_float=str, parse_constant=no_number)
    except (ValueError, RecursionError):
        raise NoAnswer("The service did not answer with JSON.") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise NoAnswer("The service did not answer with one JSON object of texts and numbers.")
    return found


def _declared(texts: Mapping[str, str], returns: Mapping[str, str]) -> dict[str, str]:
    values = {name: _usable(name, texts[name]) for name in returns if name in texts}
    for name, text in values.items():
        if unclear(text, Kind(returns[name])):
            raise NoAnswer(f"The service's value “{name}” is no clear {returns[name]}.")
    return values


def _usable(name: str, text: str) -> str:
    if len(text) > LONGEST_VALUE or _UNUSABLE.intersection(map(unicodedata.category, text)):
        raise NoAnswer(f"The service's value “{name}” is too long, or holds what no text holds.")
    return text.strip()


def _moment(text: str, now: datetime) -> datetime:
    """Return the moment in ISO 8601, in Indian time where it names no offset."""
    try:
        written = datetime.fromisoformat(text)
        moment = (written if written.tzinfo else written.replace(tzinfo=IST)).astimezone(IST)
    except (ValueError, OverflowError):
        raise NoAnswer("The service put the call off until no clear time.") from None
    if not now < moment <= now + LONGEST_WAIT:
        raise NoAnswer(
            f"The service put the call off until the past, or by more than {LONGEST_WAIT.days} days."
        )
    return moment
