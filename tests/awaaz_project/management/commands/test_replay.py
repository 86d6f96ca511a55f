"""`manage.py replay`: a report, and a line of figures."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from calls.agents.dialogue.files import write_file
from tests.calls.dialogues.stored import called, reminding
from tests.calls.simulated.documents import ASHA, MENU, press, reminder

pytestmark = pytest.mark.django_db
DOCUMENT = reminder()


def replayed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    call_command("replay", *words)
    return capsys.readouterr().out.splitlines()


def test_a_draft_and_a_file_against_past_calls(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    campaign = reminding(DOCUMENT)
    for key in "12":
        called(campaign, DOCUMENT, ASHA, press(key))
    first, figures = replayed(capsys, "Reminder", "--published")
    assert first == "Of 2 calls 2 go the same way and 0 differ."
    assert figures.startswith("calls=2 seconds=")
    assert figures.endswith("same=2 differ=0")
    draft = tmp_path / "draft.json"
    changed = reminder(choices=MENU["choices"] | {"2": {"outcome": "refuses", "label": "Refuses"}})
    draft.write_text(write_file(changed), encoding="utf-8")
    assert replayed(capsys, "Reminder", "--file", str(draft))[-1].endswith("same=1 differ=1")
    assert replayed(capsys, "Reminder", "--calls", "1")[-1].endswith("same=1 differ=0")


def test_what_is_no_dialogue_is_refused_with_a_sentence() -> None:
    with pytest.raises(CommandError, match="There is no dialogue named “Poll”"):
        call_command("replay", "Poll")
