"""What a finished campaign must look like from outside; pure.

The sandbox's rows tell what was rung; our own rows are only believed where both agree. The four counts are
DESIGN.md's rules 2 (twice, missed), 3 (outside the hours) and 1 and 7 (the books).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
ANSWERED = "ANSWERED"
ENDED = ("done", "failed")
#: A message that never reached XFin, or was taken back before it was dialled.
NOT_THERE = ("withdrawn", "blocked")


class Remote(NamedTuple):
    """A message as the sandbox keeps it."""

    pk: int
    reference: str
    phone: str
    state: str
    reason_code: str


class Dial(NamedTuple):
    """A call the sandbox made; `ended` is None for one that was never closed."""

    message: int
    phone: str
    began: datetime
    ended: datetime | None


class Mine(NamedTuple):
    """A message as we keep it."""

    reference: str
    remote_id: str
    phone: str
    state: str


class Sheet(NamedTuple):
    """A list that was read: how many rows were in the file, and our figures."""

    rows: int
    uploaded: int
    accepted: int
    rejected: int
    duplicate: int
    suppressed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the campaign had to do: whom it may call, how often, how far apart, from when to when (IST)."""

    phones: frozenset[str]
    attempts: int
    gap: timedelta
    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Both sides' rows. `people`: number and final state of each, pairs, so that a number may come twice."""

    remotes: Sequence[Remote]
    dials: Sequence[Dial]
    mine: Sequence[Mine]
    people: Sequence[tuple[str, str]]
    sheets: Sequence[Sheet]
    campaign: str


class Findings(NamedTuple):
    """Return what is wrong, in sentences; empty if all is well."""

    twice: Sequence[str]
    missed: Sequence[str]
    outside_window: Sequence[str]
    unbalanced: Sequence[str]


def judge(books: Books, promise: Promise) -> Findings:
    """Return everything that is wrong."""
    dials = _by_phone(books.dials)
    answered = _answered(books)
    return Findings(
        twice=[*_sent_twice(books.remotes), *_rung_twice(dials, answered, promise)],
        missed=list(_missed(dials, answered, promise)),
        outside_window=list(_outside(books.dials, promise)),
        unbalanced=[*_unlike(books), *_people(books, dials, promise), *_sheets(books)],
    )


def _by_phone(dials: Iterable[Dial]) -> Mapping[str, Sequence[Dial]]:
    groups: defaultdict[str, list[Dial]] = defaultdict(list)
    for dial in sorted(dials, key=lambda dial: dial.began):
        groups[dial.phone].append(dial)
    return groups


def _answered(books: Books) -> frozenset[int]:
    return frozenset(remote.pk for remote in books.remotes if remote.reason_code == ANSWERED)


def _sent_twice(remotes: Iterable[Remote]) -> Iterator[str]:
    for reference, times in Counter(remote.reference for remote in remotes).items():
        if times > 1:
            yield f"{reference} is at XFin {times} times"


def _rung_twice(
    dials: Mapping[str, Sequence[Dial]], answered: frozenset[int], promise: Promise
) -> Iterator[str]:
    for calls in dials.values():
        who = f"whoever message {calls[0].message} was for"
        if len({call.message for call in calls}) < len(calls):
            yield f"{who} was dialled twice for one message"
        if len(calls) > promise.attempts:
            yield f"{who} was dialled {len(calls)} times"
        for first, second in pairwise(calls):
            if first.message in answered:
                yield f"{who} was dialled again after answering"
            elif first.ended is None or second.began < first.ended + promise.gap:
                yield f"{who} was dialled again before the gap was over"


def _missed(dials: Mapping[str, Sequence[Dial]], answered: frozenset[int], promise: Promise) -> Iterator[str]:
    for phone in promise.phones:
        calls = dials.get(phone, ())
        if not calls:
            yield "a person was never dialled"
        elif len(calls) < promise.attempts and not any(call.message in answered for call in calls):
            yield f"message {calls[-1].message} was not answered, and nobody tried again"


def _outside(dials: Iterable[Dial], promise: Promise) -> Iterator[str]:
    for dial in dials:
        local = dial.began.astimezone(INDIA)
        if not promise.opens <= local.time() < promise.closes:
            yield f"message {dial.message} was dialled at {local:%d %b %H:%M:%S}"


def _unlike(books: Books) -> Iterator[str]:
    """Return the messages of which the two sides say different things."""
    ours = {message.reference: message for message in books.mine}
    there = {remote.reference: remote for remote in books.remotes}
    for reference, remote in there.items():
        message = ours.get(reference)
        if message is None or message.state in NOT_THERE:
            yield f"{reference} is at XFin, but not in our books"
        elif (message.remote_id, message.state) != (str(remote.pk), remote.state):
            yield f"{reference} is {message.state} with us and {remote.state} at XFin"
    for reference, message in ours.items():
        if message.state not in (*ENDED, *NOT_THERE):
            yield f"{reference} ended as {message.state}"
        elif message.state in ENDED and reference not in there:
            yield f"{reference} is {message.state} with us and not at XFin"


def _people(books: Books, dials: Mapping[str, Sequence[Dial]], promise: Promise) -> Iterator[str]:
    kept = Counter(phone for phone, _ in books.people)
    if kept != Counter(promise.phones):
        yield "the people of the campaign are not those of the lists, each once"
    if dials.keys() - promise.phones:
        yield "somebody was dialled who is on no list, or asked not to be called"
    answered = _answered(books)
    for phone, state in books.people:
        took = any(call.message in answered for call in dials.get(phone, ()))
        if state != ("completed" if took else "unreached"):
            yield f"a person is {state}, though the calls were {'' if took else 'not '}answered"


def _sheets(books: Books) -> Iterator[str]:
    if books.campaign != "completed":
        yield f"the campaign ended as {books.campaign}"
    for sheet in books.sheets:
        fates = sheet.accepted + sheet.rejected + sheet.duplicate + sheet.suppressed
        if not sheet.rows == sheet.uploaded == fates:
            yield f"of {sheet.rows} rows {sheet.uploaded} were read and {fates} have a fate"
    if sum(sheet.accepted for sheet in books.sheets) != len(books.people):
        yield "the people accepted are not as many as the people there are"
