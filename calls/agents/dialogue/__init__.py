"""The agent that holds a dialogue: a graph of steps as data, and one engine that runs it."""

from calls.agents.dialogue.agent import KIND

__all__ = ["KIND"]
