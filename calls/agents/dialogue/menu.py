"""PURE: a menu, as agents were configured before dialogues: read and checked, to be made into one."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct, field

from calls.agents import verbalize
from calls.agents.dialogue.document import KEYS, OPT_OUT_KEY, BargeInSwitches, Time
from calls.agents.dialogue.wording import SLOT, slots
from campaigns.schedule.callback_times import UnreadableMoment, moment

_KEYS = frozenset(KEYS)
_MOST_TEXT = 2000
ANSWER = "answer"
"""The variable that stands for collected digits in a reply."""
_NO_ANSWER_KINDS = (verbalize.Kind.DATE, verbalize.Kind.TIME, verbalize.Kind.NAME)
_MOST_DIGITS = 20
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands for now where only the format of a moment is checked."""


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """What a key means: `outcome` for the figures, `label` for people."""

    outcome: str
    label: str

    def problems(self, key: str) -> Iterator[str]:
        """Yield a sentence for a key that can't be pressed for it, and for a missing outcome or label."""
        if key == OPT_OUT_KEY:
            yield f"Key {OPT_OUT_KEY} always means “do not call again” and cannot be a choice."
        elif key not in _KEYS:
            yield f"“{key[:20]}” is not a key; use one of 0 to 8, * and #."
        if not self.outcome.strip() or not self.label.strip():
            yield f"The choice for key {key[:20]} needs an outcome and a label."


