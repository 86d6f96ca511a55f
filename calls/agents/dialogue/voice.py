"""PURE: what is said in one call of a dialogue, what may cut it, and what of it was heard."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from calls.agents import base
from calls.agents.base import NO_BARGE_IN, Action, BargeIn
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import Again, Document, Prompt
from calls.agents.dialogue.plan import Plan, plan_of
from calls.agents.dialogue.wording import MissingValueError, Table, Wording, pieces, slots, texts
from campaigns.spreadsheets.written import Kind

_TITLES = {
    doc.CUT_OFF: "We were cut off",
    doc.OPT_OUT: "No further calls",
    doc.SORRY: "Sorry",
    doc.WRONG: "Not understood",
}
_MOST_INTERRUPTIONS = 2
"""By speech; after them a question is spoken to its end: the television in the room talks on."""


class Words(Struct, frozen=True, gc=False):
    """Something to say: whose it is, its name in the log, its pieces."""

    step_id: str
    role: str
    name: str
    pieces: tuple[base.Piece, ...]

    @property
    def asks(self) -> bool:
        """Whether they are a question, or belong to it."""
        return self.role.startswith(("ask", "confirm", "option"))


@lru_cache(maxsize=4096)
def _written(plan: Plan, table: Table, step_id: str, role: str) -> tuple[Words, Prompt] | None:
    """Return a step's words and how they are written; None if it has none.

    Those without values are alike in all calls; others are without pieces here.
    """
    prompt = table.prompt(step_id, role)
    if prompt is None:
        return None
    what = role if role in _TITLES else role.partition("_")[0]
    name = _TITLES.get(what) or plan.steps[step_id].title or step_id
    has_values = any(slots(text) for text in texts(prompt))
    return Words(step_id, role, name, () if has_values else pieces(prompt, str)), prompt


class Voice:
    """What is said in one call. Prompts end in the order in which they were queued."""

    def __init__(self, document: Document) -> None:
        self.wording = Wording(document, document.default_language)
        self.interruptions = 0
        """Prompts that speech has cut."""
        self.unspeakable: list[str] = []
        """Values that words needed and did not have."""
        self._plan = plan_of(document)
        self._queue: list[Words] = []
        self._heard: dict[str, bool] = {}
        """Whether the words of a step that are over were heard to their end, this time or before."""

    def words(self, step_id: str, role: str) -> list[Words]:
        """Return a step's words for a role, in a list; empty if it has none, or if they can't be spoken."""
        written = _written(self._plan, self.wording.table, step_id, role)
        if written is None:
            return []
        words, prompt = written
        if words.pieces:
            return [words]
        try:
            return [Words(step_id, role, words.name, self.wording.fill(prompt))]
        except MissingValueError as missing:
            self.unspeakable.append(missing.args[0])
            return []

    def say(self, words: Words, barge_in: BargeIn = NO_BARGE_IN) -> Action:
        """Queue words and return the action that says them."""
        self._queue.append(words)
        language = self.wording.language
        if len(words.pieces) == 1 and isinstance(words.pieces[0], base.TextPiece):
            return base.Say(words.name, words.pieces[0].text, language, barge_in)
        return base.SayPieces(words.name, words.pieces, language, barge_in)

    def say_before(self, words: Sequence[Words]) -> list[Action]:
        """Queue what leads to a question, or asks it; return the actions, with what may cut it."""
        return [self.say(word, self.switches(word.step_id)) for word in words]

    def not_understood(self, step_id: str, time: int) -> list[Action]:
        """Return the actions that say that a key meant nothing, for the n-th time."""
        words = self.words(step_id, f"wrong_{time}") or self.words(doc.GENERAL, doc.WRONG)
        return [self.say(word, self.switches(step_id)) for word in words]

    def switches(self, step_id: str) -> BargeIn:
        """Return what may cut the words of a step that lead to a question, or ask it."""
        at_first, later = self._plan.cuts.get(step_id, self._plan.usual_cuts)
        return at_first if self.interruptions < _MOST_INTERRUPTIONS else later

    def again(self, step_id: str) -> Again:
        """Return when the words of a step are said again; `NEVER` for a step that is no `say`."""
        step = self._plan.steps.get(step_id)
        return step.again if isinstance(step, doc.Say) else Again.NEVER

    def again_words(self, step_ids: Sequence[str]) -> list[Words]:
        """Return the words of `say` steps once more, in order."""
        return [word for step_id in step_ids for word in self.words(step_id, "say")]

    def keep(self, values: Mapping[str, str], kinds: Mapping[str, Kind]) -> None:
        """Keep values of the call, each of its kind."""
        for name, value in values.items():
            self.wording.keep(name, value, kinds[name])

    def over(self, name: str, *, finished: bool) -> Words | None:
        """Note that a prompt is over and return it; None if it was not queued."""
        for place, words in enumerate(self._queue):  # nearly always the first
            if words.name == name:
                del self._queue[place]
                self._heard[words.step_id] = finished or self._heard.get(words.step_id, False)
                return words
        return None

    def was_cut(self, step_id: str, *, just_now: bool) -> bool:
        """Return whether a step's words were not heard to their end. `just_now`: what played is cut."""
        return not self._heard.get(step_id, not just_now)

    def is_asking(self, step_id: str) -> bool:
        """Return whether the words of a step's question are still to be heard."""
        return any(queued.step_id == step_id and queued.asks for queued in self._queue)
