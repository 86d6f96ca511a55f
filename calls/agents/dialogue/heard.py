"""PURE: how much of a question was heard, known once its prompts are over: a key that answers cuts them."""

from dataclasses import dataclass, field

from calls.agents.base import PromptEnded, QuestionHeard


@dataclass(slots=True)
class _Asking:
    """One time that a question was asked; `left` of its prompts are not over."""

    left: int
    heard_ms: int = 0
    total_ms: int = 0
    finished: bool = True

    def add(self, event: PromptEnded) -> None:
        self.left -= 1
        self.heard_ms += event.heard_ms
        self.total_ms += event.total_ms
        self.finished &= event.finished

    @property
    def rank(self) -> tuple[bool, float]:
        return self.finished, self.heard_ms / max(1, self.total_ms)


@dataclass(slots=True)
class Askings:
    """The times that the questions of a call were asked, until it was told how much was heard of them.

    Prompts end in the order in which they were queued. Of a question that was asked several times, the time
    counts that was heard the furthest.
    """

    _by_step: dict[str, list[_Asking]] = field(default_factory=dict)
    _answered: list[tuple[str, str, list[_Asking]]] = field(default_factory=list)
    """Step, question and askings of answers whose question is not over."""

    def asked(self, step_id: str, prompts: int) -> None:
        """Note that a step's question is asked by so many prompts."""
        if prompts:
            self._by_step.setdefault(step_id, []).append(_Asking(prompts))

    def over(self, step_id: str, event: PromptEnded) -> list[QuestionHeard]:
        """Note that a prompt of a step's question is over. Return what is known by that of its answer."""
        askings = self._by_step.get(step_id, [])
        if self._answered:
            earlier = [asking for step, _, known in self._answered if step == step_id for asking in known]
            askings = [*earlier, *askings]
        for asking in askings:
            if asking.left:
                asking.add(event)
                break
        return self._known() if self._answered else []

    def answered(self, step_id: str, question: str) -> list[QuestionHeard]:
        """Note that a step's question was answered. Return what was heard of it, if it is over."""
        if askings := self._by_step.pop(step_id, []):
            self._answered.append((step_id, question, askings))
        return self._known()

    def _known(self) -> list[QuestionHeard]:
        told, answered = [], self._answered
        self._answered = []
        for one in answered:
            _, question, askings = one
            if any(asking.left for asking in askings):
                self._answered.append(one)
                continue
            best = max(askings, key=lambda asking: asking.rank)
            told.append(QuestionHeard(question, best.heard_ms, best.total_ms, best.finished))
        return told
