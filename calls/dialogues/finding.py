"""Find a dialogue as a person names it on a command line, and the document that is meant."""

from pathlib import Path

from calls.agents.base import ConfigurationError
from calls.agents.dialogue import files
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.dialogues.publishing import read_document
from campaigns.models import Dialogue
from campaigns.queries.dialogues import latest_version


class NotFoundError(ValueError):
    """There is no such dialogue, or none that calls can be held with. The text is a sentence."""


def dialogue(named: str) -> Dialogue:
    """Return the dialogue of this name or number. Raises `NotFoundError`."""
    rows = Dialogue.objects.select_related("agent")
    found = rows.filter(agent__name=named).first()
    if found is None and named.isdecimal():
        found = rows.filter(pk=int(named)).first()
    if found is None:
        raise NotFoundError(f"There is no dialogue named “{named}”.")
    return found


def document(row: Dialogue, *, published: bool = False) -> DialogueConfiguration:
    """Return a dialogue's draft, or its latest version. Raises `NotFoundError` with all that is wrong."""
    latest = latest_version(row.agent_id) if published else None
    if published and latest is None:
        raise NotFoundError(f"“{row}” was never published.")
    try:
        return _without_problems(read_document(latest.configuration if latest else row.draft))
    except ConfigurationError as error:
        raise NotFoundError(str(error)) from error


def from_file(path: str) -> DialogueConfiguration:
    """Return the dialogue of a file. Raises `NotFoundError` with all that is wrong."""
    try:
        content = Path(path).read_bytes()
        found = files.read_file(content)
    except (OSError, files.NoDialogueError) as error:
        raise NotFoundError(f"The file {path} holds no dialogue: {error}") from error
    return _without_problems(found)


def _without_problems(found: DialogueConfiguration) -> DialogueConfiguration:
    if problems := found.problems():
        raise NotFoundError(" ".join(problems))
    return found
