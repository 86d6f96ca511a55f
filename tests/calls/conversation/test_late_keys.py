"""What keys mean whose caller hung up before an agent was there."""

import pytest

from calls.agents.base import CallContext
from calls.agents.registry import build
from calls.conversation.late_keys import opt_out_without_agent, results_of
from calls.conversation.outputs import EntryKind
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES, dialogue
from tests.calls.conversation.test_last_keys import PIN

CONTEXT = CallContext(language="en", name="Asha", variables=VARIABLES)


@pytest.mark.parametrize(
    ("keys", "results"),
    [
        ("9", ["Asked not to be called again: pressed 9.", "Asked not to be called again."]),
        ("1", ["payment: Will pay.", "Will pay."]),
        ("21984", ["payment: Needs time.", "Needs time.", "pin: 1984."]),
        ("29", ["payment: Needs time.", "Needs time.", "Asked not to be called again: pressed 9."]),
        ("7", []),
    ],
)
def test_keys_mean_what_they_would_have_meant_on_the_line(keys: str, results: list[str]) -> None:
    entries = results_of(keys, build("dialogue", dialogue(MENU | PIN)), CONTEXT, at_ms=1200)
    wanted = (EntryKind.ANSWER, EntryKind.OUTCOME, EntryKind.OPT_OUT)
    found = [entry.text for entry in entries if entry.kind in wanted]
    assert found[: len(results)] == results
    assert bool(found) == bool(results)
    assert {entry.at_ms for entry in entries} <= {1200}


def test_nine_counts_though_a_value_to_be_spoken_is_missing_and_there_is_nothing_to_say_about_it() -> None:
    menu = build(
        "dialogue", dialogue(MENU | {"languages": {"en": ENGLISH | {"sorry": ""}}, "default_language": "en"})
    )
    entries = results_of("9", menu, CallContext(language="en"), at_ms=0)
    assert EntryKind.OPT_OUT in {entry.kind for entry in entries}


def test_without_an_agent_nine_is_an_opt_out_and_other_keys_mean_nothing() -> None:
    assert [entry.kind for entry in opt_out_without_agent("19", at_ms=5)] == [EntryKind.OPT_OUT]
    assert opt_out_without_agent("12", at_ms=5) == []
