"""PURE: predict from a person's script how a call goes when no audio is sent.

The agent is an ordinary one: it speaks as soon as the person picks up, answers every key and word, and hangs
up when the script is over. Chance depends on number, attempt and person alone, and the hours on when the call
began, so a prediction made after a restart is the same as before it.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sandbox.line.leg import MOST_DIGITS, Ended
from sandbox.people.people import BETWEEN_KEYS_S, MOODS, PROMPT_PAUSE_S, Kind, Person, PicksUp, ScriptStep

PROMPT_S = 9.0
"""How long the agent's first words take."""
ANSWER_S = 3.0
"""How long it answers a key or a word."""
CLIP_S = 1.2
NOT_REACHED = {
    PicksUp.BUSY: (Ended.BUSY, "The line was busy."),
    PicksUp.NO_ANSWER: (Ended.NO_ANSWER, "Nobody picked up."),
    PicksUp.SWITCHED_OFF: (Ended.SWITCHED_OFF, "The phone was switched off."),
}
NOT_ANSWERED = frozenset(how for how, _ in NOT_REACHED.values())
"""People who were not reached are dialled again; a call that broke is not: the person may have heard it."""


class PredictedCall(NamedTuple):
    """How one call will go: how long it rings and lasts, how it ends and which keys are pressed."""

    ring: timedelta
    talk: timedelta
    how: Ended
    reason: str
    digits: str = ""

    def answered_at(self, began: datetime) -> datetime | None:
        """Return when the person picks up, None if the person does not."""
        return None if self.how in NOT_ANSWERED else began + self.ring

    def ends_at(self, began: datetime) -> datetime:
        """Return when the call is over."""
        return began + self.ring + self.talk


def predict(person: Person, number: str, attempt: int, when: datetime) -> PredictedCall:
    """Return how the call to this number goes at this attempt and time, if this person has the phone."""
    person = person.met(number, attempt, when)
    luck = random.Random(f"{number}:{attempt}:{person.name}")
    ring = timedelta(seconds=luck.uniform(*person.ring_s))
    if ended := NOT_REACHED.get(person.picks_up):
        return PredictedCall(ring, timedelta(0), *ended)
    talk = _Talk(luck, MOODS[person.mood].hesitates_s)
    for step in person.steps():
        talk.take(step)
    talk.finish(person.patience_s)
    return PredictedCall(ring, timedelta(seconds=talk.now), talk.how, talk.reason, talk.digits[:MOST_DIGITS])


@dataclass
class _Talk:
    """Run a script on a clock of seconds since the answer; the agent speaks from `speaks` until `quiet`."""

    luck: random.Random
    hesitates_s: float = 0.0
    now: float = 0.0
    speaks: float = 0.0
    quiet: float = PROMPT_S
    acted: bool = False
    digits: str = ""
    how: Ended = Ended.AGENT_ENDED
    reason: str = "The agent closed the connection, which ends the call."

    def take(self, step: ScriptStep) -> None:
        """Let the person do one step of the script."""
        match step.kind:
            case Kind.LISTEN:
                self.now = self.quiet + PROMPT_PAUSE_S if self.quiet > self.now else self.now + step.seconds
            case Kind.WAIT_SPEECH:
                self.now = max(self.now, self.speaks) if self.quiet > self.now else self.now + step.seconds
            case Kind.WAIT:
                self.now += step.seconds
            case Kind.PRESS:
                self.digits += step.value
                self._act(self.hesitates_s + BETWEEN_KEYS_S + self.luck.uniform(0, 0.4))
            case Kind.SAY:
                self._act(self.hesitates_s + CLIP_S)
            case Kind.BEEP:
                self._act(CLIP_S)
            case Kind.HANG_UP:
                self._hang_up("hung up")

    def _act(self, seconds: float) -> None:
        """Let an act of the person take its time; the agent stops its prompt and answers."""
        self.now += seconds
        self.speaks, self.quiet, self.acted = self.now, self.now + ANSWER_S, True

    def _hang_up(self, what: str) -> None:
        self.how, self.reason = Ended.PERSON_HUNG_UP, f"The person {what}."

    def finish(self, patience_s: float) -> None:
        """End the call: the agent hangs up after its last words; a person who did nothing hangs up later."""
        if self.how is Ended.PERSON_HUNG_UP:
            return
        self.now = max(self.now, self.quiet)
        if not self.acted:
            self.now += patience_s
            self._hang_up(f"hung up after hearing nothing for {patience_s:g} seconds")
