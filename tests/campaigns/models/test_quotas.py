"""What the database holds of a quota's cells."""

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import QuotaCell, Recipient
from campaigns.schedule.quotas import MOST_WANTED
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


def test_a_cell_is_there_once_and_asks_for_a_number_that_can_be() -> None:
    campaign = make_campaign(quota_values=["district"])
    cell = QuotaCell.objects.create(campaign=campaign, first="Surat", target=5)
    assert str(cell) == "Surat"
    for wrong in ({"first": "Surat"}, {"first": "Anand", "target": MOST_WANTED + 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            QuotaCell.objects.create(campaign=campaign, **wrong)


def test_people_stay_when_their_cell_goes() -> None:
    campaign = make_campaign(people=1, quota_values=["district"])
    cell = QuotaCell.objects.create(campaign=campaign, first="Surat")
    Recipient.objects.update(cell=cell)
    cell.delete()
    assert Recipient.objects.get().cell is None
