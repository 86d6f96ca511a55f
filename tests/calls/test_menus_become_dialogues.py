"""The migration that made dialogues of menus: what calls say, what campaigns keep, what stays approved."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from calls.agents.registry import validate
from campaigns.lifecycle import approvals
from campaigns.models import Campaign
from tests.calls.agents.texts import MENU
from tests.campaigns.world import NOON

BEFORE = [("campaigns", "0028_dialogues"), ("calls", "0005_reference_of_the_start")]
pytestmark = pytest.mark.django_db(transaction=True)


def migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def make(apps: Any, agent: Any, state: str) -> Any:
    account, _ = apps.get_model("campaigns", "Account").objects.get_or_create(
        name="Office", defaults={"base_url": "http://127.0.0.1:9", "tenant": "t", "email": "a@b.in"}
    )
    number, _ = apps.get_model("campaigns", "PhoneNumber").objects.get_or_create(
        account=account, e164="+911600110245", defaults={"series": "1600"}
    )
    template, _ = apps.get_model("campaigns", "Template").objects.get_or_create(account=account, name="EMI")
    return apps.get_model("campaigns", "Campaign").objects.create(
        name=f"{agent.name} {state}", template=template, number=number, agent=agent, state=state
    )


@pytest.fixture
def latest() -> Iterator[list[tuple[str, str]]]:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield newest
    migrate(newest)


def test_menus_become_dialogues_that_campaigns_keep(latest: list[tuple[str, str]]) -> None:
    apps = migrate(BEFORE)
    agents = apps.get_model("campaigns", "Agent").objects
    good = agents.create(name="Good", kind="menu", configuration=MENU)
    unfinished = agents.create(name="Unfinished", kind="menu", configuration=MENU | {"choices": {}})
    nonsense = agents.create(name="Nonsense", kind="menu", configuration={"nonsense": 1})
    echo = agents.create(name="Echo", kind="echo", configuration={})
    running, draft = make(apps, good, "running"), make(apps, good, "draft")
    apps = migrate(latest)
    agents = apps.get_model("campaigns", "Agent").objects
    campaigns = apps.get_model("campaigns", "Campaign").objects
    version = apps.get_model("campaigns", "DialogueVersion").objects.get()
    good = agents.get(pk=good.pk)
    assert (good.kind, version.dialogue.agent_id, version.number) == ("dialogue", good.pk, 1)
    assert good.configuration == version.configuration == version.dialogue.draft
    assert validate("dialogue", good.configuration) == []
    assert campaigns.get(pk=running.pk).dialogue_version_id == version.pk
    assert campaigns.get(pk=draft.pk).dialogue_version_id is None
    for left, configuration in ((unfinished, MENU | {"choices": {}}), (nonsense, {"nonsense": 1})):
        left = agents.get(pk=left.pk)
        assert (left.kind, left.configuration) == ("dialogue", configuration)
        assert validate("dialogue", left.configuration)
    assert agents.get(pk=echo.pk).kind == "echo"


def test_what_was_approved_stays_approved(latest: list[tuple[str, str]]) -> None:
    apps = migrate(BEFORE)
    agent = apps.get_model("campaigns", "Agent").objects.create(name="Good", kind="menu", configuration=MENU)
    campaign = make(apps, agent, "running")
    said = json.dumps([MENU, []], sort_keys=True, ensure_ascii=False)
    approved = {
        "agent": "Good (Speaks and takes a key)",
        "what the agent says": "sha256:" + hashlib.sha256(said.encode()).hexdigest(),
    }
    apps.get_model("campaigns", "Approval").objects.create(
        campaign=campaign, at=NOON, by_name="Asha", contents=approved, people=1, newest_recipient=1
    )
    migrate(latest)
    now = approvals.contents(Campaign.objects.get(pk=campaign.pk))
    kept = Campaign.objects.get(pk=campaign.pk).approval.contents
    assert kept == {name: now[name] for name in kept}
    assert kept["agent"] == "Good (Holds a dialogue)"
