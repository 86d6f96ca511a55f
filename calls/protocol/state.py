"""The order of a call as two tables, one for each direction of frames.

A row is a state of the call, a column a message; the entry is the state after it, or the
`Problem` of a message that does not belong there. Both ends of a call use both tables: one
direction to check what it receives, the other to refuse its own mistakes.

The platform may say `connected` before start, after it or never; a `stop` before start is a
call that ended early (awaaz-platform.md §2).
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeAlias

from calls.protocol.messages import (
    Clear,
    Connected,
    Dtmf,
    Mark,
    Media,
    Problem,
    Start,
    Stop,
)


class State(Enum):
    """How far a call's stream has come."""

    WAITING = auto()
    """The socket is open, start has not come."""
    STARTED = auto()
    STOPPED = auto()
    """Stop has come; nothing more belongs to this call."""


Row: TypeAlias = Mapping[type, State | Problem]
Table: TypeAlias = Mapping[State, Row]

PLATFORM_SENDS: Table = {
    State.WAITING: {
        Connected: State.WAITING,
        Start: State.STARTED,
        Media: Problem.MEDIA_BEFORE_START,
        Dtmf: Problem.BEFORE_START,
        Mark: Problem.BEFORE_START,
        Stop: State.STOPPED,
    },
    State.STARTED: {
        Connected: State.STARTED,
        Start: Problem.SECOND_START,
        Media: State.STARTED,
        Dtmf: State.STARTED,
        Mark: State.STARTED,
        Stop: State.STOPPED,
    },
    State.STOPPED: {
        Connected: Problem.AFTER_STOP,
        Start: Problem.AFTER_STOP,
        Media: Problem.AFTER_STOP,
        Dtmf: Problem.AFTER_STOP,
        Mark: Problem.AFTER_STOP,
        Stop: Problem.AFTER_STOP,
    },
}

AGENT_SENDS: Table = {
    State.WAITING: {
        Media: Problem.MEDIA_BEFORE_START,
        Mark: Problem.BEFORE_START,
        Clear: Problem.BEFORE_START,
    },
    State.STARTED: {
        Media: State.STARTED,
        Mark: State.STARTED,
        Clear: State.STARTED,
    },
    State.STOPPED: {
        Media: Problem.AFTER_STOP,
        Mark: Problem.AFTER_STOP,
        Clear: Problem.AFTER_STOP,
    },
}
