"""Run a dialogue: say, ask, branch and record, one event at a time.

Words that lead to a question are queued together with it: a key cuts them all and is the answer. Words that
lead to the end, or to something that is to count only when they are over (an outcome, a request), are cut by
9 alone, and said once more if speech that cut others dropped them.

Keys that are pressed while the world is asked are kept for the next question, if keys cut its words
(type-ahead; VoiceXML 2.1, 4.1.8). Keys during words that nothing cuts lead nowhere: they are no answer to a
question that was not begun.

9 means "do not call me again" at any moment until the line is closed; among digits only if it stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from calls.agents import base
from calls.agents.base import Action
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import KINDS, Answer, answer_kind, read_pressed
from calls.agents.dialogue.conditions import holds
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.document import Again
from calls.agents.dialogue.heard import Askings
from calls.agents.dialogue.plan import plan_of
from calls.agents.dialogue.questions import Collection, Offer, Question
from calls.agents.dialogue.slots import KINDS as SLOT_KINDS
from calls.agents.dialogue.slots import day_asked, label_of, values_of
from calls.agents.dialogue.spoken_message import LEAST, LONGEST, QUIET, TONE, SpokenMessage, tone
from calls.agents.dialogue.voice import Voice, Words
from calls.agents.requests import (
    AppointmentFound,
    Fetch,
    Fetched,
    FindAppointment,
    HoldSlot,
    NotRecognised,
    Recognise,
    Recognised,
    Reply,
    Request,
    SlotGone,
    SlotHeld,
    SlotsFound,
)
from campaigns.rules.results import NOT_SPOKEN, WANTS_PERSON
from campaigns.spreadsheets.written import Kind

OPTED_OUT = "opted_out"
SPOKE_ON = "spoke_on"
"""The disposition of a call in which there was speech again and again, and no key: an announcement, a
room."""
NO_WORDS = "We hung up because our words could not be spoken."
NO_VALUE = "We hung up because a value to be spoken is missing."
LOST = "We hung up because the dialogue went on without a question and without an end."
_ANSWER, _PATIENCE = "answer", "patience"
_STOP_ANSWER = (base.StopTimer(_ANSWER),)
_STOP_BOTH = (*_STOP_ANSWER, base.StopTimer(_PATIENCE))
_LONGEST_SPEECH_S = 10.0
"""Speech that goes on for longer is taken for noise, so that no call waits for its end."""
_MOST_UTTERANCES = 3
"""After a question: each gives the time for an answer once more, further ones do not."""
_LONGEST_WAIT_S = 20.0
"""Beyond the time for an answer, however much is said."""
_REPLY_S = 10.0
"""The wait for what our own database is asked. Of 200 callers who choose a slot in the same moment on a busy
machine most had no reply within 2 s, and left without one (`make bench-slots`)."""
_MOST_AHEAD = 50
"""Keys kept while the world is asked, as many as during the notice of a recording."""
_MOST_STEPS = 500
"""Passed without waiting for anything; a dialogue that was validated has no such loop."""
_TOO_FEW = (base.CollectEnd.SHORT, base.CollectEnd.NOTHING)


@dataclass(slots=True, kw_only=True)
class _Announcement:
    """Words that are to be over before anything else happens; `then` is the next step, None to hang up."""

    words: list[Words]
    then: str | None
    heard: list[Words] = field(default_factory=list)
    was_said_again: bool = False


@dataclass(slots=True)
class _Waiting:
    """A step that has asked the world for something; it goes on when that is told and its words are over."""

    step_id: str
    reply: Reply | None = None


class Watch(Protocol):
    """What is told which way a call takes through its dialogue; ids and names are those of the document."""

    def came_to(self, step_id: str) -> None:
        """Note that the call came to a step."""

    def left(self, step_id: str, exit_name: str) -> None:
        """Note that it left a step by an exit; `step_id` is empty if it was in none that waits."""


class DialogueAgent:
    """One call of a dialogue: where in it we are, what is known, what was heard."""

    wants_audio = False

    def __init__(self, document: DialogueConfiguration, watch: Watch | None = None) -> None:
        self._document, self._watch = document, watch
        plan = plan_of(document)
        self._steps, self._answers, self._listens = plan.steps, plan.answers, plan.listens
        self._voice, self._askings = Voice(document), Askings()
        self._may_call_back = True
        self._stack: list[str] = []
        """The `sub` steps whose fragments we are in."""
        self._until_heard: list[str] = []
        """Steps said so far that are owed until they were heard."""
        self._question: Question | None = None
        self._collection: Collection | None = None
        self._announcement: _Announcement | None = None
        self._waiting: _Waiting | None = None
        self._ahead = ""
        """Keys that were pressed while the world was asked."""
        self._offer = Offer()
        self._message: SpokenMessage | None = None
        self._is_recorded = True
        self._today = ""
        self._closing = self._opted_out = False
        self._reason = self._disposition = ""
        self._unanswered = ""
        """Why the last question brought no answer; empty if it did."""
        self._has_outcome = False
        self._wrong_keys = 0
        self._utterances = 0
        """Speech since the last question."""
        self._speaking = self._cut_off = self._spoke_on = False

    @property
    def wants_speech(self) -> bool:
        """Whether speech may cut words, or is waited for as a message."""
        return self._listens or self._message is not None

    def handle(self, event: base.AgentEvent) -> Sequence[Action]:
        """Return what to say, record or wait for after one event; empty for an event that changes nothing."""
        actions = self._handle(event)
        if not self._voice.unspeakable:
            return actions
        missing, self._voice.unspeakable = self._voice.unspeakable, []
        stays = [action for action in actions if not isinstance(action, base.HangUp)]
        return [
            *stays,
            base.ClearAudio("a value to be spoken is missing"),
            *self._say_sorry(NO_VALUE, missing),
        ]

    def _handle(self, event: base.AgentEvent) -> Sequence[Action]:
        match event:  # the most frequent first
            case base.PromptEnded() | base.PromptFailed():
                return self._prompt_over(event)
            case base.KeyPressed() | base.Collected():
                return self._pressed(event)
            case base.TimerFired(name):
                return self._no_answer(name)
            case base.SpeechStarted() | base.SpeechEnded():
                return self._speech(began=isinstance(event, base.SpeechStarted))
            case base.CallStarted(context):
                return self._begin(context)
            case base.Performed():
                return self._performed(event)
            case base.CallEnded():
                return self._hung_up()
            case _:
                return []

    def _begin(self, context: base.CallContext) -> list[Action]:
        self._may_call_back, self._today = context.callback, context.today
        self._is_recorded = context.recorded
        wording = self._voice.wording
        wording.speak(context.language)
        values = {"name": context.name, **context.variables}
        wording.know(values)
        if missing := wording.missing():
            return self._say_sorry(NO_VALUE, missing)
        if doc.TODAY not in values:
            wording.keep(doc.TODAY, context.today, Kind.DATE)
        resume = context.resume
        for name, value in resume.values.items() if resume else ():
            wording.keep_answer(name, value)
        if resume and resume.step in self._document.steps:
            # Whom we ring hears who calls and how to refuse further calls, in a resumed call as in any other.
            opening = [] if context.inbound else self._voice.words(self._document.start, "say")
            cut_off = self._voice.words(doc.GENERAL, doc.CUT_OFF)
            actions = self._go(resume.step, said=[*opening, *cut_off])
        else:
            actions = self._go(self._document.start)
        asked, spoken = context.language, wording.language
        if not asked.lower().startswith(spoken.lower()):
            actions.insert(0, base.Note(f"There are no texts in “{asked}”; “{spoken}” is spoken instead."))
        return actions

    # --- From step to step ---------------------------------------------------------------------------

    def _go(self, target: str, *, said: Sequence[Words] = (), cut: bool = False) -> list[Action]:
        """Pass steps until one waits. `said`: words to begin with; `cut`: a key has cut what was playing."""
        words = list(said)
        actions: list[Action] = []  # `list[Action]()` takes five times as long
        for _ in range(_MOST_STEPS):
            if "." not in target:
                self._stack.clear()
            step = self._steps[target]
            if self._watch:
                self._watch.came_to(target)
            if isinstance(step, doc.Say):
                words += self._voice.words(target, "say")
            elif (rest := self._arrive(target, step, words, cut=cut)) is not None:
                return [*actions, *rest]
            else:
                actions += self._do(target, step)
            target = self._next(target, step)
        return [*actions, *self._end([], LOST, "")]

    def _arrive(
        self, step_id: str, step: doc.AnyStep, words: list[Words], *, cut: bool
    ) -> list[Action] | None:
        """Return what a step does that waits for the person or for `words`; None if it waits for neither."""
        match step:
            case doc.Later() if not self._may_call_back:
                return None
            case doc.Slot() | doc.Appointment() | doc.Fetch() | doc.Recognise() | doc.Record():
                return self._ask_the_world(step_id, step, words)
            case doc.Ask():
                return self._ask(step_id, step, words, cut=cut)
            case doc.Digits():
                self._collection = Collection(step_id, step)
                asked = [*self._voice.say_before(words), *self._collect(self._collection)]
                return self._with_keys_ahead(asked, step_id)
            case doc.End():
                return self._end(words, step.reason, step.disposition)
            case doc.Set(outcome=""):
                return None
            case doc.OptOut() | doc.Set() | doc.Cancel() | doc.Tell() | doc.WantPerson() if words:
                return self._announce(words, then=step_id)
            case _:
                return None

    def _next(self, step_id: str, step: doc.AnyStep) -> str:
        """Return the step behind one that waits for nothing."""
        match step:
            case doc.Branch():
                held = (
                    case.exit for case in step.cases if all(holds(c, self._voice.wording) for c in case.when)
                )
                return self._leave(step_id, next(held, doc.ELSE))
            case doc.Sub():
                self._stack.append(step_id)
                return f"{step.fragment}.{self._document.fragments[step.fragment].start}"
            case doc.Return():
                caller = self._stack.pop()
                return self._leave(caller, step.exit)
            case doc.Later():
                return self._leave(step_id, doc.FULL)
            case _:
                return self._leave(step_id, doc.NEXT)

    def _leave(self, step_id: str, exit_name: str) -> str:
        """Return the step that an exit leads to, of a step or, with an empty `step_id`, of the dialogue."""
        if self._watch:
            self._watch.left(step_id, exit_name)
        step = self._steps.get(step_id)
        if step is None or exit_name in (doc.OPTED_OUT, doc.PERSON):
            return self._document.exits.get(exit_name, "")
        return self._document.target(step_id, step, exit_name)

    def _do(self, step_id: str, step: doc.AnyStep) -> list[Action]:
        """Return what a step does that waits for nothing and leads on; empty for all others."""
        if isinstance(step, doc.WantPerson):
            about = self._voice.wording.as_written(step.about)
            return self._want_person(about or step.title or step_id, step_id, how="step")
        if isinstance(step, doc.Tell):
            return [base.Tell(step.service, self._values(step))]
        if isinstance(step, doc.Cancel):
            return [base.CancelAppointment(step.calendar)]
        if isinstance(step, doc.OptOut):
            self._opted_out = self._has_outcome = True
            return [base.OptOut("chosen", step.label), base.ReachOutcome(OPTED_OUT, step.label)]
        if not isinstance(step, doc.Set):
            return []
        for name, value in step.values.items():
            self._voice.wording.keep(name, self._voice.wording.as_written(value))
        tags: list[Action] = [base.AddTag(tag) for tag in step.tags]
        if not step.outcome:
            return tags
        self._has_outcome = True
        return [*tags, base.ReachOutcome(step.outcome, step.label or step.outcome)]

    # --- Words ---------------------------------------------------------------------------------------

    def _announce(self, words: Sequence[Words], *, then: str | None) -> list[Action]:
        self._announcement = _Announcement(words=list(words), then=then)
        return [self._voice.say(word) for word in words]

    # --- Questions -----------------------------------------------------------------------------------

    def _ask(self, step_id: str, step: doc.Ask, words: list[Words], *, cut: bool) -> list[Action]:
        """Say what leads to a question, what is still owed before it, and the question."""
        lead = [w.step_id for w in words if self._voice.again(w.step_id) is not Again.NEVER]
        owed = [known for known in self._until_heard if known not in lead]
        self._question = Question(
            step_id=step_id, step=step, role="ask", answers=self._answers[step_id], lead=lead
        )
        before = self._voice.again_words(
            [known for known in owed if self._voice.was_cut(known, just_now=cut)]
        )
        self._until_heard += [known for known in lead if self._voice.again(known) is Again.UNTIL_HEARD]
        asked = [*self._voice.say_before([*before, *words]), *self._put(self._question)]
        return self._with_keys_ahead(asked, step_id)

    def _put(self, question: Question) -> list[Action]:
        """Say the question itself, by its words for the time that it is asked."""
        time = question.silent + question.wrong + 1
        role = f"{question.role}_{time}" if time > 1 else question.role
        words = [*self._voice.words(question.step_id, role), *question.options]
        if question.role == "ask":
            self._askings.asked(question.step_id, len(words))
        return self._voice.say_before(words)

    def _ask_again(self, question: Question, *, cut: bool = False, unanswered: bool = False) -> list[Action]:
        """Say the question, and what was cut before it; `unanswered`: also what belongs to it."""
        known = dict.fromkeys([*self._until_heard, *question.lead])
        wanted = [
            step_id
            for step_id in known
            if self._voice.was_cut(step_id, just_now=cut)
            or (unanswered and self._voice.again(step_id) is Again.WITH_QUESTION)
        ]
        return [*self._voice.say_before(self._voice.again_words(wanted)), *self._put(question)]

    def _no_answer(self, timer: str) -> list[Action]:
        """Ask once more with all that belongs to the question, as often as its step says; then give up."""
        if self._message:
            return self._message_timer(self._message, timer)
        question = self._question
        if question is None or timer not in (_ANSWER, _PATIENCE):
            return []
        self._cut_off = False
        self._spoke_on |= timer == _PATIENCE or self._utterances > _MOST_UTTERANCES
        question.silent += 1
        if question.silent >= question.step.asked:
            why = "there was speech, and no key was pressed" if self._spoke_on else "no key was pressed"
            return [*self._stop_waiting(), *self._give_up(question.step_id, doc.NO_INPUT, why)]
        said = self._voice.say_before(self._voice.words(question.step_id, f"silent_{question.silent}"))
        return [*self._stop_waiting(), *said, *self._ask_again(question, unanswered=True)]

    def _give_up(self, step_id: str, exit_name: str, why: str) -> list[Action]:
        """Leave a question by an exit without an answer; `why` is part of a sentence."""
        self._question = self._collection = None
        self._unanswered = why
        return self._go(self._leave(step_id, exit_name))

    def _stop_waiting(self) -> list[Action]:
        return [*_STOP_BOTH] if self.wants_speech else [*_STOP_ANSWER]

    # --- Keys ----------------------------------------------------------------------------------------

    def _pressed(self, event: base.KeyPressed | base.Collected) -> list[Action]:
        """Take digits, or a key as the answer to the question that waits."""
        if isinstance(event, base.Collected):
            return self._collected(event.digits, event.reason)
        digit = event.digit
        if digit == doc.OPT_OUT_KEY:
            return self._opt_out()
        question = self._question
        if question is None:
            return self._pressed_without_question(digit)
        cut = self._voice.switches(question.step_id).key
        if answer := question.answers.get(digit):
            actions = self._answered(question, answer, cut=cut)
        elif digit == self._document.keys.repeat:
            actions = self._ask_again(question, cut=cut, unanswered=True)
        elif digit == self._document.keys.person:
            self._question = self._collection = None
            about = self._steps[question.step_id].title or question.step_id
            wish = self._want_person(about, question.step_id, how="key")
            actions = [*wish, *self._go(self._leave(question.step_id, doc.PERSON), cut=cut)]
        else:
            actions = self._miss(question, cut=cut)
        return [*self._stop_waiting(), *actions]

    def _pressed_without_question(self, digit: str) -> list[Action]:
        """End a message, or keep the key while the world is asked."""
        message = self._message
        if message and message.has_begun and digit == message.step.terminator:
            return self._message_over(message)
        if self._waiting and len(self._ahead) < _MOST_AHEAD:
            self._ahead += digit
        return []

    def _answered(self, question: Question, answer: Answer, *, cut: bool) -> list[Action]:
        step_id, step, collection = question.step_id, question.step, self._collection
        self._question = None
        if collection and collection.pressed:
            if answer.exit == "yes":
                return self._take(collection)
            return self._collect_again(collection, doc.NO_MATCH, sorry=False)
        self._unanswered = ""
        if isinstance(step, doc.Slot) and answer.label:
            return self._request(step_id, HoldSlot(step.calendar, int(answer.value)), [])
        if isinstance(step, doc.Slot):
            return self._find_slots(step_id, step, [])
        name = step.question or step_id
        if answer.label:
            self._voice.wording.keep_answer(name, answer.value)
        if answer.language:
            self._voice.wording.speak(answer.language)
        self._has_outcome |= bool(answer.outcome)
        recorded = self._record(step_id, question.step, answer.value, answer.label) if answer.label else []
        noted = [*recorded, *answer.actions()]
        return [*noted, *self._go(self._leave(step_id, answer.exit), cut=cut)]

    def _record(self, step_id: str, step: doc.Ask | doc.Digits, value: str, label: str) -> list[Action]:
        """Record an answer, and how much was heard of its question if that is over."""
        name = step.question or step_id
        answer = base.RecordAnswer(name, value, label, answer_kind(step), step_id)
        return [answer, *self._askings.answered(step_id, name)]

    def _with_keys_ahead(self, asked: list[Action], step_id: str) -> list[Action]:
        """Return what asks a question and, if keys cut its words, the keys pressed before it was asked."""
        keys, self._ahead = self._ahead, ""
        return [*asked, base.PressKeys(keys)] if keys and self._voice.switches(step_id).key else asked

    def _miss(self, question: Question, *, cut: bool) -> list[Action]:
        self._wrong_keys += 1
        question.wrong += 1
        in_all = self._wrong_keys >= (self._document.wrong_keys or question.step.wrong_keys)
        if in_all or question.wrong >= question.step.wrong_keys:
            count = self._wrong_keys if in_all else question.wrong
            why = f"{count} keys were pressed that mean nothing here"
            return self._give_up(question.step_id, doc.NO_MATCH, why)
        return [
            *self._voice.not_understood(question.step_id, question.wrong),
            *self._ask_again(question, cut=cut),
        ]

    def _opt_out(self) -> list[Action]:
        if self._opted_out:
            return []
        self._opted_out = self._has_outcome = True
        waiting = self._question or self._collection or self._message
        message = self._message.end(kept=self._message.has_spoken) if self._message else []
        self._question = self._collection = self._announcement = self._waiting = self._message = None
        key = doc.OPT_OUT_KEY
        actions: list[Action] = [
            *self._stop_waiting(),
            *message,
            base.ClearAudio(f"{key} was pressed"),
            base.OptOut("key", key),
            base.ReachOutcome(OPTED_OUT, "Asked not to be called again"),
        ]
        words, self._closing = self._voice.words(doc.GENERAL, doc.OPT_OUT), False
        if target := self._leave(waiting.step_id if waiting else "", doc.OPTED_OUT):
            return [*actions, *self._go(target, said=words)]
        return [*actions, *self._end(words, "We hung up after confirming: no further calls.", "")]

    def _want_person(self, about: str, step_id: str, *, how: str) -> list[Action]:
        """Have staff call the person; that is what the call has reached, if nothing else is."""
        wish = base.WantPerson(about, step_id, how)
        if self._has_outcome:
            return [wish]
        self._has_outcome = True
        return [wish, base.ReachOutcome(WANTS_PERSON, "Wants a person")]

    # --- Digits --------------------------------------------------------------------------------------

    def _collect(self, collection: Collection) -> list[Action]:
        collect = collection.begin()
        role = f"ask_{collection.attempts}" if collection.attempts > 1 else "ask"
        words = self._voice.words(collection.step_id, role)
        self._askings.asked(collection.step_id, len(words))
        return [*self._voice.say_before(words), collect]

    def _collected(self, digits: str, reason: base.CollectEnd) -> list[Action]:
        collection = self._collection
        if digits == doc.OPT_OUT_KEY:
            return self._opt_out()
        if collection is None:
            return []
        value = None if reason in _TOO_FEW else read_pressed(collection.step, digits)
        if value is None:
            nothing = reason is base.CollectEnd.NOTHING
            return self._collect_again(collection, doc.NO_INPUT if nothing else doc.NO_MATCH)
        collection.pressed = value
        step = collection.step
        if not step.confirm:
            return self._take(collection)
        self._voice.wording.keep(step.value or collection.step_id, value, KINDS[step.means])
        self._question = collection.confirmation()
        return self._put(self._question)

    def _collect_again(self, collection: Collection, why: str, *, sorry: bool = True) -> list[Action]:
        """Ask for digits once more; after the last time leave by the exit `why`."""
        step_id, time = collection.step_id, collection.attempts
        if time >= collection.step.attempts:
            return self._give_up(step_id, why, "the digits asked for were not pressed")
        if why == doc.NO_INPUT:
            before = self._voice.say_before(self._voice.words(step_id, f"silent_{time}"))
        else:
            before = self._voice.not_understood(step_id, time) if sorry else []
        return [*before, *self._collect(collection)]

    def _take(self, collection: Collection) -> list[Action]:
        step, step_id, value = collection.step, collection.step_id, collection.pressed
        self._collection, self._unanswered = None, ""
        self._voice.wording.keep(step.value or step_id, value, KINDS[step.means])
        recorded = self._record(step_id, step, value, value)
        return [*recorded, *self._go(self._leave(step_id, doc.MATCH))]

    # --- Messages ------------------------------------------------------------------------------------

    def _record_message(self, step_id: str, step: doc.Record, words: Sequence[Words]) -> list[Action]:
        """Ask for a message; leave by `failed` where calls are not recorded."""
        if not self._is_recorded:
            note = base.Note("A message can't be recorded: calls of this number are not.")
            return [note, *self._go(self._leave(step_id, doc.FAILED), said=words)]
        self._message = SpokenMessage(step_id, step)
        return [*self._voice.say_before(words), *self._ask_for_message(self._message)]

    def _ask_for_message(self, message: SpokenMessage) -> list[Action]:
        message.asked += 1
        words = self._voice.words(message.step_id, f"ask_{message.asked}" if message.asked > 1 else "ask")
        self._askings.asked(message.step_id, len(words))
        return self._voice.say_before(words)

    def _message_timer(self, message: SpokenMessage, timer: str) -> list[Action]:
        """End the message at silence or at its longest; note when # would end it whatever was heard."""
        message.is_long |= timer == LEAST
        if timer not in (QUIET, LONGEST):
            return []
        quiet_s = message.step.silence_seconds if timer == QUIET and message.has_spoken else 0.0
        return self._message_over(message, quiet_s=quiet_s, timed_out=True)

    def _message_over(
        self, message: SpokenMessage, *, quiet_s: float = 0.0, timed_out: bool = False
    ) -> list[Action]:
        """Keep what was spoken and go on; without a message ask once more, as often as the step says."""
        step_id, kept = message.step_id, message.has_spoken or (message.is_long and not timed_out)
        actions = message.end(kept=kept, quiet_s=quiet_s)
        if not kept and message.asked < message.step.asked:
            silent = self._voice.say_before(self._voice.words(step_id, f"silent_{message.asked}"))
            return [*actions, *silent, *self._ask_for_message(message)]
        self._message, self._speaking = None, self._speaking and self._listens
        if not kept:
            return [*actions, *self._give_up(step_id, doc.NO_INPUT, "no message was spoken")]
        return [*actions, *self._message_kept(message), *self._go(self._leave(step_id, doc.RECORDED))]

    def _message_kept(self, message: SpokenMessage) -> list[Action]:
        name, self._unanswered = message.step.question or message.step_id, ""
        self._voice.wording.keep_answer(name, doc.RECORDED)
        return [*self._askings.answered(message.step_id, name)]

    # --- Requests ------------------------------------------------------------------------------------

    def _ask_the_world(
        self,
        step_id: str,
        step: doc.Slot | doc.Appointment | doc.Fetch | doc.Recognise | doc.Record,
        words: Sequence[Words],
    ) -> list[Action]:
        match step:
            case doc.Record():
                return self._record_message(step_id, step, words)
            case doc.Slot():
                self._offer = Offer()
                return self._find_slots(step_id, step, words)
            case doc.Appointment():
                return self._request(step_id, FindAppointment(step.calendar), words)
            case doc.Recognise():
                keyed = self._voice.wording.value(step.keyed)
                return self._request(step_id, Recognise(step.column, keyed), words)
            case doc.Fetch():
                request = Fetch(step.service, self._values(step))
                return self._request(step_id, request, words, seconds=step.seconds)

    def _values(self, step: doc.Fetch | doc.Tell) -> dict[str, str]:
        return {name: self._voice.wording.value(name) for name in step.sends}

    def _request(
        self, step_id: str, request: Request, words: Sequence[Words], *, seconds: float = _REPLY_S
    ) -> list[Action]:
        """Ask the world for something; what leads there and the filler are heard meanwhile, uncut."""
        self._waiting = _Waiting(step_id)
        said = [*words, *self._voice.words(step_id, "filler")]
        announced = self._announce(said, then=step_id) if said else []
        return [*announced, base.Perform(step_id, request, seconds)]

    def _performed(self, event: base.Performed) -> list[Action]:
        """Take the reply to a request; another step's comes too late."""
        waiting = self._waiting
        if waiting is None or event.name != waiting.step_id:
            return []
        waiting.reply = event.reply
        return [] if self._announcement else self._go_on_after_reply(waiting)

    def _go_on_after_reply(self, waiting: _Waiting) -> list[Action]:
        """Do what a step does with the reply; nothing while there is none."""
        if waiting.reply is None:
            return []
        self._waiting, step_id = None, waiting.step_id
        step = self._steps[step_id]
        if isinstance(step, doc.Slot):
            return self._slot_reply(step_id, step, waiting.reply)
        match waiting.reply, step:
            case Fetched(values) | Recognised(values), doc.Fetch() | doc.Recognise():
                self._voice.keep(
                    {name: values[name] for name in values.keys() & step.brings.keys()}, step.brings
                )
                done = doc.NEXT if isinstance(step, doc.Fetch) else doc.RECOGNISED
                return self._go(self._leave(step_id, done))
            case NotRecognised(), _:
                return self._go(self._leave(step_id, doc.NOT_RECOGNISED))
            case AppointmentFound(slot), _:
                self._voice.keep(values_of(slot) if slot else {}, SLOT_KINDS)
                return self._go(self._leave(step_id, doc.MATCH if slot else doc.NONE))
            case _:
                return self._go(self._leave(step_id, doc.FAILED))

    def _slot_reply(self, step_id: str, step: doc.Slot, reply: Reply) -> list[Action]:
        match reply:
            case SlotsFound(slots) if slots:
                self._question = self._offer.question(step_id, step, slots, voice=self._voice)
                return self._with_keys_ahead(self._put(self._question), step_id)
            case SlotHeld(slot):
                label = label_of(slot)
                self._voice.keep(values_of(slot), SLOT_KINDS)
                recorded = self._record(step_id, step, slot.begins, label)
                booked = base.BookSlot(step.calendar, slot.id, label)
                return [booked, *recorded, *self._go(self._leave(step_id, doc.MATCH))]
            case SlotGone():
                return self._find_slots(step_id, step, self._voice.words(step_id, "gone"))
            case _:
                no_slots = isinstance(reply, SlotsFound)
                return self._go(self._leave(step_id, doc.NONE if no_slots else doc.FAILED))

    def _find_slots(self, step_id: str, step: doc.Slot, words: Sequence[Words]) -> list[Action]:
        day = day_asked(self._voice.wording.as_written(step.day), self._today)
        return self._request(step_id, self._offer.search(step, day), words)

    # --- Speech --------------------------------------------------------------------------------------

    def _speech(self, *, began: bool) -> list[Action]:
        """After speech that cut the question say it again; after other speech wait for a key once more."""
        self._speaking = began
        if self._message:
            return self._message.heard(began=began)
        question = self._question
        waiting = question is not None and not self._voice.is_asking(question.step_id)
        self._utterances += began and waiting
        is_too_much = self._utterances > _MOST_UTTERANCES
        if question is None:
            self._cut_off &= began
            return []
        if began:
            return [self._wait_for_end_of_speech(question)] if waiting and not is_too_much else []
        cut_off, self._cut_off = self._cut_off, False
        if not waiting:
            return []
        if cut_off:
            return [*self._stop_waiting(), *self._ask_again(question)]
        return [] if is_too_much else [base.StartTimer(_ANSWER, question.step.answer_seconds)]

    def _wait_for_end_of_speech(self, question: Question) -> base.StartTimer:
        return base.StartTimer(_ANSWER, question.step.answer_seconds + _LONGEST_SPEECH_S)

    # --- Prompts and the end -------------------------------------------------------------------------

    def _end(self, words: Sequence[Words], reason: str, disposition: str) -> list[Action]:
        """Say the last words and hang up when they are over."""
        self._closing = True
        goodbye = f"We hung up after goodbye: {self._unanswered}." if self._unanswered else ""
        self._reason = reason or goodbye or "We hung up after the last words."
        self._disposition = disposition or (SPOKE_ON if self._spoke_on and self._unanswered else "")
        self._question = self._collection = self._waiting = self._message = None
        return self._announce(words, then=None) if words else [self._hang_up()]

    def _prompt_over(self, event: base.PromptEnded | base.PromptFailed) -> list[Action]:
        ended = event if isinstance(event, base.PromptEnded) else None
        finished = ended is not None and ended.finished
        words = self._voice.over(event.name, finished=finished)
        if self._message and event.name == TONE:
            return self._message.begin(speaking=self._speaking)
        if words and ended and words.role.startswith(("ask", "option")):
            heard = self._askings.over(words.step_id, ended)
            return [*heard, *self._after_prompt(event, words, finished=finished)]
        return self._after_prompt(event, words, finished=finished)

    def _after_prompt(
        self, event: base.PromptEnded | base.PromptFailed, words: Words | None, *, finished: bool
    ) -> list[Action]:
        if announcement := self._announcement:
            announcement.heard += [words] if words and finished else []
            is_last = words is announcement.words[-1]
            if isinstance(event, base.PromptEnded) or self._closing:
                return self._announced(announcement, event) if is_last else []
        if isinstance(event, base.PromptFailed):
            return [base.ClearAudio("a prompt could not be spoken"), *self._say_sorry(NO_WORDS)]
        question, message = self._question, self._message
        if message and words and words.step_id == message.step_id and words.asks:
            return [] if self._voice.is_asking(message.step_id) else [tone()]
        if question is None or words is None or words.step_id != question.step_id or not words.asks:
            return []
        is_over = not self._voice.is_asking(question.step_id)
        return self._asked(question, finished=event.finished) if is_over else []

    def _asked(self, question: Question, *, finished: bool) -> list[Action]:
        """Wait for the answer to a question that has been said; if speech cut it, for the end of speech."""
        if finished:
            self._utterances = 0
            wait_s = question.step.answer_seconds  # the longest wait runs on whatever is said
            longest = [base.StartTimer(_PATIENCE, wait_s + _LONGEST_WAIT_S)] if self.wants_speech else []
            return [base.StartTimer(_ANSWER, wait_s), *longest]
        if not self._speaking:
            return []
        self._cut_off = True
        self._voice.interruptions += 1
        return [self._wait_for_end_of_speech(question)]

    def _announced(
        self, announcement: _Announcement, event: base.PromptEnded | base.PromptFailed
    ) -> list[Action]:
        """Go on when words are over; say those once more that were dropped with others that speech cut."""
        if isinstance(event, base.PromptEnded) and not event.finished and not announcement.was_said_again:
            announcement.was_said_again = True
            announcement.words = [word for word in announcement.words if word not in announcement.heard]
            return [self._voice.say(word) for word in announcement.words]
        self._announcement = None
        if self._waiting:
            return self._go_on_after_reply(self._waiting)
        return [self._hang_up()] if announcement.then is None else self._go(announcement.then)

    def _say_sorry(self, reason: str, missing: Sequence[str] = ()) -> list[Action]:
        """Say that it can't be said, and hang up. What was reached before stays, else the call has failed."""
        names = ", ".join(missing)
        actions = list[Action]()
        if names:
            note = f"The texts need {names}, which this person has no usable value for."
            actions.append(base.Note(note))
        if not self._has_outcome:
            actions.append(base.ReachOutcome(NOT_SPOKEN, "Our words could not be spoken"))
        self._unanswered = ""
        self._announcement = None
        return [*actions, *self._end(self._voice.words(doc.GENERAL, doc.SORRY), reason, "")]

    def _hung_up(self) -> list[Action]:
        """Record what the dialogue wants recorded when the person hangs up before anything was reached, or
        while a message is spoken: that is kept, and the steps behind it that need no line count."""
        message, self._message = self._message, None
        is_kept = message is not None and message.has_begun and message.has_spoken
        if self._closing or (self._has_outcome and not is_kept):
            return []
        actions = list[Action]()
        passed: tuple[type[doc.Step], ...] = (doc.Set, doc.Branch, doc.WantPerson)
        if message and is_kept:
            actions += [*message.end(kept=True), *self._message_kept(message)]
            target = self._leave(message.step_id, doc.RECORDED)
            passed = (*passed, doc.Say, doc.Tell)
        else:
            target = self._leave("", doc.HUNG_UP)
        for _ in range(_MOST_STEPS):
            step = self._steps.get(target)
            if not isinstance(step, passed):
                break
            actions += self._do(target, step)
            target = self._next(target, step)
        return actions

    def _hang_up(self) -> base.HangUp:
        return base.HangUp(self._reason, self._disposition)


KIND = base.Kind(DialogueConfiguration, DialogueAgent, asks=True)
