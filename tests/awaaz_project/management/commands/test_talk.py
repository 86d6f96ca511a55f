"""`manage.py talk`: a call by typing, driven through its input."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from calls.agents.dialogue.files import write_file
from calls.dialogues import publishing
from tests.calls.agents.dialogue.samples import survey
from tests.calls.simulated.documents import reminder


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    def typed(*lines: str, to: str, **options: object) -> list[str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        call_command("talk", to, **options)
        return capsys.readouterr().out.splitlines()

    return typed


@pytest.mark.django_db
def test_a_stored_dialogue_is_talked_to_until_it_hangs_up(talk: object) -> None:
    publishing.create("Survey", survey(), by=None)
    assert callable(talk)
    assert talk("1", "what?", "5", to="Survey")[1:] == [
        "  Hello: Hello Asha.",
        "  Happy?: Are you happy? 1 for yes, 2 for no.",
        "> 1",
        "· happy: Yes.",
        "  Score: From 1 to 5?",
        "Type keys (0 to 9, *, #), `..` to say nothing, `say` to speak, `hang up` to hang up.",
        "> 5",
        "· score: 5.",
        "· Is happy.",
        "  Goodbye: Goodbye.",
        "· We hung up after the last words.",
    ]


def test_a_file_is_talked_to_in_a_language_and_with_values(talk: object, tmp_path: Path) -> None:
    path = tmp_path / "reminder.json"
    path.write_text(write_file(reminder()), encoding="utf-8")
    assert callable(talk)
    lines = talk("..", "hang up", to=str(path), language="en", value=["amount=7000"], name="Ravi")
    assert "Hello Ravi." in lines[1]
    assert "seven thousand rupees" in lines[2]
    assert lines[-1] == "· The other side hung up."
    assert sum("seven thousand rupees" in line for line in lines) == 2


def test_the_end_of_the_input_ends_it(talk: object, tmp_path: Path) -> None:
    path = tmp_path / "survey.json"
    path.write_text(write_file(survey()), encoding="utf-8")
    assert callable(talk)
    assert talk(to=str(path))[-1].startswith("  Happy?")


@pytest.mark.django_db
def test_what_is_no_dialogue_or_no_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no dialogue named “Poll”"):
        call_command("talk", "Poll")
    path = tmp_path / "survey.json"
    path.write_text(write_file(survey()), encoding="utf-8")
    with pytest.raises(CommandError, match="“amount” is not NAME=VALUE"):
        call_command("talk", str(path), value=["amount"])
