"""The agent that speaks and takes a key: its configuration and its conversation."""

from calls.agents.menu.agent import KIND

__all__ = ["KIND"]
