"""PURE: what the calls of a document have in common: worked out once for all of them."""

from collections.abc import Mapping
from functools import lru_cache

from calls.agents.base import BargeIn
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import Answer, answers
from calls.agents.dialogue.document import Document, Same


class Plan:
    """The steps of a document and what is asked of them in each call. Nothing changes it."""

    def __init__(self, document: Document) -> None:
        self.steps: Mapping[str, doc.AnyStep] = dict(document.all_steps())
        self.listens = document.listens_to_speech()
        self.answers: Mapping[str, Mapping[str, Answer]] = {
            step_id: answers(step) for step_id, step in self.steps.items() if isinstance(step, doc.Ask)
        }
        """What each key of a question means."""
        self.cuts: dict[str, tuple[BargeIn, BargeIn]] = {}
        """What may cut the words of a step: while speech may, and when it may not any more."""
        for step_id, step in self.steps.items():
            own = step.barge_in if isinstance(step, doc.Say | doc.Ask | doc.Digits | doc.Record) else None
            self.cuts[step_id] = _cuts(own or document.barge_in)
        self.usual_cuts = _cuts(document.barge_in)


def plan_of(document: Document) -> Plan:
    """Return the plan of a document; made when its first call begins."""
    return _plan(Same(document))


@lru_cache(maxsize=64)
def _plan(same: Same) -> Plan:
    return Plan(same.document)


def _cuts(switches: doc.BargeInSwitches) -> tuple[BargeIn, BargeIn]:
    return BargeIn(speech=switches.speech, key=switches.key), BargeIn(speech=False, key=switches.key)
