"""Have an agent's words spoken before its calls; the setting `SPEECH_AHEAD` names who does it.

Agents and voices live in `calls`, which nothing here imports.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class Called(NamedTuple):
    """A person who is to be called with one message; `phone` in E.164."""

    message_id: int
    phone: str
    name: str
    language: str
    variables: Mapping[str, Any]


class Prepared(NamedTuple):
    """What became of people's words, by message; those in none of the three were not reached in time."""

    ready: Sequence[int]
    """All that may be said to them lies ready."""
    unspeakable: Mapping[int, str]
    """No voice can speak their words: why, in a sentence."""
    waits: Mapping[int, str]
    """The voice does not speak at present: why, in a sentence."""


class Ahead(Protocol):
    """One agent's words."""

    speaks: bool
    """Whether it says anything that must be made; False for an agent that cannot be built."""

    def prepare(self, people: Sequence[Called], *, seconds: float) -> Prepared:
        """Speak what does not lie ready yet, in the order of the people, for so many seconds; 0: only look.

        Returns who is ready, and what keeps the others from it.
        """
        ...


class Maker(Protocol):
    """The class that reads configurations (`calls.media.prewarm.Ahead`)."""

    def __call__(self, kind: str, configuration: Mapping[str, Any], *, announced: bool) -> Ahead:
        """Return the words of one agent; `announced`: they begin with the notice of the recording."""
        ...


def ahead(kind: str, configuration: Mapping[str, Any], *, announced: bool) -> Ahead:
    """Return the words of one agent, read anew each time, so keep it for many people."""
    made = cast("Maker", import_string(settings.SPEECH_AHEAD))
    return made(kind, configuration, announced=announced)
