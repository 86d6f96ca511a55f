"""The portal's pages about campaigns, as seen by a manager, a viewer and an outsider."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, Import, ImportRow, Message, Recipient
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db

LIST = (
    "Mobile,Name,Language,Amount\n"
    "98251 12410,Asha,Gujarati,1200\n"
    "9825112410,Asha again,Gujarati,1200\n"
    "12345,Nobody,Hindi,500\n"
    "9825112411,=1+2,Hindi,700\n"
)


def upload(browser: Client, campaign: Campaign, data: bytes, name: str = "people.csv") -> HttpResponse:
    address = reverse("campaign-files", args=[campaign.pk])
    return browser.post(address, {"file": SimpleUploadedFile(name, data)}, follow=True)  # type: ignore[return-value]  # the last of the redirects


def pages(campaign: Campaign) -> list[str]:
    names = ("campaign", "campaign-people", "campaign-files")
    return [reverse("campaigns"), *(reverse(name, args=[campaign.pk]) for name in names)]


def test_a_viewer_sees_every_page_and_no_button_that_changes_something() -> None:
    campaign = make_campaign(people=2)
    browser = cast.browser(cast.viewer())
    for page in pages(campaign):
        answer = browser.get(page)
        assert answer.status_code == 200, page
        assert 'method="post" action="/campaigns' not in answer.content.decode()
        assert "multipart" not in answer.content.decode()


def test_an_outsider_is_told_no_and_a_stranger_is_asked_to_log_in() -> None:
    campaign = make_campaign()
    outsider, stranger = cast.browser(cast.outsider()), cast.browser()
    for page in pages(campaign):
        assert outsider.get(page).status_code == 403
        assert stranger.get(page).headers["Location"] == f"/login/?next={page}"


@pytest.mark.parametrize("who", [cast.viewer, cast.outsider])
@pytest.mark.parametrize("verb", ["launch", "pause", "resume", "cancel"])
def test_only_who_may_change_campaigns_changes_their_state(who: Callable[[], object], verb: str) -> None:
    campaign = make_campaign(people=1)
    answer = cast.browser(who()).post(reverse("campaign-change", args=[campaign.pk, verb]))  # type: ignore[arg-type]  # a member of the cast
    assert answer.status_code == 403
    campaign.refresh_from_db()
    assert campaign.state == "running"


def test_a_manager_launches_pauses_resumes_and_cancels() -> None:
    campaign = make_campaign(people=1, state="draft")
    browser = cast.browser(cast.manager())
    for verb, state in (
        ("launch", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ):
        browser.post(reverse("campaign-change", args=[campaign.pk, verb]))
        campaign.refresh_from_db()
        assert campaign.state == state
    assert "Asha" in campaign.reason


def test_a_refused_change_is_shown_with_its_reason() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    answer = browser.post(reverse("campaign-change", args=[campaign.pk, "launch"]), follow=True)
    assert "There is nobody to call" in answer.content.decode()


def test_nothing_is_changed_by_looking() -> None:
    campaign = make_campaign(people=1)
    browser = cast.browser(cast.manager())
    assert browser.get(reverse("campaign-change", args=[campaign.pk, "pause"])).status_code == 405
    assert browser.get(reverse("campaign-cancel", args=[campaign.pk])).status_code == 200
    campaign.refresh_from_db()
    assert campaign.state == "running"


def test_a_page_shows_rows_and_people_that_add_up() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    upload(browser, campaign, LIST.encode())
    html = browser.get(campaign.get_absolute_url()).content.decode()
    assert "Adds up" in html
    Import.objects.update(uploaded=5, rejected=2)
    Recipient.objects.first().delete()  # type: ignore[union-attr]  # two were accepted
    assert "Does not add up" in browser.get(campaign.get_absolute_url()).content.decode()


def test_after_an_upload_the_page_says_which_row_was_not_taken_and_why() -> None:
    campaign = make_campaign(state="draft")
    answer = upload(cast.browser(cast.manager()), campaign, LIST.encode())
    html = answer.content.decode()
    assert answer.status_code == 200
    source = Import.objects.get()
    assert (source.uploaded, source.accepted, source.rejected, source.duplicate) == (4, 2, 1, 1)
    for row in ImportRow.objects.all():
        assert row.reason in html.replace("&#x27;", "'")
    assert "9825112410" not in html


def test_the_rows_not_accepted_come_back_as_csv_with_a_reason_and_no_formula() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    upload(browser, campaign, LIST.replace("12345,Nobody", "12345,=cmd()").encode())
    answer = browser.get(reverse("import-rows", args=[Import.objects.get().pk]))
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert "reason" in lines[0]
    assert lines[1].startswith("3,Duplicate,The same number as in row 2.")
    assert "'=cmd()" in lines[2]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_an_unreadable_file_gets_a_page_that_says_why_and_adds_nobody() -> None:
    campaign = make_campaign(state="draft")
    answer = upload(cast.browser(cast.manager()), campaign, b"\x00\xff" * 50, "holiday.png")
    assert answer.status_code == 422
    assert "holiday.png" in answer.content.decode()
    assert "was not used" in answer.content.decode()
    assert not Recipient.objects.exists()
    assert not Import.objects.exists()


def test_a_viewer_cannot_upload() -> None:
    campaign = make_campaign(state="draft")
    assert upload(cast.browser(cast.viewer()), campaign, LIST.encode()).status_code == 403
    assert not Recipient.objects.exists()


def test_numbers_of_people_are_masked_on_their_page() -> None:
    campaign = make_campaign(people=3)
    html = cast.browser(cast.manager()).get(reverse("campaign-people", args=[campaign.pk])).content.decode()
    for person in campaign.recipients.all():
        assert person.phone not in html
        assert person.phone[3:] not in html
    assert "+91 98••• ••" in html


def test_people_are_paged_and_keep_the_chosen_state() -> None:
    campaign = make_campaign(people=120)
    browser = cast.browser(cast.manager())
    address = reverse("campaign-people", args=[campaign.pk])
    html = browser.get(address, {"state": "waiting", "page": "2"}).content.decode()
    assert "51 to 100 of 120" in html
    assert "?state=waiting&amp;page=3" in html
    assert "Nobody here." in browser.get(address, {"state": "failed"}).content.decode()


def draft_of(campaign: Campaign, **changes: object) -> dict[str, object]:
    return {
        "name": "Fees, December",
        "template": campaign.template_id,
        "number": campaign.number_id,
        "agent": campaign.agent_id,
        "category": "service",
        "default_language": "hi",
        "starts_at": "2026-11-25T10:00",
        "window_start": "10:00",
        "window_end": "18:00",
        "calls_per_minute": 30,
        "max_attempts": 3,
        "retry_gaps": "30, 120",
        **changes,
    }


def test_a_manager_makes_a_draft() -> None:
    known, asha = make_campaign(), cast.manager()
    answer = cast.browser(asha).post(reverse("campaign-new"), draft_of(known))
    made = Campaign.objects.get(name="Fees, December")
    assert answer.headers["Location"] == made.get_absolute_url()
    assert (made.state, made.retry_gaps, made.created_by) == ("draft", [30, 120], asha)
    assert made.starts_at.isoformat() == "2026-11-25T04:30:00+00:00"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"window_end": "09:00"}, "must be later"),
        ({"retry_gaps": "soon"}, "whole minutes"),
        ({"retry_gaps": "30, 60, 90"}, "need 2 pauses"),
        ({"calls_per_minute": 0}, "greater than or equal to 1"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_draft_that_cannot_work_is_not_saved(changes: dict[str, object], complaint: str) -> None:
    answer = cast.browser(cast.manager()).post(reverse("campaign-new"), draft_of(make_campaign(), **changes))
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert Campaign.objects.count() == 1


def test_a_campaign_that_was_launched_is_not_edited() -> None:
    campaign = make_campaign()
    browser = cast.browser(cast.manager())
    browser.post(reverse("campaign-edit", args=[campaign.pk]), draft_of(campaign))
    campaign.refresh_from_db()
    assert campaign.name == "EMI reminder, November"


def test_a_viewer_cannot_make_a_draft() -> None:
    assert cast.browser(cast.viewer()).get(reverse("campaign-new")).status_code == 403


def test_unknown_campaigns_and_verbs_are_not_found() -> None:
    browser = cast.browser(cast.manager())
    assert browser.get("/campaigns/999/").status_code == 404
    campaign = make_campaign()
    assert browser.post(f"/campaigns/{campaign.pk}/explode/").status_code == 404


def test_an_account_in_trouble_is_told_on_the_campaign_s_page() -> None:
    campaign = make_campaign()
    account = campaign.template.account
    account.state, account.reason = "waiting", "XFin does not answer."
    account.save()
    assert (
        "XFin does not answer."
        in cast.browser(cast.viewer()).get(campaign.get_absolute_url()).content.decode()
    )


def test_pages_hold_no_inline_style_or_script_and_carry_the_policy() -> None:
    campaign = make_campaign(people=3)
    Message.objects.create(recipient=campaign.recipients.all()[0], attempt=1, send_on=campaign.starts_at)
    browser = cast.browser(cast.manager())
    for page in [*pages(campaign), reverse("campaign-new"), "/", "/calls/"]:
        answer = browser.get(page)
        html = answer.content.decode()
        assert " style=" not in html
        assert "<style" not in html
        assert "onclick" not in html
        assert "<script>" not in html
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
