"""Make calls in the database of `DATABASE_URL`, replay them, print the line; argv says how many.

A process of its own, because settings are read once.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

import calls.agents  # noqa: E402
from bench.replay import past_calls  # noqa: E402
from bench.shared import migrated  # noqa: E402 - after the set-up
from calls.agents.dialogue.from_menu import dialogue_of, read_menu  # noqa: E402
from calls.dialogues import past, replay  # noqa: E402

MOST_SECONDS = 120.0
EXAMPLE = Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json"


def main() -> int:
    """Return 0 if no call differs from itself and the core's time keeps the bound, else 1."""
    count = int(sys.argv[1])
    logging.disable(logging.WARNING)  # each call back that is asked for here is of no attempt
    migrated.migrate()
    document = dialogue_of(read_menu(json.loads(EXAMPLE.read_text("utf-8"))))
    dialogue = past_calls.published("EMI reminder", document)
    past_calls.store(dialogue, document, count=count)
    began = time.process_time()
    report = replay.run(document, past.ids_of(dialogue, count))
    seconds = time.process_time() - began
    for sentence in report.sentences():
        print(sentence)
    print(f"calls={report.calls} seconds={seconds:.1f} same={report.same} differ={report.differ}")
    return int(report.calls != count or report.differ > 0 or seconds > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
