"""PURE: one call in virtual time: a real agent, the real runner round it, and a person who is a script.

What comes out are the entries that a real call logs, in their form. Two runs of one script are the same.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from calls.agents import base
from calls.agents.requests import Failed, Reply, Request
from calls.conversation.agent_runner import AgentRunner
from calls.conversation.event_log import EventLog, key_pressed, seconds, who
from calls.conversation.outputs import Compose, Ending, Entry, EntryKind, LoadClip, Synthesise
from calls.conversation.playout import PromptFinished
from calls.simulated.script import At, Do, Input, single_keys, speaking_ms
from calls.simulated.virtual_playout import VirtualPlayout

LIMIT_S = 600.0
"""As long as a real call may last."""
_CLIP_MS = 3000
_PROMPT_S = 10.0
_NEVER = float("inf")


class World:
    """What a simulated call is told by the world: lengths of prompts, replies to requests."""

    def length_ms(self, name: str, text: str, language: str) -> int | None:
        """Return how long a prompt takes; None if it can't be spoken."""
        return speaking_ms(text, language)

    def reply(self, name: str, request: Request) -> Reply | None:
        """Return what comes of a request; None if nothing comes in time."""
        return Failed("Nothing answers in a simulated call.")


@dataclass(slots=True)
class Route:
    """The way of a call through its dialogue; the `Watch` of its agent."""

    passed: list[tuple[str, str]] = field(default_factory=list)
    """Step and exit, in order."""
    latest: str = ""
    """The step that the call came to last."""

    def came_to(self, step_id: str) -> None:
        """Note that the call came to a step."""
        self.latest = step_id

    def left(self, step_id: str, exit_name: str) -> None:
        """Note that it left a step."""
        self.passed.append((step_id, exit_name))


@dataclass(slots=True, kw_only=True)
class Spoken:
    """A prompt as it was heard."""

    name: str
    text: str
    language: str
    over: PromptFinished


@dataclass(slots=True, kw_only=True)
class Course:
    """What happened in a simulated call."""

    entries: list[Entry]
    actions: list[base.Action]
    spoken: list[Spoken]
    ended_by: Ending
    reason: str
    resting_at: str
    """The step that waited when the script was over; empty if the call had ended."""
    unplayed: list[Input]
    """Inputs whose moment did not come."""
    played: int
    """Inputs whose moment came, those with several keys once for each."""


class _Overheard:
    """An agent whose actions are noted."""

    def __init__(self, agent: base.Agent) -> None:
        self._agent = agent
        self.wants_audio = agent.wants_audio
        self.actions: list[base.Action] = []
        self.performs: deque[str] = deque()
        """Names of the requests that were made and not replied to, in order."""

    @property
    def wants_speech(self) -> bool:
        return self._agent.wants_speech

    def handle(self, event: base.AgentEvent) -> Sequence[base.Action]:
        actions = self._agent.handle(event)
        self.actions += actions
        self.performs.extend(action.name for action in actions if isinstance(action, base.Perform))
        return actions


