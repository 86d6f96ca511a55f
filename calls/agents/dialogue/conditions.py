"""PURE: whether a condition of a branch holds. Values are compared by their kind."""

from collections.abc import Collection
from decimal import Decimal

from calls.agents.dialogue.document import ELSE, Branch, Condition, Relation
from calls.agents.dialogue.wording import Wording, slots
from campaigns.spreadsheets.written import (
    Kind,
    UnclearError,
    WrittenDate,
    read_amount,
    read_date,
    read_digits,
    read_number,
    read_ordinal,
    read_phone,
    read_time,
)

_ORDER = {
    Relation.IS: (0,),
    Relation.MORE: (1,),
    Relation.LESS: (-1,),
    Relation.AT_LEAST: (0, 1),
    Relation.AT_MOST: (0, -1),
}
_Comparable = WrittenDate | tuple[int, ...] | Decimal | str
_HALF_A_YEAR = 6


def holds(condition: Condition, wording: Wording) -> bool:
    """Return whether a condition holds for the values of this call.

    A value that is unknown, or is not of its kind, stands in no relation but `unknown` and `is_not`.
    """
    value = wording.value(condition.value)
    if condition.relation in (Relation.KNOWN, Relation.UNKNOWN):
        return bool(value) is (condition.relation is Relation.KNOWN)
    other = wording.as_written(condition.to)
    order = _order(value, other, wording.kind(condition.value))
    if condition.relation is Relation.IS_NOT:
        return order != 0
    return order in _ORDER[condition.relation]


def closed_exits(step: Branch, wording: Wording, *, own: Collection[str]) -> frozenset[str]:
    """Return the exits that a branch can't take in any call of these values; empty if each may be taken.

    Values that are unknown, and those of `own`, which a call gets itself, are not settled.
    """
    possible: set[str] = set()
    for case in step.cases:
        settled = [
            one
            for one in case.when
            if all(name not in own and wording.value(name) for name in (one.value, *slots(one.to)))
        ]
        if all(holds(one, wording) for one in settled):
            possible.add(case.exit)
            if len(settled) == len(case.when):
                break
    else:
        possible.add(ELSE)
    return frozenset(step.exit_names()) - possible


def _order(value: str, other: str, kind: Kind) -> int | None:
    """Return −1, 0 or 1 as `value` is less, equal or more; None if they can't be compared."""
    if not value or not other:
        return None
    try:
        left, right = _comparable(value, kind), _comparable(other, kind)
    except UnclearError:
        return 0 if value.casefold() == other.casefold() else None
    if isinstance(left, WrittenDate) and isinstance(right, WrittenDate):
        if left.year is None and right.year is None:
            left, right = (left.month, left.day), (right.month, right.day)
        else:  # one without a year is the nearest to the other
            years = left.year or _nearest_year(left, right), right.year or _nearest_year(right, left)
            left, right = (years[0], left.month, left.day), (years[1], right.month, right.day)
    if type(left) is not type(right):
        return None
    return (left > right) - (left < right)  # type: ignore[operator]  # of one type, which has an order


def _comparable(value: str, kind: Kind) -> _Comparable:
    match kind:
        case Kind.AMOUNT:
            return read_amount(value)
        case Kind.DATE:
            return read_date(value)
        case Kind.TIME:
            time = read_time(value)
            return (time.hour, time.minute)
        case Kind.NUMBER:
            return Decimal(read_number(value))
        case Kind.ORDINAL:
            return Decimal(read_ordinal(value))
        case Kind.DIGITS | Kind.PIN | Kind.ACCOUNT:
            digits = read_digits(value)
            return (int(digits), len(digits))  # 0123 is another account than 123
        case Kind.PHONE:
            return "".join(read_phone(value))
        case _:
            return Decimal(value) if value.isascii() and value.isdigit() else value.casefold()


def _nearest_year(date: WrittenDate, other: WrittenDate) -> int:
    apart = (date.month, date.day) > (other.month + _HALF_A_YEAR, other.day)
    before = (date.month + _HALF_A_YEAR, date.day) < (other.month, other.day)
    return (other.year or 0) - apart + before
