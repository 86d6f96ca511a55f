"""`python -m bench.shared.furnish`: fill an empty database with agents and numbers; print paths as JSON."""

import json
import sys

import django
from django.apps import apps

from bench.shared import migrated
from calls.agents.dialogue.from_menu import converted

MENU = {
    "default_language": "hi",
    "answer_seconds": 3,
    "choices": {"1": {"outcome": "yes", "label": "Yes"}, "2": {"outcome": "no", "label": "No"}},
    "languages": {
        "hi": {
            "opening": "नमस्ते।",
            "question": "हाँ के लिए एक दबाएँ।",
            "not_understood": "माफ़ कीजिए।",
            "goodbye": "धन्यवाद।",
            "opt_out": "ठीक है।",
            "replies": {"1": "अच्छा।", "2": "ठीक है।"},
        }
    },
}
NUMBERS = {
    "echo": ("echo", False),
    "menu": ("menu", False),
    "recorded": ("menu", True),
    "hostile": ("echo", True),
}
"""Name of the number: kind of its inbound agent, and whether its calls are recorded."""
MOST_CALLS = 2000


def main() -> None:
    """Make everything anew in the database that the environment names."""
    django.setup()
    migrated.migrate()
    account = apps.get_model("campaigns", "Account").objects.create(
        name="Bench", base_url="http://127.0.0.1:9", tenant="bench", email="a@b.in", password="x"
    )
    agent = apps.get_model("campaigns", "Agent").objects
    agents = {
        "echo": agent.create(name="Echo", kind="echo", configuration={"piece_ms": 20}),
        "menu": agent.create(name="Menu", kind="dialogue", configuration=converted(MENU)),
    }
    paths = {}
    for index, (name, (kind, record)) in enumerate(NUMBERS.items()):
        number = apps.get_model("campaigns", "PhoneNumber").objects.create(
            account=account,
            e164=f"+9179613441{index:02}",
            inbound_agent=agents[kind],
            max_calls=MOST_CALLS,
            container="raw",
            record_calls=record,
        )
        paths[name] = number.stream_path
    sys.stdout.write(json.dumps(paths))


if __name__ == "__main__":
    main()
