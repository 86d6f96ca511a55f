"""A template is uploaded, looked at and changed behind our back, against the real sandbox."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from campaigns.delivery import template_drift, template_sync
from campaigns.models import Account, Campaign, Template, TemplateLanguage
from tests.campaigns.delivery.test_api_faults import Platform
from tests.campaigns.world import NOON, at, make_campaign
from tests.sandbox.processes import free_port, sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.system]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    port = free_port()
    with (
        sandbox(tmp_path, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        yield Platform(client, f"t{uuid.uuid4().hex[:8]}")


def test_only_what_was_changed_at_xfin_has_drifted(platform: Platform) -> None:
    campaign = make_campaign()
    template = campaign.template
    Account.objects.update(base_url=str(platform.http.base_url).rstrip("/"), tenant=platform.tenant)
    Template.objects.update(sync_state=Template.Sync.PENDING, remote_id="", description="EMI")
    template.numbers.add(campaign.number)
    TemplateLanguage.objects.create(template=template, language="hi", syntax="Namaste _W_")
    template_sync.synchronise(template.account_id, clock=at(NOON))
    for _ in range(3):
        assert template_drift.look(template.account_id, clock=at(NOON)) == 0
        states = [*Template.objects.values_list("sync_state", flat=True)]
        states += TemplateLanguage.objects.values_list("sync_state", flat=True)
        assert states == [Template.Sync.SYNCED] * 2
    template.refresh_from_db()
    address = f"/{platform.tenant}/v1/xact/template/{template.remote_id}/"
    change = {"advanced_options": [{"option": "phone_numbers", "value": "+919876543210"}]}
    platform.http.patch(address, json=change, headers=platform.headers).raise_for_status()
    assert template_drift.look(template.account_id, clock=at(NOON)) == 1
    assert "phone_numbers: +911600110245 → +919876543210" in Campaign.objects.get().reason
    again = Template.objects.get()
    again.sync_state = Template.Sync.PENDING
    again.save()
    template_sync.synchronise(template.account_id, clock=at(NOON))
    assert template_drift.look(template.account_id, clock=at(NOON)) == 0
    assert Template.objects.get().sync_state == Template.Sync.SYNCED
