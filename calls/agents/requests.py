"""PURE: what an agent may ask of the world besides audio, and what comes back.

A kind of request is a struct here and a function in `calls.media.performers`, which carries it out. Every
request is answered: by the reply of its kind, or by `Failed`.
"""

from msgspec import Struct


class Request(Struct, frozen=True):
    """Something for the world to do while the call goes on."""


class Reply(Struct, frozen=True):
    """What came of a request."""


class Fetch(Request, frozen=True):
    """Ask an outside service, by its name; it is sent `values`. `Fetched` comes back."""

    service: str
    values: dict[str, str]


class Fetched(Reply, frozen=True):
    """What an outside service answered: those values that it may return, each of its declared kind."""

    values: dict[str, str]


class Recognise(Request, frozen=True):
    """Who is calling, by what they `keyed` in and the `column` of lists in which it stands (“phone”: their
    number). `Recognised` or `NotRecognised` follows."""

    column: str
    keyed: str


class Recognised(Reply, frozen=True):
    """The values of the one person in whose row it stands; their name among them."""

    values: dict[str, str]


class NotRecognised(Reply, frozen=True):
    """It stands in no row, or in those of several people."""


class Failed(Reply, frozen=True):
    """It could not be done, or took longer than the agent waits; `reason` is a sentence for the log."""

    reason: str


# --- Appointments (docs/appointments.md) -----------------------------------------------------------------


class OfferedSlot(Struct, frozen=True):
    """One slot of a calendar. `begins`: ISO 8601 in India's time, such as `2026-12-03T10:30:00+05:30`."""

    id: int
    place: str
    begins: str


class FindSlots(Request, frozen=True):
    """Which slots can be offered; `SlotsFound` follows.

    The nearest first; with `day` (an ISO date) those of that day first, then those of the days nearest to
    it. `passed` holds the ids of slots that were offered before; `most` is the greatest number wanted.
    """

    calendar: str
    day: str = ""
    passed: tuple[int, ...] = ()
    most: int = 3


class SlotsFound(Reply, frozen=True):
    """The slots that can be offered, in the order of offering; empty if there are none."""

    slots: tuple[OfferedSlot, ...]


class HoldSlot(Request, frozen=True):
    """Keep a place of this slot for this call; `SlotHeld` or `SlotGone` follows.

    It is kept in place of the one that the call held before in this calendar, until the call ends or
    `SLOT_HOLD_SECONDS` are over.
    """

    calendar: str
    slot: int


class SlotHeld(Reply, frozen=True):
    """A place is kept for this call."""

    slot: OfferedSlot


class SlotGone(Reply, frozen=True):
    """No place is left in that slot, or it is over or not in the calendar any more."""


class FindAppointment(Request, frozen=True):
    """Which slot of this calendar the person on the line has booked; `AppointmentFound` follows."""

    calendar: str


class AppointmentFound(Reply, frozen=True):
    """The person's booked slot that is to come; None if there is none or the person is not known."""

    slot: OfferedSlot | None
