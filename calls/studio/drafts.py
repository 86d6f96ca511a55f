"""What the pages of the studio share: the draft of a dialogue, read and stored, and files of dialogues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from calls.agents.base import ConfigurationError
from calls.agents.dialogue import files
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.editing import CannotEditError
from calls.dialogues import publishing
from campaigns.errors import NotAllowed
from campaigns.models import Dialogue
from campaigns.permissions import current_user
from campaigns.queries.dialogues import all_dialogues

READY: Final = Path(__file__).resolve().parents[1] / "agents" / "examples" / "dialogues"
"""The ready dialogues, a file each."""
Change = Callable[[DialogueConfiguration], DialogueConfiguration]


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft of a dialogue as it is stored now."""

    dialogue: Dialogue
    document: DialogueConfiguration


def draft_of(pk: int) -> Draft:
    """Return the draft of a dialogue. Raises `Http404`, and `NotAllowed` if what is stored can't be read."""
    dialogue = get_object_or_404(all_dialogues(), pk=pk)
    try:
        return Draft(dialogue, publishing.read_document(dialogue.draft))
    except ConfigurationError as error:
        raise NotAllowed(str(error)) from error


def changed(request: HttpRequest, draft: Draft, change: Change) -> Draft:
    """Store what a change makes of a draft and return it; nothing is stored if it makes no difference.

    Raises `NotAllowed` if the change is not possible, or if another person changed the draft since the page,
    whose `revision` was sent with the form, was shown.
    """
    try:
        document = change(draft.document)
    except CannotEditError as error:
        raise NotAllowed(str(error)) from error
    if publishing.digest(document) != publishing.digest(draft.document):
        sent = request.POST.get("revision", "")
        revision = int(sent) if sent.isdecimal() and len(sent) < 10 else 0
        publishing.save_draft(draft.dialogue, document, revision=revision, by=current_user(request))
    return Draft(draft.dialogue, document)


def sent_fields(request: HttpRequest) -> Mapping[str, str]:
    """Return the fields of a sent form."""
    return request.POST.dict()


def read_upload(request: HttpRequest) -> DialogueConfiguration:
    """Return the dialogue in the file that was sent. Raises `NotAllowed` with what is wrong with the file."""
    file: Any = request.FILES.get("file")
    if file is None:
        raise NotAllowed("Choose a file first.")
    return read_file(file.read(files.MOST_BYTES + 1))


def read_file(content: bytes) -> DialogueConfiguration:
    """Return the dialogue in a file's content. Raises `NotAllowed` with what is wrong with it."""
    try:
        return files.read_file(content)
    except files.NoDialogueError as error:
        raise NotAllowed(str(error)) from error


def ready_dialogues() -> dict[str, DialogueConfiguration]:
    """Return the ready dialogues that staff can copy, by the names of their files."""
    files = sorted(READY.glob("*.json")) if READY.is_dir() else []
    return {file.stem: read_file(file.read_bytes()) for file in files}
