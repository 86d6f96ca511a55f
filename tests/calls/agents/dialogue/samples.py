"""Small dialogues for tests."""

from typing import Any

import msgspec

from calls.agents.dialogue.configuration import DialogueConfiguration

SURVEY: dict[str, Any] = {
    "default_language": "en",
    "start": "hello",
    "steps": {
        "hello": {"kind": "say", "title": "Hello", "exits": {"next": "happy"}},
        "happy": {"kind": "yes_no", "title": "Happy?", "exits": {"yes": "score", "no": "score"}},
        "score": {"kind": "rating", "title": "Score", "exits": {"match": "good"}},
        "good": {
            "kind": "branch",
            "cases": [{"exit": "well", "when": [{"value": "score", "relation": "at_least", "to": "4"}]}],
            "exits": {"well": "glad", "else": "sad"},
        },
        "glad": {"kind": "set", "outcome": "happy", "label": "Is happy", "exits": {"next": "bye"}},
        "sad": {"kind": "set", "outcome": "unhappy", "label": "Is unhappy", "exits": {"next": "bye"}},
        "bye": {"kind": "say", "title": "Goodbye", "exits": {"next": "end"}},
        "end": {"kind": "end"},
    },
    "exits": {"no_input": "bye", "no_match": "bye"},
    "words": {
        "en": {
            "general": {"opt_out": "We will not call again.", "wrong": "Sorry?", "sorry": "Sorry."},
            "hello": {"say": "Hello {name}."},
            "happy": {"ask": "Are you happy? 1 for yes, 2 for no."},
            "score": {"ask": "From 1 to 5?"},
            "bye": {"say": "Goodbye."},
        }
    },
}


def survey(**changes: Any) -> DialogueConfiguration:
    """A survey of two questions, with fields replaced."""
    return msgspec.convert(SURVEY | changes, DialogueConfiguration)
