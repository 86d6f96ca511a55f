"""PURE: how a call goes with a person when nobody sends or hears audio, worked out from the person's script.

The agent is an ordinary one: it speaks as soon as somebody picks up, answers whatever the person presses or
says, and hangs up when the person has nothing left to do. The dice depend on number, attempt and person
alone, and the hours on when it began, so what was foretold before a restart is foretold again after it.
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
"""Who was not reached is dialled again; a call that broke is not: the person may have heard it."""


class PredictedCall(NamedTuple):
    """One call to be: how long it rings, how long people talk, how it ends and which keys were pressed."""

    ring: timedelta
    talk: timedelta
    how: Ended
    reason: str
    digits: str = ""

    def answered_at(self, began: datetime) -> datetime | None:
        """When somebody picks up; None if nobody does."""
        return None if self.how in NOT_ANSWERED else began + self.ring

    def ends_at(self, began: datetime) -> datetime:
        return began + self.ring + self.talk


def predict(person: Person, number: str, attempt: int, when: datetime) -> PredictedCall:
    """The call to this number at this attempt and time, if this person has the phone."""
    person = person.met(number, attempt, when)
    luck = random.Random(f"{number}:{attempt}:{person.name}")
    ring = timedelta(seconds=luck.uniform(*person.ring_s))
    if ended := NOT_REACHED.get(person.picks_up):
        return PredictedCall(ring, timedelta(0), *ended)
    talk = _Talk(luck, MOODS[person.mood].hesitates_s)
    for step in person.script:
        talk.take(step)
    talk.wait_for_the_end(person.patience_s)
    return PredictedCall(ring, timedelta(seconds=talk.now), talk.how, talk.reason, talk.digits[:MOST_DIGITS])


@dataclass
class _Talk:
    """Seconds since somebody picked up; the agent speaks from `speaks` until `quiet`."""

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
        """The person does one step of the script."""
        match step.kind:
            case Kind.LISTEN:
                self.now = self.quiet + PROMPT_PAUSE_S if self.quiet > self.now else self.now + step.seconds
            case Kind.WAIT_SPEECH:
                self.now = max(self.now, self.speaks) if self.quiet > self.now else self.now + step.seconds
            case Kind.WAIT:
                self.now += step.seconds
            case Kind.PRESS:
                self._press(step.value)
            case Kind.SAY:
                self._act(self.hesitates_s + CLIP_S)
            case Kind.BEEP:
                self._act(CLIP_S)
            case Kind.HANG_UP:
                self._hang_up("hung up")

    def _press(self, keys: str) -> None:
        for key in keys:
            self.digits += key
            self._act(self.hesitates_s + BETWEEN_KEYS_S + self.luck.uniform(0, 0.4))

    def _act(self, seconds: float) -> None:
        """Something the agent answers, which ends what it was saying."""
        self.now += seconds
        self.speaks, self.quiet, self.acted = self.now, self.now + ANSWER_S, True

    def _hang_up(self, what: str) -> None:
        self.how, self.reason = Ended.PERSON_HUNG_UP, f"The person {what}."

    def wait_for_the_end(self, patience_s: float) -> None:
        """The agent says its last words and hangs up; who did nothing loses patience first."""
        if self.how is Ended.PERSON_HUNG_UP:
            return
        self.now = max(self.now, self.quiet)
        if not self.acted:
            self.now += patience_s
            self._hang_up(f"hung up after hearing nothing for {patience_s:g} seconds")
