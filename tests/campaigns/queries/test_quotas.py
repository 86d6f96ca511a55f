"""The figures of quotas, each from few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, QuotaCell, Recipient
from campaigns.queries import quotas
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """A cell for two with five people: one done, one on the line who has answered, one on the line."""
    campaign = make_campaign(people=5, goals=["completed"], quota_values=["district"])
    cell = QuotaCell.objects.create(campaign=campaign, first="Surat", target=2)
    Recipient.objects.update(cell=cell)
    done, answered, ringing, *_ = Recipient.objects.order_by("pk")
    Recipient.objects.filter(pk=done.pk).update(state="completed", outcome="completed")
    Recipient.objects.filter(pk=answered.pk).update(state="under_way", outcome="completed")
    Recipient.objects.filter(pk=ringing.pk).update(state="under_way", outcome="refused")
    return campaign


def test_who_has_answered_counts_once(campaign: Campaign) -> None:
    with CaptureQueriesContext(connection) as asked:
        [row] = quotas.table(campaign)
    assert len(asked) == 2
    assert (row.people, row.completed, row.under_way, row.waiting, row.is_full) == (5, 2, 1, 2, True)


def test_full_cells_say_why_and_have_no_room(campaign: Campaign) -> None:
    cell = QuotaCell.objects.get()
    assert quotas.full_cells([campaign]) == {cell.pk: "The quota of Surat is full."}
    assert quotas.rooms(campaign) == {cell.pk: 0}
    QuotaCell.objects.update(target=3)
    assert quotas.full_cells([campaign]) == {}
    assert quotas.rooms(campaign) == {cell.pk: 3}
    assert quotas.with_quotas() == [campaign]


def test_a_campaign_without_quotas_costs_no_query() -> None:
    campaign = make_campaign(people=1)
    with CaptureQueriesContext(connection) as asked:
        assert quotas.table(campaign) == []
        assert quotas.full_cells([campaign]) == {}
        assert quotas.rooms(campaign) == {}
    assert not asked.captured_queries
