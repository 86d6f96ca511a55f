"""PURE: what waits for the person in a dialogue: a question, digits being taken, slots that are offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calls.agents import base
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import Answer, answers
from calls.agents.dialogue.slots import KINDS as SLOT_KINDS
from calls.agents.dialogue.slots import label_of, values_of
from calls.agents.dialogue.voice import Voice, Words
from calls.agents.requests import FindSlots, OfferedSlot


@dataclass(slots=True, kw_only=True)
class Question:
    """A question that waits for a key: what leads to it, and how often it was asked in vain."""

    step_id: str
    step: doc.Ask
    role: str
    answers: Mapping[str, Answer]
    lead: list[str]
    """Steps whose words are said again with it."""
    options: Sequence[Words] = ()
    """Said behind it: one for each slot offered."""
    silent: int = 0
    wrong: int = 0


@dataclass(slots=True)
class Collection:
    """Digits being taken."""

    step_id: str
    step: doc.Digits
    attempts: int = 0
    pressed: str = ""
    """A value to be confirmed."""

    def begin(self) -> base.Collect:
        """Count an attempt and return the action that takes its digits."""
        self.attempts += 1
        self.pressed = ""
        return base.Collect(
            name=self.step.question or self.step_id,
            least=self.step.least,
            most=self.step.most,
            terminator=self.step.terminator,
            first_digit_s=self.step.first_digit_seconds,
            inter_digit_s=self.step.inter_digit_seconds,
        )

    def confirmation(self) -> Question:
        """Return the question whether the value is right: 1 takes it, 2 asks for the digits again."""
        ask = doc.YesNo(answer_seconds=self.step.first_digit_seconds, barge_in=self.step.barge_in)
        return Question(step_id=self.step_id, step=ask, role="confirm", answers=answers(ask), lead=[])


@dataclass(slots=True)
class Offer:
    """The slots that are offered by a step, and those that it offered before."""

    slots: Sequence[OfferedSlot] = ()
    passed: tuple[int, ...] = ()

    def search(self, step: doc.Slot, day: str) -> FindSlots:
        """Pass over the slots offered so far and return the request for others."""
        self.passed += tuple(slot.id for slot in self.slots)
        return FindSlots(step.calendar, day, self.passed, step.most)

    def question(
        self, step_id: str, step: doc.Slot, slots: Sequence[OfferedSlot], *, voice: Voice
    ) -> Question:
        """Offer slots by the keys from 1 on; return the question which of them it shall be."""
        self.slots = slots
        means, options = dict[str, Answer](), list[Words]()
        for key, slot in ((str(number), slot) for number, slot in enumerate(slots, 1)):
            means[key] = Answer(exit=doc.MATCH, value=str(slot.id), label=label_of(slot))
            voice.keep({"key": key, **values_of(slot)}, SLOT_KINDS)
            options += voice.words(step_id, "option")
        if step.others:
            means[step.others] = Answer(exit=doc.NONE, value="", label="")
        return Question(step_id=step_id, step=step, role="ask", answers=means, lead=[], options=options)
