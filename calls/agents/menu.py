"""Speaks and takes a key: opening, message, question; a key is an outcome, 9 is "do not call again".

A key interrupts whatever is being said. Silence is answered by one repeat and then a goodbye; a wrong key by
"not understood" and the question again, a few times. The call ends when the closing words have been heard,
and until then 9 still counts.
"""

from collections.abc import Sequence

from calls.agents.base import (
    Action,
    AgentEvent,
    CallContext,
    CallStarted,
    ClearAudio,
    HangUp,
    KeyPressed,
    Note,
    OptOut,
    PromptEnded,
    PromptFailed,
    ReachOutcome,
    RecordAnswer,
    Say,
    StartTimer,
    StopTimer,
    TimerFired,
)
from calls.agents.menu_configuration import OPT_OUT_KEY, MenuConfiguration

OPTED_OUT = "opted_out"
OPENING, MESSAGE, NOT_UNDERSTOOD = "Opening", "Message", "Not understood"
REPLY, GOODBYE, OPT_OUT, SORRY = "Reply", "Goodbye", "No further calls", "Sorry"
_ANSWER = "answer"


class MenuAgent:
    """One call of a menu."""

    wants_audio = False

    def __init__(self, configuration: MenuConfiguration) -> None:
        self._configuration = configuration
        self._language = configuration.default_language
        self._texts = configuration.languages[self._language]
        self._variables: dict[str, str] = {}
        self._question_name = _question_name(list(configuration.choices))
        self._closing = ""
        """The prompt after which the call ends; empty while there is none."""
        self._hang_up_reason = ""
        self._opted_out = False
        self._repeated = False
        self._misses = 0

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        match event:
            case CallStarted(context):
                return self._begin(context)
            case KeyPressed(digit):
                return self._key(digit)
            case TimerFired(name) if name == _ANSWER and not self._closing:
                return self._silence()
            case PromptEnded(name, finished):
                return self._prompt_ended(name, finished=finished)
            case PromptFailed(name):
                return self._prompt_failed(name)
            case _:
                return []

    def _begin(self, context: CallContext) -> list[Action]:
        self._variables = {"name": context.name, **context.variables}
        self._language, self._texts = self._configuration.texts_for(context.language)
        missing = self._configuration.missing(self._texts.all(), self._variables)
        if missing:
            note = Note(f"The texts need {', '.join(missing)}, which this person has no usable value for.")
            return [note, *self._say_sorry("We hung up because a value to be spoken is missing.")]
        return [*self._note_language(context.language), self._say(OPENING, self._texts.opening), *self._ask()]

    def _note_language(self, asked: str) -> list[Action]:
        if asked.lower().startswith(self._language.lower()):
            return []
        return [Note(f"There are no texts in “{asked}”; “{self._language}” is spoken instead.")]

    def _ask(self) -> list[Action]:
        message = [self._say(MESSAGE, self._texts.message)] if self._texts.message.strip() else []
        return [*message, self._say(self._question_name, self._texts.question)]

    def _say(self, name: str, text: str) -> Say:
        filled = self._configuration.fill(text, self._variables, language=self._language)
        return Say(name, filled, self._language)

    def _say_last(self, name: str, text: str, reason: str) -> list[Action]:
        self._closing, self._hang_up_reason = name, reason
        return [self._say(name, text)]

    # --- keys ----------------------------------------------------------------------------------------

    def _key(self, digit: str) -> list[Action]:
        if digit == OPT_OUT_KEY:
            return self._opt_out()
        if self._closing:
            return []
        interrupt: list[Action] = [StopTimer(_ANSWER), ClearAudio(f"{digit} was pressed")]
        return [*interrupt, *(self._choose(digit) if digit in self._configuration.choices else self._miss())]

    def _opt_out(self) -> list[Action]:
        if self._opted_out:
            return []
        self._opted_out = True
        last = self._say_last(OPT_OUT, self._texts.opt_out, "We hung up after confirming: no further calls.")
        return [
            StopTimer(_ANSWER),
            ClearAudio(f"{OPT_OUT_KEY} was pressed"),
            OptOut("key", OPT_OUT_KEY),
            ReachOutcome(OPTED_OUT, "Asked not to be called again"),
            *last,
        ]

    def _choose(self, digit: str) -> list[Action]:
        choice = self._configuration.choices[digit]
        return [
            RecordAnswer(self._configuration.question, digit, choice.label),
            ReachOutcome(choice.outcome, choice.label),
            *self._say_last(REPLY, self._texts.replies[digit], "We hung up after the reply."),
        ]

    def _miss(self) -> list[Action]:
        self._misses += 1
        if self._misses >= self._configuration.most_misses:
            return self._say_goodbye(f"{self._misses} keys were pressed that mean nothing here")
        again = self._say(self._question_name, self._texts.question)
        return [self._say(NOT_UNDERSTOOD, self._texts.not_understood), again]

    # --- time and prompts ----------------------------------------------------------------------------

    def _silence(self) -> list[Action]:
        if self._repeated:
            return self._say_goodbye("no key was pressed")
        self._repeated = True
        return self._ask()

    def _say_goodbye(self, why: str) -> list[Action]:
        reason = f"We hung up after goodbye: {why}."
        return self._say_last(GOODBYE, self._texts.goodbye, reason)

    def _prompt_ended(self, name: str, *, finished: bool) -> list[Action]:
        if self._closing:
            return [HangUp(self._hang_up_reason)] if name == self._closing else []
        if name == self._question_name and finished:
            return [StartTimer(_ANSWER, self._configuration.answer_seconds)]
        return []

    def _prompt_failed(self, name: str) -> list[Action]:
        if self._closing:
            return [HangUp(self._hang_up_reason)] if name == self._closing else []
        reason = "We hung up because our words could not be spoken."
        return [ClearAudio("a prompt could not be spoken"), *self._say_sorry(reason)]

    def _say_sorry(self, reason: str) -> list[Action]:
        if not self._texts.sorry.strip():
            self._closing, self._hang_up_reason = SORRY, reason
            return [HangUp(reason)]
        return self._say_last(SORRY, self._texts.sorry, reason)


def _question_name(keys: list[str]) -> str:
    *first, last = keys
    return f"Choose {', '.join(first)} or {last}" if first else f"Press {last}"
