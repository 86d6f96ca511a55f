"""PURE: what the world tells a simulated call: replies that a test names, else everyday ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from calls.agents import requests
from calls.agents.requests import Failed, Reply, Request
from calls.simulated.script import speaking_ms
from calls.simulated.simulated_call import World

REPLY = "reply"
"""The key under which a reply's JSON object names its kind, such as `SlotGone`."""
_PLACES = ("Maninagar", "Satellite", "Vastrapur")
_SLOTS = [
    {"id": number, "place": place, "begins": f"2026-12-0{number + 2}T1{number}:30:00+05:30"}
    for number, place in enumerate(_PLACES, 1)
]
_FAILED = {REPLY: "Failed", "reason": "It could not be reached."}
_EVERYDAY: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "FindSlots": [{REPLY: "SlotsFound", "slots": _SLOTS}],
    "HoldSlot": [{REPLY: "SlotHeld", "slot": _SLOTS[0]}],
    "FindAppointment": [{REPLY: "AppointmentFound", "slot": _SLOTS[1]}],
    "Fetch": [{REPLY: "Fetched", "values": {}}],
    "Recognise": [{REPLY: "Recognised", "values": {}}],
}
_OTHERS: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]] = {
    "FindSlots": [
        [{REPLY: "SlotsFound", "slots": []}],
        [{REPLY: "SlotsFound", "slots": _SLOTS}, {REPLY: "SlotsFound", "slots": []}],
    ],
    "HoldSlot": [[{REPLY: "SlotGone"}, {REPLY: "SlotHeld", "slot": _SLOTS[1]}], [{REPLY: "SlotGone"}]],
    "FindAppointment": [[{REPLY: "AppointmentFound", "slot": None}]],
    "Recognise": [[{REPLY: "NotRecognised"}]],
}


class KeptWorld(World):
    """Prompts as long as a test says, and its replies, by the request's name or kind, one after the other.

    The last of them comes again and again. A length of 0 stands for one that is not known.
    """

    def __init__(
        self,
        lengths: Mapping[str, Sequence[int | None]] | None = None,
        replies: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        self._lengths = {name: [*given] for name, given in (lengths or {}).items()}
        self._replies = {name: [*given] for name, given in (replies or {}).items()}
        self.asked: set[str] = set()
        """The kinds of the requests that were made."""

    def length_ms(self, name: str, text: str, language: str) -> int | None:
        """Return how long a prompt takes; None if it can't be spoken."""
        left = self._lengths.get(name)
        length = left.pop(0) if left else 0
        return speaking_ms(text, language) if length == 0 else length

    def reply(self, name: str, request: Request) -> Reply | None:
        """Return what comes of a request: what the test says, else what comes on every day."""
        kind = type(request).__name__
        self.asked.add(kind)
        left = self._replies.get(name) or self._replies.get(kind) or [*_EVERYDAY.get(kind, [_FAILED])]
        return read_reply(left.pop(0) if len(left) > 1 else left[0])


def read_reply(body: Mapping[str, Any]) -> Reply:
    """Return the reply of a JSON object; `Failed`, with the reason, if it is none."""
    kind = getattr(requests, str(body.get(REPLY)), None)
    if not (isinstance(kind, type) and issubclass(kind, Reply)):
        return Failed(f"There is no reply of the kind “{body.get(REPLY)}”.")
    try:
        return msgspec.convert({name: value for name, value in body.items() if name != REPLY}, kind)
    except msgspec.ValidationError as error:
        return Failed(f"This is no {kind.__name__}: {error}.")


def others(kind: str, fetched: Sequence[Mapping[str, str]]) -> list[list[dict[str, Any]]]:
    """Return what else may come of a kind of request: that it fails, and what its replies may say.

    `fetched`: values that an outside service may have.
    """
    found = [[dict(_FAILED)], *([dict(reply) for reply in replies] for replies in _OTHERS.get(kind, ()))]
    if kind == "Fetch":
        found += [[{REPLY: "Fetched", "values": dict(values)}] for values in fetched]
    if kind == "Recognise":
        found += [[{REPLY: "Recognised", "values": dict(values)}] for values in fetched]
    return found
