"""PURE: what an agent has asked of the world and waits for. Every request gets one reply, in time."""

from calls.agents import base
from calls.agents.requests import Failed, Reply
from calls.conversation.outputs import Carry


class OpenRequests:
    """One call's requests that have no reply yet. Times in seconds."""

    def __init__(self) -> None:
        self._last_key = 0
        self._open: dict[str, tuple[int, float, float]] = {}
        """By name: the key of its effect, until when it is waited for, and how long that is."""
        self._effects: list[Carry] = []

    def add(self, action: base.Perform, now: float) -> None:
        """Ask for something. An earlier request of that name is not waited for any more."""
        self._last_key += 1
        self._open[action.name] = (self._last_key, now + action.seconds, action.seconds)
        self._effects.append(Carry(self._last_key, action.request))

    def take_effects(self) -> list[Carry]:
        """Return what has been asked of the world since the last call, in order."""
        taken, self._effects = self._effects, []
        return taken

    def answer(self, key: int, reply: Reply) -> base.Performed | None:
        """Return the event of a reply; None if it is not waited for any more."""
        name = next((name for name, (known, _, _) in self._open.items() if known == key), None)
        if name is None:
            return None
        del self._open[name]
        return base.Performed(name, reply)

    def take_late(self, now: float) -> list[base.Performed]:
        """Return the events of requests whose reply did not come in time, the earliest first."""
        late = sorted(
            (until, name, seconds) for name, (_, until, seconds) in self._open.items() if until <= now
        )
        for _, name, _ in late:
            del self._open[name]
        return [base.Performed(name, Failed(f"There was no reply within {s:g} s.")) for _, name, s in late]

    def deadlines(self) -> list[float]:
        """Return the moments until which replies are waited for."""
        return [until for _, until, _ in self._open.values()]

    def drop(self) -> None:
        """Wait for no reply any more."""
        self._open.clear()
