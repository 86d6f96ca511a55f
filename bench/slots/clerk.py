"""PURE: an agent that offers three slots and books the one whose key is pressed, as a dialogue's step does.

It asks the world by the same requests and records by the same actions. It says tones, not words.
"""

from collections.abc import Sequence
from typing import Final

from calls.agents.base import (
    Action,
    AgentEvent,
    BargeIn,
    BookSlot,
    CallStarted,
    Configuration,
    HangUp,
    KeyPressed,
    Kind,
    Note,
    Perform,
    Performed,
    Play,
    PromptEnded,
    ReachOutcome,
)
from calls.agents.requests import FindSlots, HoldSlot, OfferedSlot, Reply, SlotGone, SlotHeld, SlotsFound

CALENDAR: Final = "Bench"
BOOKED, NONE_LEFT, FAILED = "booked", "none_left", "not_answered"
TONE: Final = b"\x00\x20\x00\xe0" * 4000
"""1 s of a tone, int16 at 8 kHz: an offer, which a key cuts."""
PATIENCE_S: Final = 10.0


class Clerk:
    """Offers, holds and books; a slot taken meanwhile is noted and the next ones are offered."""

    wants_audio = wants_speech = False

    def __init__(self, _: Configuration) -> None:
        self._passed: tuple[int, ...] = ()
        self._offered: tuple[OfferedSlot, ...] = ()
        self._last = ""

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """Return what follows an event of the call."""
        match event:
            case CallStarted():
                return [self._find()]
            case KeyPressed(digit) if digit.isdecimal() and 1 <= int(digit) <= len(self._offered):
                chosen = self._offered[int(digit) - 1]
                self._offered = ()
                return [Perform("hold", HoldSlot(CALENDAR, chosen.id), PATIENCE_S)]
            case Performed(_, reply):
                return self._go_on(reply)
            case PromptEnded("last", _, _, _):
                return [HangUp("All is said.")]
        return []

    def _go_on(self, reply: Reply) -> Sequence[Action]:
        """Return what follows a reply of the world."""
        match reply:
            case SlotsFound(slots) if slots:
                self._offered = slots
                self._passed += tuple(slot.id for slot in slots)
                return [Play("offer", TONE, BargeIn(key=True))]
            case SlotsFound():
                return self._end(NONE_LEFT, "No slot is left")
            case SlotGone():
                return [Note("That slot was taken meanwhile; the next ones are offered."), self._find()]
            case SlotHeld(slot):
                return [BookSlot(CALENDAR, slot.id, slot.begins), *self._end(BOOKED, "Booked")]
        return self._end(FAILED, "Nothing was answered")

    def _find(self) -> Perform:
        return Perform("find", FindSlots(CALENDAR, passed=self._passed), PATIENCE_S)

    def _end(self, outcome: str, label: str) -> list[Action]:
        return [ReachOutcome(outcome, label), Play("last", TONE[: len(TONE) // 5])]


KIND = Kind(Configuration, Clerk)
