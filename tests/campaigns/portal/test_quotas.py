"""Quotas as staff set and see them."""

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.imports.upload import add_rows
from campaigns.lifecycle import actions
from campaigns.models import Campaign, Import, QuotaCell, Recipient
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """A running survey with two women and a man of Surat."""
    campaign = make_campaign()
    people = [
        {
            "phone": f"+919825000{number:03d}",
            "language": "hi",
            "variables": {"district": "Surat", "gender": who},
        }
        for number, who in enumerate(("female", "female", "male"))
    ]
    add_rows(campaign, people, by=None)
    return campaign


def page(campaign: Campaign, browser: Client | None = None) -> str:
    browser = browser or cast.browser(cast.viewer())
    return browser.get(reverse("campaign-quotas", args=[campaign.pk])).content.decode()


def test_quotas_are_set_with_a_form_and_corrected_in_the_table(campaign: Campaign) -> None:
    browser, address = cast.browser(cast.manager()), reverse("campaign-quotas", args=[campaign.pk])
    assert '<option value="district">District</option>' in page(campaign, browser)
    sent = {"do": "values", "first": "district", "second": "gender", "each": "40", "cells": "Surat, male, 0"}
    assert browser.post(address, sent, follow=True).status_code == 200
    women, men = QuotaCell.objects.order_by("second")
    assert [(str(each), each.target) for each in (women, men)] == [
        ("Surat × female", 40),
        ("Surat × male", 0),
    ]
    assert Recipient.objects.get(state="quota_full").reason == "The quota of Surat × male is full."
    shown = browser.get(campaign.get_absolute_url()).content.decode()
    assert "Surat × female" in shown
    assert "Quota full" in shown.replace("quota full", "Quota full")
    sent = {"do": "targets", f"target_{women.pk}": "", f"target_{men.pk}": "2"}
    browser.post(address, sent)
    assert list(QuotaCell.objects.order_by("second").values_list("target", flat=True)) == [None, 2]
    assert not Recipient.objects.filter(state="quota_full").exists()
    browser.post(address, {"do": "none"})
    assert not QuotaCell.objects.exists()
    assert "No quotas." in page(campaign, browser)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"first": "gender", "second": "gender"}, "Choose another value than the first"),
        ({"first": "gender", "cells": "female"}, "write gender and a number"),
        ({"first": "shoe"}, "Select a valid choice"),
        ({"first": "gender", "each": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_said_and_loses_nothing(
    campaign: Campaign, sent: dict[str, str], words: str
) -> None:
    browser, address = cast.browser(cast.manager()), reverse("campaign-quotas", args=[campaign.pk])
    browser.post(address, {"first": "district", "each": "9"})
    answer = browser.post(address, sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert [cell.target for cell in QuotaCell.objects.all()] == [9]
    cell = QuotaCell.objects.get()
    wrong = browser.post(address, {"do": "targets", f"target_{cell.pk}": "many"})
    assert "Surat: “many” is no number" in wrong.content.decode()
    assert 'value="many"' in wrong.content.decode()
    assert QuotaCell.objects.get().target == 9


def test_a_viewer_sees_them_and_a_cancelled_campaign_takes_none(campaign: Campaign) -> None:
    assert "<form" not in page(campaign).split("<main", 1)[-1]
    viewer = cast.browser(cast.second_manager())
    actions.cancel(campaign, None)
    answer = viewer.post(reverse("campaign-quotas", args=[campaign.pk]), {"first": "district", "each": "1"})
    assert (answer.status_code, QuotaCell.objects.count()) == (422, 0)
    assert "The campaign is cancelled" in answer.content.decode()


def test_without_a_list_there_is_no_value_to_choose(campaign: Campaign) -> None:
    Import.objects.all().delete()
    assert "There is no value yet." in page(campaign, cast.browser(cast.manager()))
