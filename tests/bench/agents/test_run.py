"""The comparison of a dialogue with the menu agent: both are told the same, and both are timed."""

import msgspec
import pytest

from bench.agents import run
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.from_menu import dialogue_of
from tests.calls.agents.menu_agent import Menu, MenuAgent


@pytest.mark.parametrize("name", run.MENUS)
@pytest.mark.parametrize("way", run.WAYS)
def test_both_are_told_the_same_events(name: str, way: str) -> None:
    menu = msgspec.convert(run.MENUS[name], Menu)
    document = dialogue_of(menu)
    told = run.events(lambda: DialogueAgent(document), way)
    assert told == run.events(lambda: MenuAgent(menu), way)
    assert len(told) > 5


def test_both_are_timed() -> None:
    menu_us, dialogue_us, ratio = run.compared(msgspec.convert(run.MENUS["plain"], Menu), rounds=3)
    assert min(menu_us, dialogue_us, ratio) > 0
