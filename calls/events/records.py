"""What the media loop hands to the journal: facts about a call, in the order in which they happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from calls.conversation.outputs import Close, Entry, Summary
from calls.identification import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One entry of a call's log; `sequence` counts from 1 without gaps."""

    call_id: UUID
    at: datetime
    sequence: int
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The start message came; the fields are as it gave them, before anything is looked up."""

    call_id: UUID
    at: datetime
    stream_sid: str
    call_sid: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """The connection is over, and no agent was given the call: who it was is found out when this is stored.

    `keys` were pressed in this order; `parameters` are those of the start that tell who calls.
    """

    call_id: UUID
    at: datetime
    stream_sid: str
    call_sid: str
    reference: str
    keys: str
    at_ms: int
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The call was identified; what is None or empty in `identity` stays unknown."""

    call_id: UUID
    at: datetime
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The call is over. Without a `summary` only its times are known. `lost`: events that were not kept.

    `lasted_ms`: since its row was made, by a clock that does not jump; None from a version that lacked it.
    """

    call_id: UUID
    at: datetime
    close: Close
    summary: Summary | None
    lost: int = 0
    lasted_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStatus:
    """What a process's journal has not stored: events that wait, and events that were not kept."""

    waiting: int = 0
    left_out: int = 0
    """Per-second statistics, since the process began."""
    lost: int = 0
    """Other events, since the process began."""
    is_new: bool = False
    """Something was left out or lost since the last status was written."""


Record = Logged | Started | Identified | Closed | Unserved