class Digits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number asked for after a choice: `least` to `most` digits, ended early by `terminator` or a pause."""

    question: str
    most: int
    least: int = 1
    terminator: str = "#"
    first_digit_seconds: float = 6.0
    inter_digit_seconds: float = 3.0
    attempts: int = 2

    def problems(self) -> Iterator[str]:
        """Yield a sentence, without its subject, for each value that digits cannot be taken with."""
        if not self.question.strip():
            yield "needs a `question`, the name under which the digits are stored."
        if not 1 <= self.least <= self.most or not 2 <= self.most <= _MOST_DIGITS:
            yield f"needs `least` and `most` with 1 ≤ least ≤ most, and `most` between 2 and {_MOST_DIGITS}."
        if self.terminator not in ("", "#", "*"):
            yield "has a `terminator` that is not #, * or empty."
        if not all(1 <= s <= 30 for s in (self.first_digit_seconds, self.inter_digit_seconds)):
            yield "needs `first_digit_seconds` and `inter_digit_seconds` between 1 and 30."
        if not 1 <= self.attempts <= 5:
            yield "needs `attempts` between 1 and 5."


class Later(Struct, frozen=True, forbid_unknown_fields=True):
    """`key` means "call me later"; then one of `times` is chosen by key, as the answer to `question`."""

    key: str
    times: dict[str, Time]
    question: str = "call_back"

    def problems(self) -> Iterator[str]:
        """Yield a sentence, without its subject, for each value that a time cannot be chosen with."""
        if not self.times:
            yield "needs at least one key under `times`."
        if not self.question.strip():
            yield "needs a `question`, the name under which the choice is stored."
        for key, time in self.times.items():
            if key == OPT_OUT_KEY or key not in _KEYS:
                yield f"has the time key “{key[:20]}”; use one of 0 to 8, * and #."
            if not time.label.strip():
                yield f"needs a `label` for its time key {key[:20]}."
            try:
                moment(time.when, now=_ANY_DAY)
            except UnreadableMoment as error:
                yield f"can't be asked for with key {key[:20]}: {error}"


class LaterTexts(Struct, frozen=True, forbid_unknown_fields=True):
    """The words for it: the question about the time, a reply for each, and `full`: no further call-back."""

    question: str
    full: str
    replies: dict[str, str]

    def all(self) -> list[str]:
        """Return every text: the question, `full`, the replies."""
        return [self.question, self.full, *self.replies.values()]


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said in one language. `{name}` stands for a variable; `sorry` may hold none."""

    opening: str
    question: str
    not_understood: str
    goodbye: str
    opt_out: str
    replies: dict[str, str]
    message: str = ""
    sorry: str = ""
    collect: dict[str, str] = field(default_factory=dict)
    later: LaterTexts | None = None

    def all(self) -> list[str]:
        """Return every text that may hold variables: all but `sorry`."""
        fixed = [self.opening, self.message, self.question, self.not_understood, self.goodbye, self.opt_out]
        later = self.later.all() if self.later else []
        return [*fixed, *self.collect.values(), *self.replies.values(), *later]

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each text with a misplaced variable or brace, or of too many characters."""
        if SLOT.search(self.sorry):
            yield "`sorry` must not hold variables: it is said when one is missing."
        for text in (*self.all(), self.sorry):
            rest = SLOT.sub("", text)
            if "{" in rest or "}" in rest:
                yield f"a brace in “{text[:40]}…” does not belong to a variable such as {{amount}}."
            if len(text) > _MOST_TEXT:
                yield f"“{text[:40]}…” is longer than {_MOST_TEXT} characters."


class MenuConfiguration(Struct, frozen=True, forbid_unknown_fields=True):
    """See docs/agents.md for a complete example."""

    default_language: str
    languages: dict[str, Texts]
    choices: dict[str, Choice]
    variables: dict[str, verbalize.Kind] = field(default_factory=dict)
    question: str = "menu"
    answer_seconds: float = 6.0
    most_misses: int = 3
    barge_in: BargeInSwitches = BargeInSwitches()
    collect: dict[str, Digits] = field(default_factory=dict)
    later: Later | None = None

    def problems(self) -> list[str]:
        """Return a sentence for each contradiction, gap or value out of range; empty if there is none."""
        found = []
        if self.default_language not in self.languages:
            found.append(f"`languages` has no texts in the default language “{self.default_language}”.")
        if not 1 <= self.answer_seconds <= 60:
            found.append("`answer_seconds` must be between 1 and 60.")
        if not 1 <= self.most_misses <= 10:
            found.append("`most_misses` must be between 1 and 10.")
        found += [] if self.choices else ["`choices` is empty; a menu needs at least one key."]
        found += [problem for key, choice in self.choices.items() for problem in choice.problems(key)]
        found += self._collect_problems()
        if later := self.later:
            if later.key in self.choices or later.key == OPT_OUT_KEY or later.key not in _KEYS:
                found.append(
                    f"`later` needs a `key` of its own among 0 to 8, * and #, not “{later.key[:20]}”."
                )
            if later.question == self.question:
                found.append(f"`later` needs a `question` other than “{self.question}”.")
            found += [f"`later` {problem}" for problem in later.problems()]
        for language, texts in self.languages.items():
            found += [f"In “{language}”: {problem}" for problem in self._text_problems(texts)]
        return found

    def _collect_problems(self) -> Iterator[str]:
        for key, digits in self.collect.items():
            if key not in self.choices:
                yield f"`collect` has key {key[:20]}, which is no choice."
            if digits.question == self.question:
                yield f"The digits after key {key[:20]} need a `question` other than “{self.question}”."
            yield from (f"`collect` for key {key[:20]} {problem}" for problem in digits.problems())
        if self.variables.get(ANSWER, verbalize.Kind.TEXT) in _NO_ANSWER_KINDS:
            yield f"`{ANSWER}` stands for digits that were pressed; they are no date."

    def _text_problems(self, texts: Texts) -> Iterator[str]:
        for name in ("opening", "question", "not_understood", "goodbye", "opt_out"):
            if not getattr(texts, name).strip():
                yield f"`{name}` is empty."
        if set(texts.replies) != set(self.choices) or not all(t.strip() for t in texts.replies.values()):
            yield "`replies` must have one text for each key of `choices`."
        if set(texts.collect) != set(self.collect) or not all(t.strip() for t in texts.collect.values()):
            yield "`collect` must have one text for each key of the configuration's `collect`."
        times = set(self.later.times) if self.later else None
        answered = set(texts.later.replies) if texts.later else None
        if times != answered or (texts.later and not all(text.strip() for text in texts.later.all())):
            yield "`later` must have a `question`, `full`, and a reply for each of its times."
        after_digits = [texts.replies.get(key, "") for key in self.collect]
        before_digits = [text for text in texts.all() if text not in after_digits]
        if self.collect and any(ANSWER in slots(text) for text in before_digits):
            yield f"{{{ANSWER}}} is known only in the reply after digits were collected."
        yield from texts.problems()

    def values(self) -> dict[str, verbalize.Kind]:
        """Return the kinds of `variables` and, as text, of what the texts use besides: all but our own."""
        spoken = (slot for texts in self.languages.values() for text in texts.all() for slot in slots(text))
        others = (name for name in spoken if name not in ("name", ANSWER))
        return {
            **self.variables,
            **{name: verbalize.Kind.TEXT for name in others if name not in self.variables},
        }
