"""There is a made-up value for each one that words may use, and it can be spoken."""

from calls.agents import verbalize
from calls.studio.samples import BY_KIND, sample_values
from campaigns.spreadsheets.written import Kind
from tests.calls.agents.dialogue.samples import survey


def test_every_kind_has_one_that_can_be_spoken() -> None:
    assert {*BY_KIND} == {*Kind} - {Kind.TEXT}
    for kind, value in BY_KIND.items():
        assert verbalize.readable(value, kind), kind
        assert verbalize.speak(value, kind, "hi")


def test_a_dialogue_has_its_own_values_too() -> None:
    values = sample_values(survey(values={"due": "date"}))
    assert {*values} >= {"name", "due", "score", "happy"}
    assert values["due"] == BY_KIND[Kind.DATE]
