"""A dialogue made of a menu does what the menu did: the same actions for the same events, whatever comes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import calls.agents
from calls.agents import base
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.from_menu import dialogue_of, read_menu
from calls.audio.pcm import silence
from calls.conversation.outputs import Synthesise
from tests.calls.agents.menu_agent import MenuAgent
from tests.calls.agents.texts import ENGLISH, HINDI, LATER, MENU, VARIABLES
from tests.calls.line import Line

EXAMPLE = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
COLLECT: dict[str, Any] = {
    "collect": {"2": {"question": "days", "least": 2, "most": 3}},
    "languages": {
        language: texts
        | {"collect": {"2": "How many?"}, "replies": {"1": "Thanks.", "2": "So {answer} days, {name}."}}
        for language, texts in (("en", ENGLISH), ("hi", HINDI))
    },
}
WITHOUT_SORRY = {
    language: {name: text for name, text in texts.items() if name not in ("sorry", "message")}
    for language, texts in MENU["languages"].items()
}
MENUS: dict[str, dict[str, Any]] = {
    "plain": MENU,
    "speech cuts": MENU | {"barge_in": {"speech": True, "key": True}, "most_misses": 2},
    "nothing cuts": MENU | {"barge_in": {"speech": False, "key": False}},
    "only speech cuts, later": MENU | LATER | {"barge_in": {"speech": True, "key": False}},
    "later": MENU | LATER,
    "digits": MENU | COLLECT | {"barge_in": {"speech": True, "key": True}},
    "digits as an amount": MENU | COLLECT | {"variables": MENU["variables"] | {"answer": "amount"}},
    "no message, no sorry": MENU | {"languages": WITHOUT_SORRY},
    "example": EXAMPLE,
}
EVENTS = st.lists(
    st.sampled_from(
        [
            *[f"key {key}" for key in "0123499*#"],
            *["over"] * 8,
            *[
                "failed",
                "answer",
                "answer",
                "patience",
                "speaks",
                "speaks",
                "cut",
                "cut",
                "quiet",
                "pause",
                "ended",
            ],
        ]
    ),
    max_size=40,
)


class Phone:
    """The rest of a call for one agent: plays prompts in order, cuts them, takes digits, keeps timers."""

    def __init__(self, agent: base.Agent) -> None:
        self.agent = agent
        self.playing: list[base.Say] = []
        self.timers: set[str] = set()
        self.collect: base.Collect | None = None
        self.digits = ""
        self.is_speaking = self.is_over = False

    def tell(self, event: base.AgentEvent) -> list[base.Action]:
        actions = [] if self.is_over else list(self.agent.handle(event))
        for action in actions:
            match action:
                case base.Say():
                    self.playing.append(action)
                case base.StartTimer():
                    self.timers.add(action.name)
                case base.StopTimer():
                    self.timers.discard(action.name)
                case base.Collect():
                    self.collect, self.digits = action, ""
                case base.ClearAudio():
                    actions += self.cut()
                case base.HangUp():
                    self.is_over = True
        return actions

    def cut(self) -> list[base.Action]:
        dropped, self.playing = self.playing, []
        return [a for say in dropped for a in self.tell(base.PromptEnded(say.name, False, 300, 1000))]

    def finish_collection(self, reason: base.CollectEnd) -> list[base.Action]:
        collect, self.collect = self.collect, None
        assert collect is not None
        if reason is not base.CollectEnd.NOTHING and len(self.digits) < collect.least and self.digits != "9":
            reason = base.CollectEnd.SHORT
        return self.tell(base.Collected(collect.name, self.digits, reason))

    def press(self, key: str) -> list[base.Action]:
        may_cut = bool(self.playing) and self.playing[0].barge_in.key
        actions: list[base.Action] = []
        if self.collect is None:
            playing, self.playing = (self.playing, []) if may_cut else ([], self.playing)
            actions += self.tell(base.KeyPressed(key))
            for say in playing:
                actions += self.tell(base.PromptEnded(say.name, False, 300, 1000))
            return actions
        actions += self.cut() if may_cut else []
        if key == self.collect.terminator:
            return actions + self.finish_collection(base.CollectEnd.TERMINATOR)
        self.digits += key if key.isdigit() else ""
        if len(self.digits) == self.collect.most:
            actions += self.finish_collection(base.CollectEnd.FULL)
        return actions

    def happens(self, what: str) -> list[base.Action]:  # noqa: C901 - a table of what may happen
        kind, _, key = what.partition(" ")
        match kind:
            case "key":
                return self.press(key)
            case "over" | "failed" if self.playing:
                say = self.playing.pop(0)
                over = base.PromptEnded(say.name, True, 1000, 1000)
                return self.tell(over if kind == "over" else base.PromptFailed(say.name, "No voice."))
            case "answer" | "patience" if kind in self.timers:
                self.timers.discard(kind)
                return self.tell(base.TimerFired(kind))
            case "speaks" if self.agent.wants_speech and not self.is_speaking:
                self.is_speaking = True
                return self.tell(base.SpeechStarted())
            case "quiet" if self.is_speaking:
                self.is_speaking = False
                return self.tell(base.SpeechEnded(700))
            case "cut" if self.is_speaking and self.playing and self.playing[0].barge_in.speech:
                return self.cut()
            case "pause" if self.collect and not self.playing:
                reason = base.CollectEnd.PAUSE if self.digits else base.CollectEnd.NOTHING
                return self.finish_collection(reason)
            case "ended":
                return self.tell(base.CallEnded())
        return []


def both(name: str) -> tuple[MenuAgent, DialogueAgent]:
    menu = read_menu(MENUS[name])
    dialogue = dialogue_of(menu)
    assert dialogue.problems() == []
    return MenuAgent(menu), DialogueAgent(dialogue)


def same(name: str, context: base.CallContext, events: Sequence[str]) -> None:
    old, new = (Phone(agent) for agent in both(name))
    assert new.agent.wants_speech == old.agent.wants_speech
    assert new.tell(base.CallStarted(context)) == old.tell(base.CallStarted(context))
    for number, event in enumerate(events):
        expected = old.happens(event)
        assert new.happens(event) == expected, f"at {event}, after {events[:number]}"


@pytest.mark.parametrize("name", MENUS)
def test_whatever_happens_a_dialogue_made_of_a_menu_does_the_same(name: str) -> None:
    @settings(max_examples=100, deadline=None)
    @given(
        events=EVENTS,
        language=st.sampled_from(["hi", "en", "hi-IN", "ta", "or"]),
        callback=st.booleans(),
        changed=st.sampled_from(
            [{}, {"amount": ""}, {"amount": "12,34"}, {"due_date": "soon"}, {"answer": "7"}]
        ),
    )
    def check(events: list[str], language: str, callback: bool, changed: dict[str, str]) -> None:
        values = {**VARIABLES, **changed}
        same(
            name,
            base.CallContext(language=language, variables=values, name="Asha", callback=callback),
            events,
        )

    check()


@pytest.mark.parametrize("name", MENUS)
def test_a_campaign_learns_the_same_of_both(name: str) -> None:
    menu = read_menu(MENUS[name])
    dialogue = dialogue_of(menu)
    assert dialogue.clips() == menu.clips()
    assert dialogue.text_languages() == menu.text_languages()
    assert dialogue.outcomes() == menu.outcomes()
    assert {**dialogue.variable_kinds()}.items() >= {**menu.variable_kinds()}.items()
    for language in ("hi", "en", "ta-IN", "xx"):
        assert dialogue.heard(language) == menu.heard(language)
        for values in (VARIABLES, {}, {"amount": "12,34", "name": "Asha"}):
            missing = dialogue.missing(values, language=language)
            assert set(missing) == set(menu.missing(values, language=language))


@pytest.mark.parametrize("keys", ["", "1", "7#1", "233#", "4", "42", "9", "2", "779", "0001"])
@pytest.mark.parametrize("name", ["plain", "digits", "later", "example"])
def test_frames_and_log_of_whole_calls_are_the_same(name: str, keys: str) -> None:
    old, new = (whole_call(agent, keys) for agent in both(name))
    assert new.frames == old.frames
    assert new.entries == old.entries
    assert new.close == old.close is not None


def whole_call(agent: base.Agent, keys: str) -> Line:
    """A call in which each key is pressed 1.5 s after the one before, and each prompt lasts by its text."""
    line = Line()
    line.begin(agent, base.CallContext(language="en", variables=VARIABLES, name="Asha"))
    made, pressed, slots = 0, 0, 0
    while line.close is None and slots < 6000:
        for effect in line.effects[made:]:
            if isinstance(effect, Synthesise):
                line.keep(line.talk.audio_ready(effect.prompt, silence(30 * len(effect.text)), line.now))
        made = len(line.effects)
        if pressed < len(keys) and slots >= 75 * (pressed + 1):
            line.key(keys[pressed])
            pressed += 1
        line.wait(0.02)
        slots += 1
    return line
