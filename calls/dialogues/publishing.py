"""Change the draft of a dialogue and publish versions of it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F

from calls.agents import registry
from calls.agents.base import ConfigurationError
from calls.agents.dialogue.changes import changes
from calls.agents.dialogue.configuration import DialogueConfiguration
from campaigns import clock
from campaigns.errors import NotAllowed
from campaigns.models import Agent, Campaign, Dialogue, DialogueVersion, User
from campaigns.queries.dialogues import campaigns_of, latest_version
from campaigns.transitions import campaign as transitions

KIND = Agent.Kind.DIALOGUE


def read_document(document: Mapping[str, object]) -> DialogueConfiguration:
    """Return a stored document as a dialogue. Raises `ConfigurationError` with a sentence if it is none."""
    found = registry.read(KIND, document)
    assert isinstance(found, DialogueConfiguration)
    return found


def stored(document: DialogueConfiguration) -> dict[str, Any]:
    """Return a dialogue as the JSON object that is stored."""
    found: dict[str, Any] = msgspec.to_builtins(document)
    return found


def digest(document: DialogueConfiguration) -> str:
    """Return what tells two dialogues apart: the SHA-256 of the JSON with sorted keys, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


@transaction.atomic
def create(name: str, document: DialogueConfiguration, *, by: User | None) -> Dialogue:
    """Make a dialogue with a draft. Raises `NotAllowed` if the name is taken."""
    if Agent.objects.filter(name=name).exists():
        raise NotAllowed(f"There is a dialogue named “{name}” already.")
    agent = Agent.objects.create(name=name, kind=KIND)
    return Dialogue.objects.create(agent=agent, draft=stored(document), draft_changed_by=by)


def save_draft(
    dialogue: Dialogue, document: DialogueConfiguration, *, revision: int, by: User | None
) -> None:
    """Replace the draft that was read as `revision`.

    Raises `NotAllowed` if another person changed it meanwhile: then nothing is lost of either.
    """
    changed = Dialogue.objects.filter(pk=dialogue.pk, revision=revision).update(
        draft=stored(document),
        revision=F("revision") + 1,
        draft_changed_at=clock.now(),
        draft_changed_by=by,
        changed_at=clock.now(),
    )
    dialogue.refresh_from_db()
    if not changed:
        who = transitions.name_of(dialogue.draft_changed_by)
        raise NotAllowed(
            f"The draft was changed by {who} meanwhile. Look at it, then make your change again."
        )


@transaction.atomic
def publish(dialogue: Dialogue, *, by: User | None, note: str = "", override: str = "") -> DialogueVersion:
    """Publish the draft as the next version; new checks and inbound calls use it, checked campaigns do not.

    Raises `NotAllowed` with all that is wrong with the draft, or if nothing was changed.
    """
    dialogue = Dialogue.objects.select_for_update().select_related("agent").get(pk=dialogue.pk)
    try:
        document = read_document(dialogue.draft)
    except ConfigurationError as error:
        raise NotAllowed(str(error)) from error
    if problems := document.problems():
        raise NotAllowed(" ".join(problems))
    last = latest_version(dialogue.agent_id)
    if last and last.digest == digest(document):
        raise NotAllowed(f"Nothing was changed since version {last.number}.")
    version = DialogueVersion.objects.create(
        dialogue=dialogue,
        number=last.number + 1 if last else 1,
        configuration=stored(document),
        digest=digest(document),
        published_by=by,
        note=note[:400],
        override=override[:400],
    )
    dialogue.agent.configuration = version.configuration
    dialogue.agent.save()
    return version


def differences(before: DialogueVersion | None, after: Mapping[str, object]) -> list[str]:
    """Return what a document changes of a version, in sentences; a first version has none."""
    if before is None:
        return []
    return changes(read_document(before.configuration), read_document(after))


@transaction.atomic
def take_version(campaign: Campaign, version: DialogueVersion, *, by: User) -> list[str]:
    """Let a campaign that was checked go on with another version of its dialogue. Return what that changes.

    Its history says so. Raises `NotAllowed` for a version of another dialogue.
    """
    campaign = Campaign.objects.select_related("dialogue_version").get(pk=campaign.pk)
    if version.dialogue.agent_id != campaign.agent_id:
        raise NotAllowed("That version is of another dialogue.")
    before = campaign.dialogue_version
    told = differences(before, version.configuration)
    Campaign.objects.filter(pk=campaign.pk).update(dialogue_version=version, changed_at=clock.now())
    was = f", not {before.number}" if before else ""
    reason = f"Says version {version.number} of “{version.dialogue}”{was}."
    transitions.note(campaign.pk, campaign.state, campaign.state, reason, now=clock.now(), by=by)
    return told


@transaction.atomic
def delete(dialogue: Dialogue) -> None:
    """Delete a dialogue that was never published. Raises `NotAllowed` and says what uses it otherwise."""
    if users := campaigns_of(dialogue):
        raise NotAllowed(f"It is in use by {', '.join(campaign.name for campaign in users)}.")
    if Campaign.objects.filter(agent=dialogue.agent_id).exists() or dialogue.versions.exists():
        raise NotAllowed("Calls were held with it, so it is kept for their history.")
    dialogue.agent.delete()
