"""A small menu configuration for tests."""

from collections.abc import Mapping
from typing import Any

from calls.agents.dialogue.from_menu import converted

ENGLISH: dict[str, Any] = {
    "opening": "Hello {name}, this is an automated call.",
    "message": "{amount} by {due_date}.",
    "question": "Press 1 or 2.",
    "not_understood": "Sorry?",
    "goodbye": "Goodbye.",
    "opt_out": "We will not call again.",
    "sorry": "Sorry.",
    "replies": {"1": "Thank you, by {due_date}.", "2": "All right."},
}
HINDI: dict[str, Any] = ENGLISH | {"opening": "नमस्ते {name}।", "message": "{amount}, {due_date} तक।"}

MENU: dict[str, Any] = {
    "default_language": "hi",
    "question": "payment",
    "answer_seconds": 4,
    "variables": {"amount": "amount", "due_date": "date"},
    "choices": {
        "1": {"outcome": "will_pay", "label": "Will pay"},
        "2": {"outcome": "more_time", "label": "Needs time"},
    },
    "languages": {"en": ENGLISH, "hi": HINDI},
}
LATER: dict[str, Any] = {
    "later": {
        "key": "4",
        "times": {
            "1": {"when": "in 60 minutes", "label": "In one hour"},
            "3": {"when": "tomorrow 10:00", "label": "Tomorrow at ten"},
        },
    },
    "languages": {
        language: texts
        | {
            "later": {
                "question": "Press 1 or 3.",
                "full": "No further time.",
                "replies": {"1": "In an hour.", "3": "At ten."},
            }
        }
        for language, texts in (("en", ENGLISH), ("hi", HINDI))
    },
}
"""What makes of `MENU` one that can be asked to call later."""
VARIABLES = {"amount": "1,25,000", "due_date": "28/11/2026"}


def dialogue(menu: Mapping[str, object]) -> dict[str, Any]:
    """The configuration of a dialogue that does what a menu says."""
    return converted(menu)
