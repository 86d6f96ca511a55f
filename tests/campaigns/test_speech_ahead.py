"""campaigns/ has words spoken by what the setting names, and knows nothing of voices."""

from pathlib import Path

import pytest
from pytest_django import Settings

from campaigns.speech_ahead import Called, ahead
from tests.calls.agents.texts import MENU, VARIABLES, dialogue

pytestmark = pytest.mark.django_db
ASHA = Called(7, "+919825000001", "Asha", "en", VARIABLES)


@pytest.mark.parametrize(("kind", "configuration"), [("dialogue", {}), ("echo", {}), ("unheard of", {})])
def test_an_agent_that_says_nothing_or_cannot_be_built_needs_no_words(
    kind: str, configuration: dict[str, object]
) -> None:
    words = ahead(kind, configuration, announced=False)
    assert not words.speaks
    assert words.prepare([ASHA], seconds=0).ready == [7]


def test_the_words_of_an_agent_are_spoken_once(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_CACHE = tmp_path
    words = ahead("dialogue", dialogue(MENU), announced=False)
    assert words.speaks
    assert words.prepare([ASHA], seconds=0) == ([], {}, {})
    assert words.prepare([ASHA], seconds=60).ready == [7]
    assert ahead("dialogue", dialogue(MENU), announced=False).prepare([ASHA], seconds=0).ready == [7]
