"""Read past calls of a dialogue: who was called, and the log."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from calls.conversation.outputs import NO_AGENT, Entry, EntryKind
from calls.models import Call, CallEvent
from calls.queries import of_phones
from calls.simulated.kept_tests import Expectation, KeptTest
from calls.simulated.past_calls import read_log
from calls.simulated.script import Person
from calls.simulated.simulated_call import results
from campaigns import phones
from campaigns.models import Dialogue

_AT_ONCE = 200
"""Calls read by one query each for their rows and their events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """One past call. `person` is None if the person it was for is not known any more."""

    call_id: UUID
    phone: str
    """Masked."""
    person: Person | None
    entries: Sequence[Entry]


def ids_of(dialogue: Dialogue, most: int) -> list[UUID]:
    """Return the ids of the dialogue's latest calls that an agent served and that are over. One query."""
    over = of_phones().filter(agent=dialogue.agent_id, state=Call.State.ENDED)
    # A call in which a person rang back may have begun in the middle, which no log of it tells.
    over = over.exclude(direction=Call.Direction.INBOUND, campaign__isnull=False)
    served = over.exclude(disposition=NO_AGENT).order_by("-started_at")
    return list(served.values_list("pk", flat=True)[:most])


def read(call_ids: Sequence[UUID]) -> Iterator[StoredCall]:
    """Yield past calls in this order, with their logs, without statistics. Two queries for each 200."""
    for first in range(0, len(call_ids), _AT_ONCE):
        chunk = call_ids[first : first + _AT_ONCE]
        logs = defaultdict[UUID, list[Entry]](list)
        known = set(EntryKind) - {EntryKind.STATS}  # a newer version may have written others
        events = CallEvent.objects.filter(call__in=chunk, kind__in=known)
        columns = events.order_by("call", "sequence").values_list("call", "kind", "at_ms", "text", "data")
        for call_id, kind, at_ms, text, data in columns.iterator():
            logs[call_id].append(Entry.from_json(EntryKind(kind), at_ms, text, data))
        rows = {row["pk"]: row for row in Call.objects.filter(pk__in=chunk).values(*_COLUMNS)}
        for row in (rows[call_id] for call_id in chunk if call_id in rows):
            yield StoredCall(
                call_id=row["pk"],
                phone=phones.mask(row["recipient__phone"]) if row["recipient__phone"] else "",
                person=_person(row),
                entries=logs[row["pk"]],
            )


_COLUMNS = (
    "pk",
    "direction",
    "campaign",
    "language",
    "recipient__phone",
    "recipient__name",
    "recipient__variables",
)


def _person(row: Mapping[str, Any]) -> Person | None:
    """Return the person as the call's agent was given them."""
    if row["direction"] == Call.Direction.INBOUND and row["campaign"] is None:
        return Person(language=row["language"], callback=False)
    if row["recipient__variables"] is None:
        return None
    values = {name: str(value) for name, value in row["recipient__variables"].items() if value is not None}
    return Person(language=row["language"], name=row["recipient__name"], values=values)


class NoTestError(ValueError):
    """A call cannot become a test. The text is a sentence."""


def kept_test_of(call_id: UUID) -> KeptTest:
    """Return a test made of a call: its person, what they did and when, and what the call brought.

    Raises `NoTestError` if there is no log of it, or its person is not known any more.
    """
    call = next(read([call_id]), None)
    if call is None or not call.entries:
        raise NoTestError("There is no log of that call.")
    if call.person is None:
        raise NoTestError("The person that the call was for is not known any more.")
    if Call.objects.filter(pk=call_id, direction=Call.Direction.INBOUND, campaign__isnull=False).exists():
        raise NoTestError("The person rang back, and the call may have begun in the middle of the dialogue.")
    past = read_log(call.entries)
    heard = [e.data["name"] for e in call.entries if e.kind is EntryKind.HEARD and e.data["heard_ms"]]
    end = next((e.data.get("ended_by") for e in call.entries if e.kind is EntryKind.END), "agent")
    brought: dict[str, Any] = {**results(call.entries)}
    return KeptTest(
        person=call.person,
        inputs=past.inputs,
        lengths=past.lengths,
        expect=Expectation(
            **brought, prompts=[str(name) for name in heard], end="agent" if end == "agent" else "caller"
        ),
    )
