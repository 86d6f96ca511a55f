"""Our application with the menu agent of before in the place of dialogues, for `bench.media.pair`.

The old agent is in the tests, where a dialogue made of a menu must do the same.
"""

import msgspec

from awaaz_project.asgi import application
from bench.shared.rows import MENU
from calls.agents import registry
from calls.agents.base import Agent, Configuration
from tests.calls.agents.menu_agent import Menu, MenuAgent

__all__ = ["application"]

_MENU = msgspec.convert(MENU, Menu)


def _make(_: Configuration) -> Agent:
    """Return a menu agent: all dialogues that are called here were made of one menu."""
    return MenuAgent(_MENU)


registry.KINDS["dialogue"] = registry.KINDS["dialogue"]._replace(make=_make)  # type: ignore[index]
