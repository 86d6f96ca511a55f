"""People for whom branches go one way and the other."""

import pytest

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.simulated.people import compared_with, people, told
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.simulated.documents import reminder


def branching(relation: str, to: str, kind: str) -> DialogueConfiguration:
    when = [{"value": "due", "relation": relation, "to": to}]
    good = SURVEY["steps"]["good"] | {"cases": [{"exit": "well", "when": when}]}
    return survey(steps=SURVEY["steps"] | {"good": good}, values={"due": kind})


@pytest.mark.parametrize(
    ("relation", "to", "kind", "values"),
    [
        ("more_than", "500", "amount", ["1250", "500", "499", "501"]),
        ("is", "01/03/2026", "date", ["28/11/2026", "01/03/2026", "28/02/2026", "02/03/2026"]),
        ("less_than", "00:00", "time", ["17:30", "00:00", "23:59", "00:01"]),
        ("is", "Pune", "text", ["example", "Pune", "not Pune"]),
        ("known", "", "text", ["example", ""]),
        ("is", "7", "digits", ["4321", "7", "6", "8"]),
    ],
)
def test_values_on_both_sides_of_a_condition(relation: str, to: str, kind: str, values: list[str]) -> None:
    found = [person.values["due"] for person in people(branching(relation, to, kind), "en")]
    assert found == values


def test_what_a_value_is_compared_with() -> None:
    assert compared_with(survey(), "score") == ["4"]


def test_where_calls_back_are_offered_one_person_has_had_enough() -> None:
    assert [person.callback for person in people(reminder(), "hi")] == [True, False]


def test_a_hundred_values_are_not_combined_without_end() -> None:
    cases = [{"exit": f"e{n}", "when": [{"value": f"v{n}", "relation": "is", "to": "x"}]} for n in range(30)]
    good = SURVEY["steps"]["good"] | {"cases": cases}
    assert len(people(survey(steps=SURVEY["steps"] | {"good": good}), "en")) <= 97


def test_what_services_may_answer_differs_in_what_branches_ask_for() -> None:
    assert told(survey()) == []
    asked = {"kind": "fetch", "service": "bank", "brings": {"paid": "text", "on": "date"}}
    cases = [{"exit": "well", "when": [{"value": "paid", "relation": "is", "to": "yes"}]}]
    steps = {"asked": asked, "good": SURVEY["steps"]["good"] | {"cases": cases}}
    found = told(survey(steps=SURVEY["steps"] | steps))
    assert {values["paid"] for values in found} == {"example", "yes", "not yes"}
    assert {values["on"] for values in found} == {"28/11/2026"}
