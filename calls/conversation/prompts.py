"""PURE: the prompts an agent asked for: whose audio is still being made, and what may cut which.

`Playout` plays them; this knows what was asked of the world for them, and until when it is waited for.
"""

from calls.agents import base
from calls.conversation.outputs import Compose, Effect, LoadClip, Synthesise
from calls.conversation.playout import Playout, PromptFinished


class Prompts:
    """One call's prompts, by the keys that `Playout` gives them. Times in seconds."""

    def __init__(self, playout: Playout, *, wait_s: float) -> None:
        """`wait_s`: how long speech or a clip may take to be made."""
        self.cut_by_speech = False
        """Whether some prompt of this call can be, or could have been."""
        self._playout, self.wait_s = playout, wait_s
        self._deadlines: dict[str, float] = {}
        self._barge_in: dict[str, base.BargeIn] = {}
        self._effects: list[Effect] = []

    def add(self, action: base.Play | base.PlayClip | base.Say | base.SayPieces, now: float) -> None:
        """Queue a prompt; ask for its audio, if it has none. Raise ValueError as `Playout.add` does."""
        if isinstance(action, base.Play):
            key = self._playout.add(action.name, action.pcm)
        else:
            key = self._playout.add(action.name)
            self._deadlines[key] = now + self.wait_s
            self._effects.append(_effect(key, action))
        if action.barge_in != base.NO_BARGE_IN:
            self._barge_in[key] = action.barge_in
            self.cut_by_speech |= action.barge_in.speech

    def take_effects(self) -> list[Effect]:
        """Return what has been asked of the world since the last call, in order."""
        taken, self._effects = self._effects, []
        return taken

    def fill(self, key: str, pcm: bytes) -> None:
        """Take the audio of a prompt. Ignored if it is not waited for any more."""
        if self._playout.fill(key, pcm):
            self._deadlines.pop(key, None)

    def fail(self, key: str) -> str | None:
        """Give a prompt up whose audio will not come. Return its name; None if it is not waited for."""
        self._forget(key)
        return self._playout.fail(key)

    def take_finished(self) -> list[PromptFinished]:
        """Return the prompts that are over since the last call, in order."""
        finished = self._playout.take_finished()
        for prompt in finished:
            self._forget(prompt.key)
        return finished

    def barge_in(self, now: float) -> base.BargeIn:
        """Return what cuts the first prompt not heard to its end; `NO_BARGE_IN` when all were heard."""
        key = self._playout.unheard(now)
        return base.NO_BARGE_IN if key is None else self._barge_in.get(key, base.NO_BARGE_IN)

    def late(self, now: float) -> list[str]:
        """Return the keys of the prompts whose audio did not come in time."""
        return [key for key, until in self._deadlines.items() if until <= now]

    def deadlines(self) -> list[float]:
        """Return the moments until which audio is waited for."""
        return list(self._deadlines.values())

    def drop_deadlines(self) -> None:
        """Wait for no audio any more."""
        self._deadlines.clear()

    def _forget(self, key: str) -> None:
        self._deadlines.pop(key, None)
        self._barge_in.pop(key, None)


def _effect(key: str, action: base.PlayClip | base.Say | base.SayPieces) -> Effect:
    match action:
        case base.PlayClip():
            return LoadClip(key, action.clip)
        case base.Say():
            return Synthesise(key, action.text, action.language)
        case base.SayPieces():
            return Compose(key, action.pieces, action.language)
