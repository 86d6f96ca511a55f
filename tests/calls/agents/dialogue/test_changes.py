"""What is different between two versions, in words."""

import copy

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.changes import changes, step_changes
from tests.calls.agents.dialogue.samples import SURVEY, survey


def test_equal_dialogues_have_no_differences() -> None:
    assert changes(survey(), survey()) == []


def test_each_difference_is_a_sentence_that_names_its_step() -> None:
    steps, words = copy.deepcopy(SURVEY["steps"]), copy.deepcopy(SURVEY["words"])
    steps["happy"]["exits"]["no"] = "bye"
    steps["score"] |= {"highest": 8}
    steps["thanks"] = {"kind": "say", "title": "Thanks", "exits": {"next": "end"}}
    del steps["sad"]
    words["en"]["hello"]["say"] = "Good day."
    words["hi"] = words["en"]
    told = changes(survey(), survey(steps=steps, words=words, wrong_keys=4))
    assert sorted(told) == sorted(
        [
            "How many wrong keys end it: changed.",
            "New language: hi.",
            "New step: Thanks.",
            "Step gone: sad.",
            "“Happy?”: “no” leads to bye, not to score.",
            "“Score”: highest changed.",
            "“Hello” in en: says “Good day.”, not “Hello {name}.”.",
        ]
    )


def test_a_step_of_another_kind_is_said_so() -> None:
    steps = copy.deepcopy(SURVEY["steps"]) | {
        "hello": {"kind": "set", "outcome": "x", "exits": {"next": "happy"}}
    }
    assert "“hello”: does something else now." in changes(survey(), survey(steps=steps))


def test_a_step_that_does_something_else_has_no_other_changes() -> None:
    assert [*step_changes(doc.Say(title="a"), doc.End(title="b"))] == ["does something else now."]
    assert [*step_changes(doc.Say(exits={"next": "a"}), doc.Say(title="b", exits={"next": "c"}))] == [
        "“next” leads to c, not to a.",
        "title changed.",
    ]
    assert [*step_changes(doc.End(), doc.End())] == []