class SimulatedCall:
    """One call. Made for one agent and one person; `run` holds it. Times in seconds from 0."""

    def __init__(
        self,
        agent: base.Agent,
        context: base.CallContext,
        *,
        world: World,
        route: Route | None = None,
        stops_at_rest: bool = False,
    ) -> None:
        """`stops_at_rest`: the call is looked at where it waits once the script is over, and not held on."""
        self._stops_at_rest = stops_at_rest
        self._agent, self._context, self._world = _Overheard(agent), context, world
        self._route = route or Route()
        self._now = self._idle_since = self._last_at = 0.0
        self._log = EventLog(0.0, problems=20, keys=200)
        self._playout = VirtualPlayout()
        self._runner = AgentRunner(self._log, self._playout, prompt_s=_PROMPT_S)
        self._words: dict[str, tuple[str, str]] = {}
        self._inputs: deque[Input] = deque()
        self._begun_from = self._over_from = self._begun_logged = self._over_noted = 0
        self._over_at: list[tuple[str, float]] = []
        self._quiet_ends_at: float | None = None
        """When the person stops speaking; None while they are not."""
        self._speech_began = 0.0
        self._was_quiet = False
        self._resting_at: str | None = None
        self._ended: tuple[Ending, str] | None = None
        self._played = 0

    def run(self, inputs: Sequence[Input]) -> Course:
        """Hold the call to its end: do what the script says, then nothing more. Raises what the agent
        raises."""
        self._inputs.extend(single_keys(inputs))
        text = who(self._context.campaign, self._context.language)
        self._log.add(EntryKind.IDENTIFIED, text, 0.0, language=self._context.language)
        self._step(lambda: self._runner.begin(self._agent, self._context, 0.0))
        while self._ended is None and not (self._stops_at_rest and self._resting_at):
            self._next()
        # Keys that were pressed before the platform read our close.
        while self._inputs and self._inputs[0].at is At.END and self._inputs[0].do is Do.PRESS:
            self._now += self._inputs[0].after_ms / 1000
            self._press(self._inputs.popleft().keys)
        ended_by, reason = self._ended or (Ending.LIMIT, "It was looked at while it waited.")
        return Course(
            entries=self._log.take(),
            actions=self._agent.actions,
            spoken=[
                Spoken(name=over.name, text=text, language=language, over=over)
                for over in self._playout.over
                for text, language in [self._words.get(over.key, ("", ""))]
            ],
            ended_by=ended_by,
            reason=reason,
            resting_at=self._resting_at or "",
            unplayed=[given for given in self._inputs if given.do is not Do.WAIT],
            played=self._played,
        )

    # --- time ----------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Let the next thing happen: what is due by time alone goes first, then the script."""
        due = (*self._runner.due(), self._playout.next_end(), self._quiet_ends_at, LIMIT_S)
        by_time = min(at for at in due if at is not None)
        given = self._inputs[0] if self._inputs else None
        by_person = _NEVER if given is None else self._moment(given)
        if given is None or by_time <= by_person:
            self._now = max(self._now, by_time)
            if self._now >= LIMIT_S:
                reason = f"The call reached its limit of {LIMIT_S:.0f} s."
                self._step(lambda: self._close(Ending.LIMIT, reason))
            else:
                self._step(self._end_speech)
            return
        self._now = max(self._now, by_person)
        self._place(self._inputs.popleft())

    def _moment(self, given: Input) -> float:
        """Return when an input happens, as far as is known by now."""
        if given.do is Do.WAIT or given.at is At.END:
            return _NEVER
        wait = given.after_ms / 1000
        match given.at:
            case At.START:
                return self._now
            case At.THEN:
                return self._last_at + wait
            case At.DURING:
                begun = (b for b in self._playout.begun[self._begun_from :] if b.name == given.prompt)
                found = next((b for n, b in enumerate(begun, 1) if n == given.time), None)
                return found.at + min(wait, (found.total_ms - 1) / 1000) if found else _NEVER
            case At.AFTER:
                over = (at for name, at in self._over_at[self._over_from :] if name == given.prompt)
                at = next((at for n, at in enumerate(over, 1) if n == given.time), None)
                return _NEVER if at is None else at + wait
            case _:
                return max(self._idle_since, self._last_at) + wait if self._is_quiet else _NEVER

    @property
    def _is_quiet(self) -> bool:
        """Whether all has been heard, the person is silent, and the world is not waited for."""
        speaks = self._quiet_ends_at is not None
        return self._playout.idle and not speaks and not self._runner.requests.deadlines()

    # --- one step ------------------------------------------------------------------------------------

    def _step(self, handle: Callable[[], None]) -> None:
        """Let time pass, one thing happen, and all that is due with it."""
        was_idle = self._playout.idle
        self._playout.settle(self._now)
        handle()
        while self._ended is None:
            self._runner.catch_up(self._now)
            if not self._serve():
                break
        self._note_prompts()
        if self._ended is None and self._runner.leaving and self._playout.idle:
            self._close(Ending.AGENT, self._runner.leaving)
        self._idle_since = self._now if self._playout.idle and not was_idle else self._idle_since
        self._note_rest()

    def _serve(self) -> bool:
        """Give the agent what it asked of the world, at once. Return whether it had asked for anything."""
        asked = self._runner.prompts.take_effects()
        for effect in asked:
            if isinstance(effect, Synthesise | LoadClip | Compose):
                self._speak(effect)
        carried = self._runner.requests.take_effects()
        for effect in carried:
            reply = self._world.reply(self._agent.performs.popleft(), effect.request)
            if reply is not None:
                self._runner.answer(effect.key, reply, self._now)
        self._playout.settle(self._now)
        return bool(asked or carried)

    def _speak(self, effect: Synthesise | LoadClip | Compose) -> None:
        match effect:
            case Synthesise():
                text, language = effect.text, effect.language
            case Compose():
                text, language = " ".join(piece.text for piece in effect.pieces), effect.language
            case LoadClip():
                text, language = f"[{effect.clip}]", ""
        self._words[effect.prompt] = (text, language)
        name = self._playout.name_of(effect.prompt)
        length = self._world.length_ms(name, text, language)
        if length is None:
            self._runner.give_up(effect.prompt, "There is no voice for it.", self._now)
        else:
            self._playout.set_length(effect.prompt, length)
            self._runner.prompts.fill(effect.prompt, b"")

    def _note_prompts(self) -> None:
        """Log prompts that began, and note when others were over."""
        for begun in self._playout.begun[self._begun_logged :]:
            data = {"total_ms": begun.total_ms, "began_ms": self._log.at_ms(begun.at)}
            self._log.add(EntryKind.PROMPT, f"“{begun.name}” begins.", self._now, name=begun.name, **data)
        self._begun_logged = len(self._playout.begun)
        self._over_at += [(over.name, self._now) for over in self._playout.over[self._over_noted :]]
        self._over_noted = len(self._playout.over)

    def _note_rest(self) -> None:
        """See whether a wait is over, and where the call rests when the script is."""
        if self._inputs and self._inputs[0].do is Do.WAIT:
            if self._was_quiet and not self._playout.idle:
                self._inputs.popleft()
                self._placed(len(self._playout.begun) - 1)
            else:
                self._was_quiet |= self._is_quiet
        elif not self._inputs and self._resting_at is None and (self._is_quiet or self._ended):
            self._resting_at = "" if self._ended else self._route.latest

    # --- the person ----------------------------------------------------------------------------------

    def _place(self, given: Input) -> None:
        begun = len(self._playout.begun)
        heard = self._playout.unheard(self._now)

        def hang_up() -> None:
            self._log.add(EntryKind.STOP, "The platform ended the call.", self._now, reason="")
            self._close(Ending.CALLER, "The other side hung up.")

        match given.do:
            case Do.PRESS:
                self._step(lambda: self._press(given.keys))
            case Do.SAY:
                self._step(lambda: self._begin_speech(given))
            case _:
                self._step(hang_up)
        plays_on = heard is not None and self._playout.unheard(self._now) == heard
        self._placed(begun - plays_on)

    def _placed(self, begun: int) -> None:
        self._last_at, self._was_quiet = self._now, False
        self._begun_from, self._over_from = max(0, begun), len(self._over_at)
        self._played += 1

    def _press(self, key: str) -> None:
        during = self._playout.playing(self._now) or ""
        is_late = bool(self._runner.leaving) or self._ended is not None
        text = key_pressed(key, during=during, heard=False, late=is_late)
        self._log.add(EntryKind.KEY, text, self._now, digit=key, during=during)
        self._runner.press(key, self._now)

    def _begin_speech(self, given: Input) -> None:
        """Speech that is not listened to changes nothing."""
        if not self._runner.wants_speech:
            return
        during = self._playout.playing(self._now) or ""
        text = f"The person speaks during “{during}”." if during else "The person speaks."
        began_ms = self._log.at_ms(self._now)
        self._log.add(EntryKind.SPEECH, text, self._now, began_ms=began_ms, during=during)
        self._speech_began = self._now
        self._quiet_ends_at = self._now + given.speech_ms / 1000
        self._runner.on_speech(base.SpeechStarted(), self._now)
        if during and given.cuts:
            self._runner.interrupt(self._now, after_ms=0)

    def _end_speech(self) -> None:
        if self._quiet_ends_at is None or self._now < self._quiet_ends_at:
            return
        self._quiet_ends_at = None
        duration_ms = round((self._now - self._speech_began) * 1000)
        text = f"The person spoke for {seconds(duration_ms)} s."
        self._log.add(EntryKind.SPEECH, text, self._now, duration_ms=duration_ms)
        self._runner.on_speech(base.SpeechEnded(duration_ms), self._now)

    # --- the end -------------------------------------------------------------------------------------

    def _close(self, ended_by: Ending, reason: str) -> None:
        self._playout.lose(self._now)
        self._runner.end(self._now)
        self._ended = ended_by, reason
        self._runner.report_ended(self._now)
        self._log.sum_up(self._now)
        self._log.add(EntryKind.END, reason, self._now, ended_by=ended_by.value)


def results(entries: Sequence[Entry]) -> Mapping[str, object]:
    """Return what entries brought: `outcome`, `answers` by question, `opted_out`, `call_back`, `person`,
    `tags`."""
    answers: dict[str, str] = {}
    found: dict[str, object] = {
        "outcome": "",
        "answers": answers,
        "opted_out": False,
        "call_back": "",
        "person": "",
    }
    tags: list[str] = []
    found["tags"] = tags
    for entry in entries:
        data = entry.data
        match entry.kind:
            case EntryKind.ANSWER:
                answers[str(data["question"])] = str(data["value"])
            case EntryKind.OUTCOME:
                found["outcome"] = data["outcome"]
            case EntryKind.CALLBACK:
                found["outcome"], found["call_back"] = "call_back", data["when"]
            case EntryKind.OPT_OUT:
                found["opted_out"] = True
            case EntryKind.TAG:
                tags.append(str(data["tag"]))
            case EntryKind.PERSON:
                found["person"] = data["about"]
    return found
