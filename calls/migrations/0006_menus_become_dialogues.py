"""Menus become dialogues that say and log the same; campaigns that were checked keep them as version 1.

What was approved stays approved: approvals hold a digest of what the agent says, and their wording of its kind.
A stored menu with which no call could be held stays as it is, under the new kind: it still holds none.
"""

import hashlib
import json

import msgspec
from django.db import migrations

from calls.agents.base import ConfigurationError
from calls.agents.dialogue.from_menu import dialogue_of, read_menu

OPEN = ("checked", "approved", "scheduled", "running", "paused", "stopped")
SAYS, AGENT = "what the agent says", "agent"


def convert(apps, editor):
    Agent = apps.get_model("campaigns", "Agent")
    for agent in Agent.objects.filter(kind="menu"):
        menu = usable_menu(agent.configuration)
        if menu is None:
            Agent.objects.filter(pk=agent.pk).update(kind="dialogue")
            continue
        document = dialogue_of(menu)
        configuration = msgspec.to_builtins(document)
        Agent.objects.filter(pk=agent.pk).update(kind="dialogue", configuration=configuration)
        dialogue = apps.get_model("campaigns", "Dialogue").objects.create(agent=agent, draft=configuration)
        version = apps.get_model("campaigns", "DialogueVersion").objects.create(
            dialogue=dialogue,
            number=1,
            configuration=configuration,
            digest=hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest(),
            note="Made of the menu that was here before.",
        )
        campaigns = apps.get_model("campaigns", "Campaign").objects.filter(agent=agent)
        campaigns.filter(state__in=OPEN).update(dialogue_version=version)
        keep_approvals(apps, campaigns, before=agent.configuration, after=configuration)


def usable_menu(configuration):
    """Return a menu without problems; None for any other JSON."""
    try:
        menu = read_menu(configuration)
    except ConfigurationError:
        return None
    return None if menu.problems() else menu


def keep_approvals(apps, campaigns, *, before, after):
    """Write the digest of the dialogue where an approval holds that of its menu. A menu has no clips."""
    for approval in apps.get_model("campaigns", "Approval").objects.filter(campaign__in=campaigns):
        if approval.contents.get(SAYS) == digest([before, []]):
            approval.contents[SAYS] = digest([after, []])
            approval.contents[AGENT] = approval.contents[AGENT].replace(
                "(Speaks and takes a key)", "(Holds a dialogue)"
            )
            approval.save()


def digest(parts):
    """As `campaigns.lifecycle.approvals` makes it."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("calls", "0005_reference_of_the_start"), ("campaigns", "0028_dialogues")]
    operations = [migrations.RunPython(convert, migrations.RunPython.noop)]
