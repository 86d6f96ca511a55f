"""Every kind of agent, by name: how it is configured and made. A new kind is one line here."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from calls.agents.base import Agent, ConfigurationError
from calls.agents.echo import EchoAgent, EchoConfiguration
from calls.agents.menu.agent import MenuAgent
from calls.agents.menu.configuration import MenuConfiguration
from calls.agents.playback import PlaybackAgent, PlaybackConfiguration

__all__ = ["KINDS", "ConfigurationError", "build", "read", "validate"]


class Kind(NamedTuple):
    """`configuration` is a msgspec struct with `.problems()`, `make` takes one."""

    configuration: type[Any]
    make: Callable[[Any], Agent]


KINDS: Mapping[str, Kind] = {
    "playback": Kind(PlaybackConfiguration, PlaybackAgent),
    "menu": Kind(MenuConfiguration, MenuAgent),
    "echo": Kind(EchoConfiguration, EchoAgent),
}
for _kind in KINDS.values():
    # msgspec works a struct type out when it is first read. Two threads at that at once end the process with
    # a segmentation fault (0.22: the second sees the type half done); the first calls of a server are such.
    msgspec.json.Decoder(_kind.configuration)
_WHERE = re.compile(r" - at `\$\.?(.*)`$")


def build(kind: str, configuration: Mapping[str, object]) -> Agent:
    """An agent for one call. ConfigurationError, with every problem in its text, if there are any."""
    problems = validate(kind, configuration)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return KINDS[kind].make(read(kind, configuration))


def validate(kind: str, configuration: Mapping[str, object]) -> list[str]:
    """What is wrong with a configuration, in sentences; an empty list means that calls can be held."""
    try:
        problems: list[str] = read(kind, configuration).problems()
    except ConfigurationError as refused:
        return [str(refused)]
    return problems


def read(kind: str, configuration: Mapping[str, object]) -> Any:
    """The configuration as the struct of its kind, not checked further. ConfigurationError."""
    if kind not in KINDS:
        raise ConfigurationError(f"There is no agent of kind “{kind[:40]}”; there are {', '.join(KINDS)}.")
    try:
        return msgspec.convert(dict(configuration), KINDS[kind].configuration)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_sentence(str(error))) from error


def _sentence(error: str) -> str:
    """msgspec's words with the place first: "languages.hi.opening: Expected `str`, got `int`."."""
    found = _WHERE.search(error)
    if not found:
        return f"{error}."
    place = found[1] or "the configuration"
    return f"`{place}`: {error[: found.start()]}."
