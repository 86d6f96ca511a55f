"""Retries through another template, and so from another number of the account."""

from datetime import date, timedelta
from typing import Any

import pytest

from campaigns.delivery import upload
from campaigns.lifecycle import actions
from campaigns.models import (
    CallerDeclaration,
    Campaign,
    Evidence,
    Message,
    PhoneNumber,
    Recipient,
    Template,
    TemplateLanguage,
)
from campaigns.planning import plan
from tests import cast
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign

pytestmark = pytest.mark.django_db
OTHER = "+911600110299"


def campaign_with_retries(**number: Any) -> Campaign:
    """With one person; retries go from another number, declared as the first is."""
    campaign = make_campaign(people=1, max_attempts=3)
    account = campaign.template.account
    values = {"account": account, "e164": OTHER, "series": "1600"} | number
    other = PhoneNumber.objects.create(**values)
    CallerDeclaration.objects.create(
        number=other, operator="Airtel", reference="A2P-2", declared_on=date(2026, 11, 1)
    )
    again = Template.objects.create(account=account, name="EMI again", remote_id="17", sync_state="synced")
    again.numbers.add(other)
    Campaign.objects.update(retry_template=again)
    return Campaign.objects.get()


def called_once(campaign: Campaign) -> Recipient:
    """Its person was rung yesterday and is to be called again now."""
    person = campaign.recipients.get()
    Message.objects.create(
        recipient=person,
        attempt=1,
        send_on=NOON - timedelta(days=1),
        state="failed",
        disposition="no_answer",
        settled_at=NOON - timedelta(days=1),
    )
    Recipient.objects.update(attempts=1, due_at=NOON)
    return person


def hand_over(campaign: Campaign) -> dict[str, Any]:
    """The one message that XFin is given now."""
    xfin = FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    (message,) = xfin.messages.values()
    return message


def callers() -> list[object]:
    return [facts["caller_id"] for facts in Evidence.objects.order_by("pk").values_list("facts", flat=True)]


def test_the_first_call_goes_through_the_campaign_s_own_template_and_number() -> None:
    campaign = campaign_with_retries()
    assert hand_over(campaign)["template"] == "EMI reminder"
    assert callers() == [campaign.number.e164] * 2


def test_a_retry_goes_through_the_other_template_and_its_number_is_judged() -> None:
    campaign = campaign_with_retries()
    called_once(campaign)
    assert hand_over(campaign)["template"] == "EMI again"
    assert callers() == [OTHER] * 2


def test_a_retry_from_a_number_without_its_declaration_stops_the_campaign_and_is_not_made() -> None:
    campaign = campaign_with_retries()
    called_once(campaign)
    CallerDeclaration.objects.filter(number__e164=OTHER).delete()
    assert plan.plan(campaign.pk, now=NOON) == 0
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert "(B07" in campaign.reason


def test_a_declaration_of_the_other_number_does_not_speak_for_the_first() -> None:
    campaign = campaign_with_retries()
    CallerDeclaration.objects.exclude(number__e164=OTHER).delete()
    assert plan.plan(campaign.pk, now=NOON) == 0


@pytest.mark.parametrize("numbers", [0, 2])
def test_a_template_that_names_no_single_number_is_not_used(numbers: int) -> None:
    campaign = campaign_with_retries()
    called_once(campaign)
    again = Template.objects.get(name="EMI again")
    again.numbers.set([campaign.number, *again.numbers.all()] if numbers else [])
    assert hand_over(campaign)["template"] == "EMI reminder"
    assert callers() == [campaign.number.e164] * 2


def test_nothing_goes_up_before_the_template_of_retries_is_at_xfin() -> None:
    campaign = campaign_with_retries()
    plan.plan(campaign.pk, now=NOON)
    again = Template.objects.filter(name="EMI again")
    again.update(sync_state="pending")
    assert upload.uploads_wanted(NOON) == {}
    again.update(sync_state="synced")
    form = TemplateLanguage.objects.create(template=again.get(), language="hi")
    assert upload.uploads_wanted(NOON) == {}
    TemplateLanguage.objects.filter(pk=form.pk).update(sync_state="synced")
    assert upload.uploads_wanted(NOON) == {campaign.template.account_id: 1}


def test_the_pace_is_the_smaller_share_of_the_two_numbers() -> None:
    campaign = campaign_with_retries(max_calls=1)
    person = campaign.recipients.get()
    Message.objects.bulk_create(
        Message(
            recipient=person,
            attempt=number,
            send_on=NOON,
            state="done",
            disposition="answered",
            duration_seconds=40,
            settled_at=NOON,
        )
        for number in range(10, 40)
    )
    assert plan.pace_of(campaign, NOON) == pytest.approx(1)
    Campaign.objects.update(retry_template=None)
    assert plan.pace_of(Campaign.objects.get(), NOON) == pytest.approx(10)


def test_a_launch_says_what_is_wrong_with_it() -> None:
    campaign = campaign_with_retries(direction="inbound", active=False, series="140", e164="+911401234567")
    TemplateLanguage.objects.create(template=campaign.template, language="ta")
    said = " ".join(actions.launch_problems(campaign))
    assert "The number of the template for retries is switched off." in said
    assert "takes inbound calls only" in said
    assert "does not have the languages ta." in said
    assert "B0" in said
    Template.objects.get(name="EMI again").numbers.clear()
    assert "must have exactly one number" in " ".join(actions.launch_problems(Campaign.objects.get()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_attempts": 1}, "leaves no retry"),
        ({"retry_template": "own"}, "exactly one number"),
    ],
)
def test_the_api_refuses_what_could_not_work(changes: dict[str, Any], words: str) -> None:
    campaign = campaign_with_retries()
    Campaign.objects.update(state="draft")
    given = {name: campaign.template_id if value == "own" else value for name, value in changes.items()}
    answer = cast.browser(cast.manager()).patch(
        f"/api/campaigns/{campaign.pk}/", given, content_type="application/json"
    )
    assert answer.status_code == 400
    assert words in str(answer.json()["retry_template"])


def test_the_page_shows_from_where_people_are_called_again() -> None:
    campaign = campaign_with_retries()
    page = cast.browser(cast.manager()).get(campaign.get_absolute_url()).content.decode()
    assert "again through “EMI again”" in page
