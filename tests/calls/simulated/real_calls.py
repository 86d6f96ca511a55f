"""Calls held by a whole conversation, with a far end that plays in real order: logs as real ones are."""

from calls.agents.base import CallContext
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.audio.pcm import silence
from calls.conversation.limits import ConversationLimits
from calls.conversation.outputs import Compose, Entry, EntryKind, Step, Synthesise
from calls.simulated.script import speaking_ms
from tests.calls.line import Line


class RealCall(Line):
    """A conversation whose prompts are made at once, as long as in a simulated call."""

    def __init__(self, document: DialogueConfiguration, context: CallContext) -> None:
        super().__init__(limits=ConversationLimits(idle_s=60))
        self.begin(DialogueAgent(document), context)

    def keep(self, step: Step) -> Step:
        kept = super().keep(step)
        for effect in step.effects:
            if isinstance(effect, Synthesise):
                made = silence(20 * (speaking_ms(effect.text, effect.language) // 20))
                self.keep(self.talk.audio_ready(effect.prompt, made, self.now))
            elif isinstance(effect, Compose):
                text = " ".join(piece.text for piece in effect.pieces)
                made = silence(20 * (speaking_ms(text, effect.language) // 20))
                self.keep(self.talk.audio_ready(effect.prompt, made, self.now))
        return kept

    def does(self, *script: float | str) -> list[Entry]:
        """Seconds to wait, keys to press, `stop` to hang up; then the call goes on to its end."""
        for given in script:
            if isinstance(given, float | int):
                self.wait(given)
            elif given == "stop":
                self.receive(self.platform.stop("hung up"))
            else:
                self.key(given)
        while self.close is None:
            self.wait(5.0)
        return [entry for entry in self.entries if entry.kind is not EntryKind.STATS]
