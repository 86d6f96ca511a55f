"""What an agent needs, asked before anybody is called."""

from calls.agent_inspection import AgentInspection
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES, dialogue

ASHA = {"name": "Asha", **VARIABLES}
LANGUAGES = {"en": ENGLISH, "hi": ENGLISH | {"message": "{village}"}}


def test_missing_variables_are_named_once_each() -> None:
    menu = AgentInspection("dialogue", dialogue(MENU))
    assert menu.missing(ASHA, language="en") == ()
    assert menu.missing({"amount": "x"}, language="en") == ("name", "amount", "due_date")


def test_only_the_texts_that_are_spoken_count() -> None:
    menu = AgentInspection("dialogue", dialogue(MENU | {"languages": LANGUAGES, "default_language": "hi"}))
    assert menu.missing(ASHA, language="en") == ()
    assert menu.missing(ASHA, language="hi-IN") == ("village",)
    assert menu.missing(ASHA, language="or") == ("village",)


def test_the_language_heard_is_the_default_where_there_are_no_texts() -> None:
    menu = AgentInspection("dialogue", dialogue(MENU | {"languages": LANGUAGES, "default_language": "hi"}))
    assert (menu.heard("en"), menu.heard("or"), menu.heard("hi_IN")) == ("en", "hi", "hi")
    assert (menu.has_voice("hi-IN"), menu.has_voice("fr")) == (True, False)


def test_what_a_dialogue_speaks_is_told_in_the_order_written() -> None:
    menu = AgentInspection("dialogue", dialogue(MENU))
    assert (menu.languages, menu.variables) == (("en", "hi"), ("amount", "due_date"))


def test_only_a_dialogue_asks() -> None:
    assert [AgentInspection.asks(kind) for kind in ("dialogue", "playback", "echo", "robot")] == [
        True,
        False,
        False,
        False,
    ]


def test_an_agent_without_texts_speaks_nothing_and_names_its_clip() -> None:
    player = AgentInspection("playback", {"clip": "welcome"})
    assert (player.clips, player.heard("hi"), player.missing({}, language="hi")) == (("welcome",), "", ())
    assert (player.languages, player.variables) == ((), ())


def test_an_agent_that_can_not_be_built_has_problems_and_nothing_else() -> None:
    broken = AgentInspection("playback", {"clip": " "})
    assert "name of a recorded clip" in broken.problems[0]
    assert (broken.clips, broken.heard("hi"), broken.missing({}, language="hi")) == ((), "", ())
    assert (broken.languages, broken.variables) == ((), ())
