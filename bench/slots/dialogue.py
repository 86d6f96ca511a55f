"""PURE: the dialogue of the bench: it offers three slots, and books the one whose key is pressed.

A caller who presses nothing, or keys that nothing is offered for, is asked again: it ends by a slot alone.
"""

from typing import Any, Final

CALENDAR: Final = "Bench"
LANGUAGE: Final = "en"
BOOKED, NONE_LEFT, FAILED = "booked", "none_left", "not_answered"


def _ends(outcome: str, label: str) -> dict[str, Any]:
    return {"kind": "set", "outcome": outcome, "label": label, "exits": {"next": "bye"}}


DIALOGUE: Final[dict[str, Any]] = {
    "schema": 1,
    "default_language": LANGUAGE,
    "start": "hello",
    "steps": {
        "hello": {"kind": "say", "again": "until_heard", "exits": {"next": "slot"}},
        "slot": {
            "kind": "slot",
            "title": "Slots",
            "calendar": CALENDAR,
            "others": "",
            "exits": {
                "match": "booked",
                "none": "none_left",
                "failed": "failed",
                "no_input": "slot",
                "no_match": "slot",
            },
        },
        "booked": _ends(BOOKED, "Booked"),
        "none_left": _ends(NONE_LEFT, "No slot is left"),
        "failed": _ends(FAILED, "Nothing was answered"),
        "bye": {"kind": "say", "exits": {"next": "end"}},
        "end": {"kind": "end"},
    },
    "words": {
        LANGUAGE: {
            "general": {"opt_out": "All right.", "sorry": "Sorry.", "wrong": "That key means nothing."},
            "hello": {"say": "Hello. To have no such calls, press 9."},
            "slot": {"ask": "Choose.", "option": "Press {key}.", "gone": "It is gone."},
            "bye": {"say": "Goodbye."},
        }
    },
}
