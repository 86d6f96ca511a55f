"""The portal's pages about campaigns, as seen by a manager, a viewer and an outsider."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from campaigns import clock
from campaigns.imports.reader import FILE_GONE, forget_files, read_import
from campaigns.imports.upload import cancel
from campaigns.models import (
    Account,
    Campaign,
    ColumnMapping,
    Import,
    ImportRow,
    Message,
    OutsideService,
    Preflight,
    Recipient,
)
from campaigns.planning import preflight
from campaigns.spreadsheets.reader import read_sheet
from tests import cast
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db

LIST = (
    "Mobile,Name,Language,Amount\n"
    "98251 12410,Asha,Gujarati,1200\n"
    "9825112410,Asha again,Gujarati,1200\n"
    "12345,Nobody,Hindi,500\n"
    "9825112411,=1+2,Hindi,700\n"
)


def send(browser: Client, campaign: Campaign, data: bytes, name: str = "people.csv") -> HttpResponse:
    """Upload a file; the page that asks about its columns."""
    address = reverse("campaign-files", args=[campaign.pk])
    return browser.post(address, {"file": SimpleUploadedFile(name, data)}, follow=True)  # type: ignore[return-value]  # the last of the redirects


def shown(answer: HttpResponse) -> dict[str, str]:
    """What the form of the columns was filled with."""
    form = answer.context["form"]  # type: ignore[attr-defined]  # of the test client
    return {field.html_name: field.value() or "" for field in form}


def upload(browser: Client, campaign: Campaign, data: bytes, name: str = "people.csv") -> HttpResponse:
    """Upload a file, confirm its columns as they are shown, and have it read; its page."""
    asked = send(browser, campaign, data, name)
    if asked.status_code != 200:
        return asked
    source = Import.objects.latest("pk")
    browser.post(reverse("import", args=[source.pk]), shown(asked))
    read_import(source.pk, clock=clock.now)
    return browser.get(reverse("import", args=[source.pk]))  # type: ignore[return-value]  # of the test client


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


def test_figures_are_grouped_on_every_page() -> None:
    campaign = make_campaign(people=1234)
    Import.objects.create(
        campaign=campaign, filename="a.csv", state="done", uploaded=1234, accepted=1234, rejected=0
    )
    browser, grouped = cast.browser(cast.viewer()), 0
    for address in ["/", *pages(campaign)]:
        text = re.sub(r"<[^>]*>", " ", browser.get(address).content.decode())
        assert "1234" not in text, address
        grouped += "1,234" in text
    assert grouped >= 3


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
    campaign = make_campaign(people=1, state="draft", starts_at=clock.now())
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
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "Mobile,Name,Language,Amount,row,result,reason"
    assert lines[1] == "9825112410,Asha again,Gujarati,1200,3,Duplicate,The same number as in row 2."
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


def test_the_rows_of_a_workbook_come_back_as_a_workbook() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Mobile", "Name"])
        page.write_row(1, 0, ["98251 12410", "Asha"])
        page.write_string(2, 0, "9.87E+09")
        page.write_string(2, 1, "=1+2")
    upload(browser, campaign, target.getvalue(), "people.xlsx")
    answer = browser.get(reverse("import-rows", args=[Import.objects.get().pk]))
    assert answer.headers["Content-Disposition"].endswith('filename="people-not-accepted.xlsx"')
    back = read_sheet(answer.getvalue(), "back.xlsx")
    assert back.headers == ["Mobile", "Name", "row", "result", "reason"]
    assert [cells[:4] for _, cells in back.rows] == [["9.87E+09", "=1+2", "3", "Rejected"]]


def test_nobody_is_added_before_the_columns_are_confirmed_and_numbers_are_masked_there() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    html = send(browser, campaign, LIST.encode()).content.decode()
    assert "Which column is what?" in html
    assert "9825112410" not in html
    assert Import.objects.get().state == "mapping"
    assert not Recipient.objects.exists()


def test_corrected_columns_are_used_remembered_and_offered_again() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    two_phones = "Mobile,Alternate phone,Who,Sum\n9825112410,9825112499,Asha,1200\n"
    asked = send(browser, campaign, two_phones.encode())
    wish = shown(asked) | {"use_0": "", "use_1": "phone", "use_2": "name", "called_3": "amount"}
    source = Import.objects.get()
    browser.post(reverse("import", args=[source.pk]), {**wish, "remember_as": "Branch list"})
    read_import(source.pk, clock=clock.now)
    person = Recipient.objects.get()
    assert (person.phone, person.name, person.variables) == ("+919825112499", "Asha", {"amount": "1200"})
    assert ColumnMapping.objects.get().columns["phone"] == "Alternate phone"
    again = send(browser, campaign, two_phones.replace("99,", "98,").encode())
    offer = "Columns as in the mapping “Branch list”."
    assert offer in again.content.decode()
    assert shown(again)["use_1"] == "phone"
    other = send(browser, campaign, b"Mobile,Who\n9825112410,Asha\n")
    assert offer not in other.content.decode()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"use_0": ""}, "Choose one column with the phone numbers."),
        ({"use_1": "phone"}, "Choose one column with the phone numbers."),
        ({"use_2": "name"}, "Choose one column at most for the name"),
        ({"called_3": ""}, "Give each variable a name of its own."),
        ({"called_3": "tag5"}, "that word has a meaning of its own"),
        ({"called_3": "Big Sum"}, "is no name for a variable"),
    ],
)
def test_columns_that_cannot_be_are_refused_in_words(changes: dict[str, str], complaint: str) -> None:
    browser = cast.browser(cast.manager())
    asked = send(browser, make_campaign(state="draft"), LIST.encode())
    address = reverse("import", args=[Import.objects.get().pk])
    answer = browser.post(address, shown(asked) | changes)
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert Import.objects.get().state == "mapping"


@pytest.mark.parametrize("how", ["not in the folder", "deleted with its import", "no list any more"])
def test_columns_of_a_file_that_is_gone_are_answered_with_a_sentence(how: str) -> None:
    browser = cast.browser(cast.manager())
    asked = send(browser, make_campaign(state="draft"), LIST.encode())
    source, sentence = Import.objects.get(), FILE_GONE
    if how == "not in the folder":
        Path(source.file.path).unlink()
    elif how == "deleted with its import":
        cancel(source, None)
        forget_files()
        sentence = "The columns of this file were confirmed before, or it was cancelled."
    else:
        Path(source.file.path).write_bytes(b"")
        sentence = "empty"
    address = reverse("import", args=[source.pk])
    assert browser.get(address).status_code == 200
    answer = browser.post(address, shown(asked) | {"use_0": ""})
    assert answer.status_code == 422
    assert "Choose one column with the phone numbers." in answer.content.decode()
    if how == "deleted with its import":
        answer = browser.post(address, shown(asked))
        assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_progress_is_shown_until_it_is_over_and_a_cancelled_file_is_not_read() -> None:
    browser = cast.browser(cast.manager())
    asked = send(browser, make_campaign(state="draft"), LIST.encode())
    source = Import.objects.get()
    browser.post(reverse("import", args=[source.pk]), shown(asked))
    progress = reverse("import-progress", args=[source.pk])
    waiting = browser.get(progress)
    assert "hx-trigger" in waiting.content.decode()
    assert "HX-Refresh" not in waiting.headers
    browser.post(reverse("import-cancel", args=[source.pk]))
    read_import(source.pk, clock=clock.now)
    assert browser.get(progress).headers["HX-Refresh"] == "true"
    source.refresh_from_db()
    assert (source.state, source.uploaded) == ("cancelled", 0)
    assert source.reason == "Cancelled by Asha. No row was read."


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
        "priority": "2",
        "stop_at_percent": "50",
        "stop_at_complaints": "2",
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
        ({"retry_rules": "bored: 10"}, "no reason to call again"),
        ({"retry_rules": "busy: 10", "max_attempts": 1, "retry_gaps": ""}, "leaves no retry"),
        ({"calls_per_minute": 0}, "greater than or equal to 1"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_draft_that_cannot_work_is_not_saved(changes: dict[str, object], complaint: str) -> None:
    answer = cast.browser(cast.manager()).post(reverse("campaign-new"), draft_of(make_campaign(), **changes))
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert Campaign.objects.count() == 1


def test_a_service_is_chosen_that_is_asked_before_each_call() -> None:
    shop = OutsideService.objects.create(name="Loan book", url="https://shop.example/")
    browser, template = cast.browser(cast.manager()), make_campaign()
    asked = draft_of(template, asks=str(shop.pk), when_silent="put_off")
    browser.post("/campaigns/new/", asked)
    made = Campaign.objects.get(asks=shop)
    assert made.when_silent == "put_off"
    page = browser.get(made.get_absolute_url()).content.decode()
    assert "“Loan book”; if it does not answer: ask again in half an hour" in page
    form = browser.get(f"{made.get_absolute_url()}edit/").content.decode()
    assert "Ask before each call" in form


def test_a_campaign_that_was_launched_is_not_edited() -> None:
    campaign = make_campaign()
    browser = cast.browser(cast.manager())
    browser.post(reverse("campaign-edit", args=[campaign.pk]), draft_of(campaign))
    campaign.refresh_from_db()
    assert campaign.name == "EMI reminder, November"


def test_retry_rules_are_written_in_lines_and_shown_as_written() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    lines = "busy: 10, 30\r\nNo answer: 120 at another hour"
    browser.post(reverse("campaign-edit", args=[campaign.pk]), draft_of(campaign, retry_rules=lines))
    campaign.refresh_from_db()
    assert campaign.retry_rules == {
        "busy": {"gaps": [10, 30], "another_hour": False},
        "no_answer": {"gaps": [120], "another_hour": True},
    }
    for page in (campaign.get_absolute_url(), reverse("campaign-edit", args=[campaign.pk])):
        assert "no answer: 120 at another hour" in browser.get(page).content.decode()


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


def test_the_second_person_gets_a_button_that_the_first_does_not() -> None:
    campaign = make_campaign(people=1, state="draft", starts_at=clock.now())
    Account.objects.update(second_person=True)
    first, second = cast.browser(cast.manager()), cast.browser(cast.second_manager())
    page, launch = campaign.get_absolute_url(), reverse("campaign-change", args=[campaign.pk, "launch"])
    approve = reverse("campaign-approve", args=[campaign.pk])
    assert "A second person must approve it now" in first.post(launch, follow=True).content.decode()
    assert approve not in first.get(page).content.decode()
    assert approve in second.get(page).content.decode()
    assert "somebody else must approve it" in first.post(approve, follow=True).content.decode()
    assert "Approved by Meera." in second.post(approve, follow=True).content.decode()
    html = first.post(launch, follow=True).content.decode()
    assert "Launched. The first calls are planned within seconds." in html
    assert "checked to approved" in html


def test_who_may_change_but_not_approve_is_refused() -> None:
    campaign = make_campaign(state="checked")
    manager = cast.manager()
    manager.user_permissions.remove(Permission.objects.get(codename="approve_campaign"))
    approve = reverse("campaign-approve", args=[campaign.pk])
    assert cast.browser(manager).post(approve).status_code == 403
    assert cast.browser(manager).post(f"{campaign.get_absolute_url()}approve/").status_code == 403


def test_an_edit_after_the_check_says_so_and_asks_for_another() -> None:
    asha = cast.manager()
    campaign = make_campaign(state="checked", created_by=asha)
    browser = cast.browser(asha)
    address = reverse("campaign-edit", args=[campaign.pk])
    form = browser.get(address).context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}
    html = browser.post(address, {**fields, "max_attempts": 2, "retry_gaps": "30"}, follow=True)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.max_attempts) == ("draft", 2)
    assert "it must be checked again" in html.content.decode()


def shown_fields(browser: Client, campaign: Campaign) -> dict[str, Any]:
    """What the page of an edit posts when nothing is touched."""
    form = browser.get(reverse("campaign-edit", args=[campaign.pk])).context["form"]
    posted = {}
    for name in form.fields:
        value = form[name].value()
        if name == "starts_at":
            value = f"{value:%Y-%m-%dT%H:%M}"
        posted[name] = "" if value is None else value
    return posted


def test_a_new_name_leaves_a_checked_campaign_checked() -> None:
    starts_at = NOON + timedelta(seconds=12.345)
    campaign = make_campaign(state="checked", max_attempts=2, retry_gaps=[30], starts_at=starts_at)
    browser = cast.browser(cast.manager())
    fields = shown_fields(browser, campaign)
    browser.post(reverse("campaign-edit", args=[campaign.pk]), {**fields, "name": "December"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.name, campaign.starts_at) == ("checked", "December", starts_at)
    assert campaign.changes.get().reason == "Changed: name."


def test_a_stale_page_keeps_what_was_saved_meanwhile() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    stale = shown_fields(browser, campaign)
    address = reverse("campaign-edit", args=[campaign.pk])
    browser.post(address, {**stale, "calls_per_minute": "12"})
    browser.post(address, {**stale, "name": "December"})
    campaign.refresh_from_db()
    assert (campaign.name, campaign.calls_per_minute) == ("December", 12)


def test_two_who_change_the_same_field_are_told_and_the_second_save_counts() -> None:
    campaign = make_campaign(state="draft")
    browser = cast.browser(cast.manager())
    stale = shown_fields(browser, campaign)
    address = reverse("campaign-edit", args=[campaign.pk])
    browser.post(address, {**stale, "calls_per_minute": "12"})
    refused = browser.post(address, {**stale, "calls_per_minute": "40"})
    assert refused.status_code == 422
    assert "stored as “12” now" in refused.content.decode()
    campaign.refresh_from_db()
    assert campaign.calls_per_minute == 12
    again = refused.context["form"]["shown"].value()
    browser.post(address, {**stale, "calls_per_minute": "40", "shown": again})
    campaign.refresh_from_db()
    assert campaign.calls_per_minute == 40


def test_the_goal_is_chosen_among_the_outcomes_on_the_campaigns_page() -> None:
    campaign = make_campaign(people=1)
    campaign.recipients.update(outcome="will_pay", state="completed")
    browser = cast.browser(cast.manager())
    assert "No outcome is chosen as the goal yet" in browser.get(campaign.get_absolute_url()).content.decode()
    address = reverse("campaign-goals", args=[campaign.pk])
    page = browser.post(address, {"goal": "will_pay"}, follow=True).content.decode()
    assert "Saved what the goal is." in page
    assert "Goal reached" in page
    assert 'value="will_pay" aria-label="Will pay is the goal" checked' in page
    assert cast.browser(cast.viewer()).post(address, {"goal": "x"}).status_code == 403


def test_a_draft_is_checked_on_its_page_and_says_what_an_estimate_is() -> None:
    campaign = make_campaign(people=3, state="draft")
    browser = cast.browser(cast.manager())
    assert "Not checked yet." in browser.get(campaign.get_absolute_url()).content.decode()
    ask = reverse("campaign-preflight-ask", args=[campaign.pk])
    page = browser.post(ask, follow=True).content.decode()
    assert "All 3 can be called." in page
    assert "Last call, estimated" in page
    assert "Talk, estimated" in page
    assert "not known yet" in page
    assert "The template does not have it" in page
    assert "Check again" in page


def test_only_who_may_change_campaigns_has_them_checked() -> None:
    campaign = make_campaign(people=1, state="draft")
    ask = reverse("campaign-preflight-ask", args=[campaign.pk])
    viewer = cast.browser(cast.viewer())
    assert viewer.post(ask).status_code == 403
    assert viewer.get(reverse("campaign-preflight", args=[campaign.pk])).status_code == 200


def test_a_card_that_is_counted_asks_again_and_one_that_is_done_does_not() -> None:
    campaign = make_campaign(people=1, state="draft")
    row = Preflight.objects.create(campaign=campaign)
    card = reverse("campaign-preflight", args=[campaign.pk])
    browser = cast.browser(cast.viewer())
    assert "hx-trigger" in browser.get(card).content.decode()
    preflight.run(row.pk, clock=clock.now)
    assert "hx-trigger" not in browser.get(card).content.decode()


def test_a_running_campaign_shows_no_preflight() -> None:
    campaign = make_campaign(people=1)
    assert (
        "Before the launch"
        not in cast.browser(cast.manager()).get(campaign.get_absolute_url()).content.decode()
    )
