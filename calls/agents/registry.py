"""The kinds of agents by name, and agents made from their stored configurations.

A new kind is one file beside this one that ends with its `KIND`, and one line in `KINDS`. The names are those
of `campaigns.models.AgentKind`, from which the `kind` column's database check is made.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from calls.agents import dialogue, echo, playback
from calls.agents.base import Agent, Configuration, ConfigurationError, Kind, with_place

__all__ = ["KINDS", "ConfigurationError", "Kind", "build", "read", "validate"]

KINDS: Final[Mapping[str, Kind]] = {
    "playback": playback.KIND,
    "dialogue": dialogue.KIND,
    "echo": echo.KIND,
}
for _kind in KINDS.values():
    # msgspec works a struct type out when it is first read. Two threads at that at once end the process with
    # a segmentation fault (0.22: the second sees the type half done); the first calls of a server are such.
    msgspec.json.Decoder(_kind.configuration)


def build(kind: str, configuration: Mapping[str, object]) -> Agent:
    """Return a new agent for one call. Raises `ConfigurationError` with every problem in its text."""
    made = _checked(kind, msgspec.json.encode(configuration))
    return KINDS[kind].make(made)


@lru_cache(maxsize=64)
def _checked(kind: str, content: bytes) -> Configuration:
    """Return a configuration without problems, read and checked once for all calls that are held with it."""
    made = read(kind, msgspec.json.decode(content))
    if problems := made.problems():
        raise ConfigurationError(" ".join(problems))
    return made


def validate(kind: str, configuration: Mapping[str, object]) -> list[str]:
    """Return what is wrong with a configuration, in sentences; an empty list if calls can be held with it."""
    try:
        return read(kind, configuration).problems()
    except ConfigurationError as refused:
        return [str(refused)]


def read(kind: str, configuration: Mapping[str, object]) -> Configuration:
    """Return the configuration as the struct of its kind; its values are not checked (`problems`).

    Raises `ConfigurationError` for an unknown kind, an unknown or missing field, or a wrong type.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"There is no agent of kind “{kind[:40]}”; there are {', '.join(KINDS)}.")
    try:
        return msgspec.convert(dict(configuration), KINDS[kind].configuration)
    except msgspec.ValidationError as error:
        raise ConfigurationError(with_place(error)) from error
