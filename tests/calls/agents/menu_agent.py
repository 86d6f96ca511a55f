"""The menu agent as it was before dialogues: what one made of a menu is compared with.

Speak and take a key: opening, message, question; a key is an outcome, 9 is "do not call again".

A key interrupts whatever is being said, speech does if that is configured, but for the opening, which says
who calls and why; then the question comes again, with all before it that was not heard to its end. After a
choice a number may be asked for (`collect`): in it 9 is a digit, and "do not call again" only if it stands
alone. Silence is answered by one repeat and then a goodbye; a wrong key by "not understood" and the question
again, a few times. Speech without a key is waited for, but not without end. One key may mean "call me later"
(`later`): the question is then when, and keys are times. The call ends when the closing words have been
heard, and until then 9 counts.
"""

import re
from collections.abc import Mapping, Sequence

from calls.agents import verbalize
from calls.agents.base import (
    NO_BARGE_IN,
    Action,
    AgentEvent,
    AskCallback,
    BargeIn,
    CallContext,
    CallStarted,
    ClearAudio,
    Collect,
    Collected,
    CollectEnd,
    HangUp,
    KeyPressed,
    Note,
    OptOut,
    PromptEnded,
    PromptFailed,
    ReachOutcome,
    RecordAnswer,
    Say,
    SpeechEnded,
    SpeechStarted,
    StartTimer,
    StopTimer,
    TimerFired,
)
from calls.agents.dialogue.document import OPT_OUT_KEY
from calls.agents.dialogue.menu import ANSWER, Later, MenuConfiguration, Texts
from calls.agents.dialogue.wording import SLOT, slots
from campaigns.rules.results import NOT_SPOKEN

OPTED_OUT = "opted_out"
OPENING, MESSAGE, NOT_UNDERSTOOD = "Opening", "Message", "Not understood"
REPLY, GOODBYE, OPT_OUT, SORRY = "Reply", "Goodbye", "No further calls", "Sorry"
ENTER = "Enter digits"
SPOKE_ON = "spoke_on"
"""The disposition of a call in which there was speech again and again, and no key: an announcement, a
room."""
_ANSWER, _PATIENCE = "answer", "patience"
_LONGEST_SPEECH_S = 10.0
"""Speech that goes on for longer is taken for noise, so that no call waits for its end."""
_MOST_INTERRUPTIONS = 2
"""By speech; after them the question is spoken to its end: the television in the room talks on."""
_MOST_UTTERANCES = 3
"""After a question: each gives the time for an answer once more, further ones do not."""
_LONGEST_WAIT_S = 20.0
"""Beyond the time for an answer, however much is said."""
_TOO_FEW = (CollectEnd.SHORT, CollectEnd.NOTHING)


class Menu(MenuConfiguration, frozen=True):
    """A menu with what its agent and campaigns asked of it."""

    def clips(self) -> tuple[str, ...]:
        """Return the names of the recorded clips that are played: none."""
        return ()

    def texts_for(self, language: str) -> tuple[str, Texts]:
        """Return the language spoken and its texts: `language`, its base (`hi-IN`: `hi`) or the default."""
        base = language.lower().replace("_", "-").partition("-")[0]
        chosen = next((tag for tag in (language, base) if tag in self.languages), self.default_language)
        return chosen, self.languages[chosen]

    def text_languages(self) -> tuple[str, ...]:
        """Return the keys of `languages`."""
        return tuple(self.languages)

    def declared_variables(self) -> tuple[str, ...]:
        """Return the keys of `variables`."""
        return tuple(self.variables)

    def outcomes(self) -> tuple[str, ...]:
        """Return the outcomes of the choices, in the order written."""
        return tuple(dict.fromkeys(choice.outcome for choice in self.choices.values()))

    def variable_kinds(self) -> Mapping[str, str]:
        """Return `variables`."""
        return self.variables

    def heard(self, language: str) -> str:
        """Return the language of the texts that a person of `language` hears."""
        return self.texts_for(language)[0]

    def missing(self, variables: Mapping[str, str], *, language: str) -> tuple[str, ...]:
        """Return the variables of the texts that are absent, blank, or not of the kind declared for them."""
        texts = self.texts_for(language)[1].all()
        found = []
        for name in dict.fromkeys(slot for text in texts for slot in slots(text)):
            value, kind = variables.get(name, ""), self.variables.get(name, verbalize.Kind.TEXT)
            is_collected = name == ANSWER and bool(self.collect)
            if not is_collected and not (value.strip() and verbalize.readable(value, kind)):
                found.append(name)
        return tuple(found)

    def fill(self, text: str, variables: Mapping[str, str], *, language: str) -> str:
        """Return `text` with every variable in words of `language`.

        Raises `KeyError` for a variable that is absent and `ValueError` for one not of its declared kind; the
        digits of `{answer}` are spoken as they are if they are not.
        """

        def words(slot: re.Match[str]) -> str:
            name, value = slot[1], variables[slot[1]]
            is_collected = name == ANSWER and bool(self.collect)
            kind = self.variables.get(name, verbalize.Kind.DIGITS if is_collected else verbalize.Kind.TEXT)
            if is_collected and not verbalize.readable(value, kind):
                kind = verbalize.Kind.TEXT
            return verbalize.speak(value, kind, language)

        return SLOT.sub(words, text)


