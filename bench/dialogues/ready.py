"""The ready dialogues: their files, what of the world they name, and how many exits tests pass."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import calls.agents
from calls.agents.dialogue.files import read_file
from calls.simulated.cover import cover
from calls.simulated.kept_tests import run

FOLDER = Path(calls.agents.__file__).parent / "examples" / "dialogues"


def names() -> list[str]:
    """Return the names of all ready dialogues, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def document(name: str) -> dict[str, Any]:
    """Return a dialogue as its file has it."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def named(dialogues: Sequence[str], field: str) -> list[str]:
    """Return what the steps of these dialogues name in a field (calendar, service), each once."""
    steps = [step for name in dialogues for step in document(name)["steps"].values()]
    return sorted({step[field] for step in steps if field in step})


def covered(name: str, language: str) -> tuple[int, list[str]]:
    """Return how many exits a dialogue has, and those that generated tests which hold do not pass."""
    read = read_file((FOLDER / f"{name}.json").read_bytes())
    found = cover(read, language=language)
    verdicts = [run(read, test) for _, test in found.tests]
    passed = {each for verdict in verdicts if verdict.holds for each in verdict.passed}
    missing = [f"{step}: {way}" for step, way in found.exits if (step, way) not in passed]
    return len(found.exits), missing
