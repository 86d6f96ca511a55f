"""The calls under way in this process, for the meters of the page."""

from calls.audio import pcm
from sandbox.line.leg import Leg

LEGS: dict[int, Leg] = {}
"""By the id of the call's record; `Dialer.talk` adds and removes them."""
QUIETEST_DBFS = -60.0


def levels() -> dict[str, dict[str, float]]:
    """Return by call how loud the person hears and speaks just now, from 0 (silence) to 1 (full scale)."""
    return {
        str(record): {"heard": _level(leg.last.heard), "said": _level(leg.last.said)}
        for record, leg in list(LEGS.items())
    }


def _level(sound: bytes) -> float:
    return round(max(0.0, 1 - pcm.dbfs(sound) / QUIETEST_DBFS), 2)
