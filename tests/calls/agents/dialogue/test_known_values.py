"""Which values a dialogue knows, and of which kind they are."""

from typing import Any

from calls.agents.dialogue.known_values import kinds, known
from campaigns.spreadsheets.written import Kind
from tests.calls.agents.dialogue.documents import dialogue

STEPS: dict[str, Any] = {
    "born": {"kind": "digits", "means": "date", "value": "birthday", "least": 8, "most": 8},
    "fetch": {"kind": "fetch", "service": "shop", "brings": {"due": "amount"}, "exits": {"failed": "bye"}},
}


def test_values_of_the_list_and_of_the_call_are_known() -> None:
    document = dialogue(STEPS, {"born": {"ask": "When?"}}, values={"town": "text"})
    assert known(document) >= {"name", "town", "birthday", "due", "today"}
    assert "born" not in known(document)


def test_kinds_of_what_is_pressed_and_fetched() -> None:
    found = kinds(dialogue(STEPS, {"born": {"ask": "When?"}}, values={"due": "number", "town": "text"}))
    assert (found["birthday"], found["today"], found["town"]) == (Kind.DATE, Kind.DATE, Kind.TEXT)
    assert found["due"] is Kind.NUMBER, "the list says what it is"
    assert "born" not in found
