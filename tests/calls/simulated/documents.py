"""Dialogues and people for tests of simulated calls."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import calls.agents
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.from_menu import dialogue_of, read_menu
from calls.simulated.script import At, Do, Input, Person
from calls.simulated.simulated_call import Course, Route, SimulatedCall, World

MENU = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
QUESTION = "Choose 1, 2, 3 or 4"
ASHA = Person(language="hi", name="Asha", values={"amount": "1250", "due_date": "28/11/2026"})
WAIT, HANG_UP = Input(do=Do.WAIT), Input(do=Do.HANG_UP)


def reminder(**changes: Any) -> DialogueConfiguration:
    """The example of an EMI reminder, with fields of its menu replaced."""
    return dialogue_of(read_menu(MENU | changes))


def press(keys: str, **when: Any) -> Input:
    return Input(do=Do.PRESS, keys=keys, **when)


def during(prompt: str, after_ms: int, **more: Any) -> dict[str, Any]:
    return {"at": At.DURING, "prompt": prompt, "after_ms": after_ms, **more}


def hold(
    inputs: Sequence[Input],
    document: DialogueConfiguration | None = None,
    *,
    person: Person = ASHA,
    world: World | None = None,
) -> tuple[Course, Route]:
    """The course of a call, and its way through the dialogue."""
    route = Route()
    agent = DialogueAgent(document or reminder(), route)
    call = SimulatedCall(agent, person.context(), world=world or World(), route=route)
    return call.run(inputs), route
