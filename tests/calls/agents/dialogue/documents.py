"""Small dialogues for tests, in English; `dialogue` fills in what a test does not care about."""

from typing import Any

import msgspec

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.graph import reachable

GENERAL = {"opt_out": "No more calls.", "sorry": "Sorry.", "wrong": "Not a key."}
END: dict[str, Any] = {"bye": {"kind": "say", "exits": {"next": "end"}}, "end": {"kind": "end"}}
BYE = {"bye": {"say": "Bye."}}


def raw(steps: dict[str, Any], words: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return a dialogue as stored: it begins with the first step; what is not wired leads to “Bye.”."""
    return {
        "default_language": "en",
        "start": next(iter(steps)),
        "steps": steps | END,
        "words": {"en": {"general": GENERAL, **words, **BYE}},
        "exits": dict.fromkeys(("no_input", "no_match", "next", "match"), "bye"),
        **others,
    }


def dialogue(steps: dict[str, Any], words: dict[str, Any], **others: Any) -> DialogueConfiguration:
    """Return such a dialogue as it is configured, without those of the last steps that are never reached."""
    given = raw(steps, words, **others)
    made = msgspec.convert(given, DialogueConfiguration)
    for step_id in END.keys() - reachable(made) - steps.keys():
        del given["steps"][step_id]
        given["words"]["en"].pop(step_id, None)
    exits = {name: step_id for name, step_id in given["exits"].items() if step_id in given["steps"]}
    return msgspec.convert(given | {"exits": exits}, DialogueConfiguration)
