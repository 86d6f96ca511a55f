"""`make bench-agents`: what an event of a call costs a dialogue, against the menu agent that it has replaced.

The old agent is in the tests, where both must do the same (`tests/calls/agents/dialogue/test_from_menu.py`).
Each menu is held the same four ways by both, in turns, so that what else the machine does affects both alike.
Ends with `dialogue_vs_menu=`, events of a dialogue for one of the menu: the median of all rounds of the worst
menu. Exit code 1 below `LEAST`.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from calls.agents import base
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.from_menu import dialogue_of
from tests.calls.agents.dialogue.phone import Phone
from tests.calls.agents.menu_agent import Menu, MenuAgent
from tests.calls.agents.texts import LATER, MENU, VARIABLES

LEAST: Final = 0.9
ROUNDS: Final = 400
MENUS: Final[Mapping[str, dict[str, Any]]] = {
    "plain": MENU,
    "speech": MENU | {"barge_in": {"speech": True, "key": True}},
    "later": MENU | LATER,
}
WAYS: Final = (
    "over over over answer over over key_1 over",
    "over key_7 over over over over key_2 over",
    "over over over speaks quiet answer over over over answer over over",
    "key_0 over over key_9 over over",
)
"""What happens in a call: prompts end, keys are pressed, there is speech, no answer comes."""
CONTEXT: Final = base.CallContext(language="hi", variables=VARIABLES, name="Asha")
Make = Callable[[], base.Agent]
Events = Sequence[base.AgentEvent]


class _Kept:
    """An agent whose events are kept."""

    wants_audio = False

    def __init__(self, agent: base.Agent) -> None:
        self._agent, self.events = agent, list[base.AgentEvent]()
        self.wants_speech = agent.wants_speech

    def handle(self, event: base.AgentEvent) -> Sequence[base.Action]:
        self.events.append(event)
        return self._agent.handle(event)


def events(make: Make, way: str) -> Events:
    """Return the events of a call that goes a way."""
    agent = _Kept(make())
    phone = Phone(agent)
    phone.tell(base.CallStarted(CONTEXT))
    for what in way.split():
        phone.happens(what.replace("_", " "))
    return agent.events


def microseconds(make: Make, calls: Sequence[Events]) -> float:
    """Return the time of the process that an event takes, the making of the agents included."""
    began = time.process_time_ns()
    for told in calls:
        handle = make().handle
        for event in told:
            handle(event)
    return (time.process_time_ns() - began) / 1000 / sum(map(len, calls))


def compared(menu: Menu, rounds: int) -> tuple[float, float, float]:
    """Return the microseconds of an event for the menu agent and a dialogue, and the ratio, as medians."""
    document = dialogue_of(menu)
    makes: tuple[Make, Make] = (lambda: MenuAgent(menu), lambda: DialogueAgent(document))
    calls = [[events(make, way) for way in WAYS] for make in makes]
    pairs = []
    for _ in range(rounds):
        first, second = (microseconds(make, told) for make, told in zip(makes, calls, strict=True))
        pairs.append((first, second, first / second))
    menu_us, dialogue_us, ratio = (statistics.median(column) for column in zip(*pairs, strict=True))
    return menu_us, dialogue_us, ratio


def main() -> int:
    """Print a line for each menu and the line of figures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.agents.run")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    gc.freeze()
    ratios = []
    for name, content in MENUS.items():
        menu_us, dialogue_us, ratio = compared(msgspec.convert(content, Menu), rounds)
        print(f"{name:8} menu {menu_us:5.1f} µs  dialogue {dialogue_us:5.1f} µs  ratio {ratio:.2f}")
        ratios.append(ratio)
    print(f"dialogue_vs_menu={min(ratios):.2f}")
    return int(min(ratios) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
