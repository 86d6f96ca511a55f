"""Where exits lead, and what a fragment returns by."""

from typing import Any

import msgspec

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.wiring import fragments, places, ways, wiring
from tests.calls.agents.dialogue.documents import raw

ASK: dict[str, Any] = {"kind": "yes_no", "exits": {"yes": "bye", "no": "bye"}}


def made(steps: dict[str, Any], **others: Any) -> DialogueConfiguration:
    return msgspec.convert(raw(steps, {}, **others), DialogueConfiguration)


def test_exits_lead_to_steps() -> None:
    assert [*wiring(made({"ask": ASK}))] == []
    found = wiring(made({"ask": ASK | {"exits": {"yes": "moon", "other": "bye"}}}))
    assert [(p.step, p.text) for p in found] == [
        ("ask", "The way out “yes” leads to “moon”, which does not exist."),
        ("ask", "The way out “no” leads nowhere."),
        ("ask", "It has no way out “other”."),
    ]


def test_fragments_begin_with_a_step_and_do_not_run_themselves() -> None:
    inner = {"kind": "sub", "fragment": "part", "returns": []}
    found = fragments(made({"ask": ASK}, fragments={"part": {"start": "moon", "steps": {"inner": inner}}}))
    assert next(found).text == "The fragment “part” begins with a step that does not exist."
    found = fragments(made({"ask": ASK}, fragments={"part": {"start": "inner", "steps": {"inner": inner}}}))
    assert [p.text for p in found] == ["The fragment “part” runs itself."]


def test_a_step_runs_a_fragment_by_its_returns() -> None:
    part = {"part": {"start": "inner", "steps": {"inner": {"kind": "return", "exit": "done"}}}}
    sub = {"kind": "sub", "fragment": "part", "returns": ["done"]}
    assert [*places(made({"sub": sub}, fragments=part))] == []
    wrong = {
        "a": sub | {"returns": []},
        "b": sub | {"fragment": "moon"},
        "c": {"kind": "return", "exit": "x"},
    }
    assert [(p.step, p.text) for p in places(made(wrong, fragments=part))] == [
        ("a", "The fragment “part” returns by done."),
        ("b", "There is no fragment “moon”."),
        ("c", "A return is possible in a fragment only."),
    ]


def test_loops_that_never_end() -> None:
    loop = {"a": {"kind": "say", "exits": {"next": "b"}}, "b": {"kind": "say", "exits": {"next": "a"}}}
    found = {(p.step, p.text) for p in ways(made(loop))}
    assert ("a", "From here it goes round in a circle without asking anything.") in found
    assert ("b", "From here the call never comes to an end.") in found
    assert ("bye", "It is never reached.") in found