class MenuAgent:
    """One call of a menu: its language, where in the dialogue it is, and what the person chose."""

    wants_audio = False

    def __init__(self, configuration: Menu) -> None:
        self._configuration = configuration
        self.wants_speech = configuration.barge_in.speech
        self._language = configuration.default_language
        self._texts = configuration.languages[self._language]
        self._variables: dict[str, str] = {}
        later = [configuration.later.key] if configuration.later else []
        self._question_name = _question_name([*configuration.choices, *later])
        self._choosing_time = False
        """The question is when to call back."""
        self._may_call_back = True
        self._closing = ""
        """The prompt after which the call ends; empty while there is none."""
        self._hang_up_reason = ""
        self._last_words: Say | None = None
        """To be said again if they were dropped."""
        self._opted_out = False
        self._repeated = False
        self._was_heard: dict[str, bool] = {}
        """Whether a prompt that is over was heard to its end, this time or before."""
        self._utterances = 0
        """Since the last question."""
        self._spoke_on = False
        self._misses = 0
        self._questions = 0
        """Queued and not heard to the end."""
        self._speaking = self._cut_off = False
        self._interruptions = 0
        self._collecting = ""
        """The choice whose digits are being taken."""
        self._attempts = 0

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """Return what to say, record or wait for after one event; empty for an event that changes nothing."""
        match event:
            case CallStarted(context):
                return self._begin(context)
            case KeyPressed(digit):
                return self._key(digit)
            case TimerFired(name) if name in (_ANSWER, _PATIENCE) and self._waits_for_key():
                return self._no_answer(spoke_on=name == _PATIENCE or self._utterances > _MOST_UTTERANCES)
            case Collected(_, digits, reason) if self._collecting:
                return self._collected(digits, reason)
            case SpeechStarted() | SpeechEnded():
                return self._speech(began=isinstance(event, SpeechStarted))
            case PromptEnded() | PromptFailed():
                return self._prompt_over(event)
            case _:
                return []

    def _begin(self, context: CallContext) -> list[Action]:
        self._variables = {"name": context.name, **context.variables}
        self._may_call_back = context.callback
        self._language, self._texts = self._configuration.texts_for(context.language)
        missing = self._configuration.missing(self._variables, language=context.language)
        if missing:
            note = Note(f"The texts need {', '.join(missing)}, which this person has no usable value for.")
            return [note, *self._say_sorry("We hung up because a value to be spoken is missing.")]
        actions: list[Action] = [*self._ask_after([OPENING, MESSAGE])]
        asked, spoken = context.language, self._language
        if not asked.lower().startswith(spoken.lower()):
            actions.insert(0, Note(f"There are no texts in “{asked}”; “{spoken}” is spoken instead."))
        return actions

    def _ask_again(self, *, by_key: bool = False) -> list[Say]:
        """Say the question, and what was cut before it; `by_key`: just now, so that is not reported yet."""
        return self._ask_after(self._cut(just_now=by_key and self._barge_in().key))

    def _cut(self, *, just_now: bool = False) -> list[str]:
        """Return which prompts before the question were not heard to their end."""
        return [name for name in (OPENING, MESSAGE) if not self._was_heard.get(name, not just_now)]

    def _ask_after(self, names: Sequence[str]) -> list[Say]:
        self._questions += 1
        later = self._texts.later if self._choosing_time else None
        said = []
        if OPENING in names:
            said.append(self._say(OPENING, self._texts.opening, BargeIn(key=self._barge_in().key)))
        if MESSAGE in names and self._texts.message.strip() and not self._choosing_time:
            said.append(self._say(MESSAGE, self._texts.message, self._barge_in()))
        question = (later or self._texts).question
        return [*said, self._say(self._question_name, question, self._barge_in())]

    def _no_answer(self, *, spoke_on: bool) -> list[Action]:
        """Say the message and the question once more, the opening too if it was cut; then say goodbye."""
        self._cut_off = False
        self._spoke_on |= spoke_on
        if self._repeated:
            why = "there was speech, and no key was pressed" if self._spoke_on else "no key was pressed"
            return [*self._stop_waiting(), *self._say_goodbye(why)]
        self._repeated = True
        return [*self._stop_waiting(), *self._ask_after([*self._cut(), MESSAGE])]

    def _stop_waiting(self) -> list[Action]:
        return [StopTimer(_ANSWER), *([StopTimer(_PATIENCE)] if self.wants_speech else [])]

    def _barge_in(self) -> BargeIn:
        switches = self._configuration.barge_in
        speech = switches.speech and self._interruptions < _MOST_INTERRUPTIONS
        return BargeIn(speech=speech, key=switches.key)

    def _say(self, name: str, text: str, barge_in: BargeIn = NO_BARGE_IN) -> Say:
        filled = self._configuration.fill(text, self._variables, language=self._language)
        return Say(name, filled, self._language, barge_in)

    def _waits_for_key(self) -> bool:
        return not self._closing and not self._collecting

    def _say_last(self, name: str, text: str, reason: str) -> list[Action]:
        self._closing, self._hang_up_reason = name, reason
        self._last_words = last_words = self._say(name, text)
        return [last_words]

    # --- keys ----------------------------------------------------------------------------------------

    def _key(self, digit: str) -> list[Action]:
        if digit == OPT_OUT_KEY:
            return self._opt_out()
        if self._closing:
            return []
        later, choice = self._configuration.later, self._configuration.choices.get(digit)
        if choice and not self._choosing_time:
            actions = [
                RecordAnswer(self._configuration.question, digit, choice.label),
                ReachOutcome(choice.outcome, choice.label),
                *(self._collect(digit) if digit in self._configuration.collect else self._reply(digit)),
            ]
        elif later and (self._choosing_time or digit == later.key):
            actions = self._call_later(digit, later)
        else:
            actions = self._miss()
        return [*self._stop_waiting(), *actions]

    def _opt_out(self) -> list[Action]:
        if self._opted_out:
            return []
        self._opted_out = True
        last = self._say_last(OPT_OUT, self._texts.opt_out, "We hung up after confirming: no further calls.")
        return [
            *self._stop_waiting(),
            ClearAudio(f"{OPT_OUT_KEY} was pressed"),
            OptOut("key", OPT_OUT_KEY),
            ReachOutcome(OPTED_OUT, "Asked not to be called again"),
            *last,
        ]

    def _reply(self, digit: str) -> list[Action]:
        return self._say_last(REPLY, self._texts.replies[digit], "We hung up after the reply.")

    def _miss(self) -> list[Action]:
        self._misses += 1
        if self._misses >= self._configuration.most_misses:
            return self._say_goodbye(f"{self._misses} keys were pressed that mean nothing here")
        return [self._not_understood(), *self._ask_again(by_key=True)]

    def _not_understood(self) -> Say:
        return self._say(NOT_UNDERSTOOD, self._texts.not_understood, self._barge_in())

    # --- call me later ---------------------------------------------------------------------------------

    def _call_later(self, digit: str, later: Later) -> list[Action]:
        """Ask when; once that is asked take the time whose key was pressed."""
        words, time = self._texts.later, later.times.get(digit)
        if not self._choosing_time:
            if words and not self._may_call_back:
                return self._say_last(REPLY, words.full, "We hung up: no further call-back is made.")
            self._choosing_time, self._repeated = True, False
            self._question_name = f"When? {_question_name(list(later.times))}"
            self._questions = 0  # what is left of the first question does not count any more
            return [*self._ask_again(by_key=True)]
        if time is None:
            return self._miss()
        reply = words.replies[digit] if words else self._texts.goodbye
        return [
            RecordAnswer(later.question, digit, time.label),
            AskCallback(time.when, time.label, "key"),
            *self._say_last(REPLY, reply, "We hung up after saying when we call back."),
        ]

    # --- digits --------------------------------------------------------------------------------------

    def _collect(self, key: str) -> list[Action]:
        self._collecting, self._attempts = key, self._attempts + 1
        wanted = self._configuration.collect[key]
        collect = Collect(
            name=wanted.question,
            least=wanted.least,
            most=wanted.most,
            terminator=wanted.terminator,
            first_digit_s=wanted.first_digit_seconds,
            inter_digit_s=wanted.inter_digit_seconds,
        )
        return [self._say(ENTER, self._texts.collect[key], self._barge_in()), collect]

    def _collected(self, digits: str, reason: CollectEnd) -> list[Action]:
        key, self._collecting = self._collecting, ""
        if digits == OPT_OUT_KEY:
            return self._opt_out()
        wanted = self._configuration.collect[key]
        if reason not in _TOO_FEW:
            self._variables[ANSWER] = digits
            return [RecordAnswer(wanted.question, digits, digits), *self._reply(key)]
        if self._attempts < wanted.attempts:
            sorry = [self._not_understood()] if reason is CollectEnd.SHORT else []
            return [*sorry, *self._collect(key)]
        return self._say_goodbye("the digits asked for were not pressed")

    # --- speech --------------------------------------------------------------------------------------

    def _speech(self, *, began: bool) -> list[Action]:
        """After speech that cut the question say it again; after other speech wait for a key once more."""
        self._speaking = began
        waiting = self._waits_for_key() and self._questions <= 0
        self._utterances += began and waiting
        is_too_much = self._utterances > _MOST_UTTERANCES
        if began:
            return [self._wait_for_end_of_speech()] if waiting and not is_too_much else []
        cut_off, self._cut_off = self._cut_off, False
        if not waiting:
            return []
        if cut_off:
            return [*self._stop_waiting(), *self._ask_again()]
        return [] if is_too_much else [StartTimer(_ANSWER, self._configuration.answer_seconds)]

    def _wait_for_end_of_speech(self) -> StartTimer:
        return StartTimer(_ANSWER, self._configuration.answer_seconds + _LONGEST_SPEECH_S)

    # --- prompts and the end -------------------------------------------------------------------------

    def _say_goodbye(self, why: str) -> list[Action]:
        reason = f"We hung up after goodbye: {why}."
        return self._say_last(GOODBYE, self._texts.goodbye, reason)

    def _prompt_over(self, event: PromptEnded | PromptFailed) -> list[Action]:
        if isinstance(event, PromptEnded):
            self._was_heard[event.name] = event.finished or self._was_heard.get(event.name, False)
        if self._closing:
            return self._last_words_over(event) if event.name == self._closing else []
        if isinstance(event, PromptFailed):
            reason = "We hung up because our words could not be spoken."
            return [ClearAudio("a prompt could not be spoken"), *self._say_sorry(reason)]
        if self._collecting or event.name != self._question_name:
            return []
        self._questions -= 1
        if self._questions > 0:
            return []
        if event.finished:
            self._utterances = 0
            wait_s = self._configuration.answer_seconds  # the longest wait runs on whatever is said
            longest = [StartTimer(_PATIENCE, wait_s + _LONGEST_WAIT_S)] if self.wants_speech else []
            return [StartTimer(_ANSWER, wait_s), *longest]
        if not self._speaking:
            return []
        self._cut_off = True
        self._interruptions += 1
        return [self._wait_for_end_of_speech()]

    def _last_words_over(self, event: PromptEnded | PromptFailed) -> list[Action]:
        """Nothing cuts the last words; but speech that cut what came before them dropped them as well."""
        words, self._last_words = self._last_words, None
        were_dropped = isinstance(event, PromptEnded) and not event.finished
        return [words] if words and were_dropped else [self._hang_up()]

    def _say_sorry(self, reason: str) -> list[Action]:
        # What was reached before stays; else the call has failed, and its person may be called again.
        failed = [] if self._collecting else [ReachOutcome(NOT_SPOKEN, "Our words could not be spoken")]
        if not self._texts.sorry.strip():
            self._closing, self._hang_up_reason = SORRY, reason
            return [*failed, self._hang_up()]
        return [*failed, *self._say_last(SORRY, self._texts.sorry, reason)]

    def _hang_up(self) -> HangUp:
        return HangUp(self._hang_up_reason, SPOKE_ON if self._spoke_on and self._closing == GOODBYE else "")


def _question_name(keys: list[str]) -> str:
    *first, last = keys
    return f"Choose {', '.join(first)} or {last}" if first else f"Press {last}"
