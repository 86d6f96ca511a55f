"""A dialogue made of a menu does what the menu did: the same actions for the same events, whatever comes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings
from msgspec import structs

import calls.agents
from calls.agents import base
from calls.agents.dialogue.agent import DialogueAgent
from calls.agents.dialogue.from_menu import dialogue_of
from calls.audio.pcm import silence
from calls.conversation.outputs import Entry, EntryKind, Synthesise
from campaigns.rules.results import Answer
from tests.calls.agents.dialogue.phone import Phone
from tests.calls.agents.menu_agent import Menu, MenuAgent
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


def both(name: str) -> tuple[MenuAgent, DialogueAgent]:
    menu = msgspec.convert(MENUS[name], Menu)
    dialogue = dialogue_of(menu)
    assert dialogue.problems() == []
    return MenuAgent(menu), DialogueAgent(dialogue)


def without_what_menus_lacked(actions: Sequence[base.Action]) -> list[base.Action]:
    """The actions without the kind and step of answers, and without what was heard of a question."""
    kept = [action for action in actions if not isinstance(action, base.QuestionHeard)]
    return [
        replace(action, kind="", step="") if isinstance(action, base.RecordAnswer) else action
        for action in kept
    ]


def entries_without_what_menus_lacked(line: Line) -> list[Entry]:
    kept = [entry for entry in line.entries if entry.kind is not EntryKind.QUESTION]
    return [
        structs.replace(entry, payload=structs.replace(entry.payload, kind="", step=""))
        if isinstance(entry.payload, Answer)
        else entry
        for entry in kept
    ]


def same(name: str, context: base.CallContext, events: Sequence[str]) -> None:
    old, new = (Phone(agent) for agent in both(name))
    assert new.agent.wants_speech == old.agent.wants_speech
    assert new.tell(base.CallStarted(context)) == old.tell(base.CallStarted(context))
    for number, event in enumerate(events):
        expected = old.happens(event)
        assert without_what_menus_lacked(new.happens(event)) == expected, (
            f"at {event}, after {events[:number]}"
        )


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
    menu = msgspec.convert(MENUS[name], Menu)
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
    assert entries_without_what_menus_lacked(new) == entries_without_what_menus_lacked(old)
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
