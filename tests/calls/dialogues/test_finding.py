"""A dialogue by what a person calls it."""

from pathlib import Path

import pytest

from calls.agents.dialogue.files import write_file
from calls.dialogues import finding, publishing
from calls.dialogues.finding import NotFoundError
from campaigns.models import Dialogue
from tests.calls.agents.dialogue.samples import SURVEY, survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


def test_by_name_and_by_number(made: Dialogue) -> None:
    assert finding.dialogue("Survey") == finding.dialogue(str(made.pk)) == made
    with pytest.raises(NotFoundError, match="There is no dialogue named “Poll”"):
        finding.dialogue("Poll")


def test_the_draft_or_the_latest_version(made: Dialogue) -> None:
    assert finding.document(made) == survey()
    with pytest.raises(NotFoundError, match="“Survey” was never published"):
        finding.document(made, published=True)
    publishing.publish(made, by=None)
    changed = survey(wrong_keys=2)
    publishing.save_draft(made, changed, revision=made.revision, by=None)
    assert finding.document(made) == changed
    assert finding.document(made, published=True) == survey()


def test_a_draft_with_problems_is_refused_with_its_sentences(made: Dialogue) -> None:
    Dialogue.objects.update(draft={**SURVEY, "start": "nowhere"})
    made.refresh_from_db()
    with pytest.raises(NotFoundError, match="begins with the step “nowhere”"):
        finding.document(made)
    Dialogue.objects.update(draft={"start": 3})
    made.refresh_from_db()
    with pytest.raises(NotFoundError):
        finding.document(made)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "survey.json"
    path.write_text(write_file(survey()), encoding="utf-8")
    assert finding.from_file(str(path)) == survey()
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(NotFoundError, match="holds no dialogue"):
        finding.from_file(str(path))
    with pytest.raises(NotFoundError, match="holds no dialogue"):
        finding.from_file(str(tmp_path / "none.json"))
