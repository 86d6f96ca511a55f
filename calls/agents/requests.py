"""PURE: what an agent may ask of the world besides audio, and what comes back.

A kind of request is a struct here and a function in `calls.media.performers`, which carries it out. Every
request is answered: by the reply of its kind, or by `Failed`.
"""

from msgspec import Struct


class Request(Struct, frozen=True):
    """Something for the world to do while the call goes on."""


class Reply(Struct, frozen=True):
    """What came of a request."""


class Failed(Reply, frozen=True):
    """It could not be done, or took longer than the agent waits; `reason` is a sentence for the log."""

    reason: str
