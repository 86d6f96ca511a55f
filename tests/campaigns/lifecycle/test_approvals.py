"""A second person's approval holds for what that person saw, and for nobody who was added since."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from campaigns import clock
from campaigns.delivery import upload
from campaigns.errors import NotAllowed
from campaigns.imports.upload import add_rows
from campaigns.lifecycle import actions, approvals
from campaigns.models import (
    Account,
    Agent,
    Approval,
    Campaign,
    CampaignChange,
    CampaignDeclaration,
    Content,
    Import,
    Message,
    PhoneNumber,
    Recipient,
    Template,
    TemplateLanguage,
    User,
)
from campaigns.planning import plan
from campaigns.queries.notices import notices
from tests import cast
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign, states

pytestmark = pytest.mark.django_db
State = Campaign.State


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", at(NOON))


@pytest.fixture
def asha() -> User:
    return cast.manager()


@pytest.fixture
def meera() -> User:
    return cast.second_manager()


def waiting_for_meera(asha: User, people: int = 3) -> Campaign:
    """A campaign by Asha that needs a second person, checked, with a template in Hindi."""
    campaign = make_campaign(people=people, state=State.DRAFT, created_by=asha, calls_per_minute=60)
    TemplateLanguage.objects.create(
        template=campaign.template,
        language="hi",
        syntax="Namaste _W_",
        sync_state=TemplateLanguage.Sync.SYNCED,
    )
    Account.objects.update(second_person=True)
    campaign = Campaign.objects.get()
    actions.launch(campaign, asha)
    assert campaign.state == State.CHECKED
    return campaign


def running(asha: User, meera: User, people: int = 3) -> Campaign:
    """The same, approved by Meera and launched."""
    campaign = waiting_for_meera(asha, people)
    actions.approve(campaign, meera)
    actions.launch(campaign, asha)
    assert campaign.state == State.RUNNING
    return campaign


def other_number() -> None:
    PhoneNumber.objects.update(e164="+911600110299")


def other_words() -> None:
    TemplateLanguage.objects.update(syntax="Buy now _W_")


def another_language() -> None:
    TemplateLanguage.objects.create(template=Template.objects.get(), language="ta", syntax="Vanakkam")


def another_agent() -> None:
    Campaign.objects.update(agent=Agent.objects.create(name="Other", kind=Agent.Kind.ECHO))


def other_dialogue() -> None:
    Agent.objects.update(configuration={"greeting": "Buy now"})


def an_offer() -> None:
    CampaignDeclaration.objects.update(contains_offer=True)


def redials() -> None:
    Template.objects.update(num_backups=3)


def drifted_template() -> None:
    Template.objects.update(sync_state="drifted", sync_reason="Changed at XFin: num_backups: 0 → 3.")


def drifted_words() -> None:
    TemplateLanguage.objects.update(sync_state="drifted", sync_reason="It is not at XFin any more.")


def faster() -> None:
    Campaign.objects.update(calls_per_minute=600)


def longer_hours() -> None:
    Campaign.objects.update(window_end="18:45")


def more_retries() -> None:
    Campaign.objects.update(max_attempts=3, retry_gaps=[30])


def another_purpose() -> None:
    Campaign.objects.update(category="service")


CHANGES: dict[str, Callable[[], None]] = {
    "number: +911600110245 (1600, regulated finance and government) → +911600110299": other_number,
    "the template's words in hi": other_words,
    "the template's words in ta: new": another_language,
    "agent: EMI reminder (Holds a dialogue) → Other (Echo, for tests)": another_agent,
    "what the agent says": other_dialogue,
    "declared “contains offer”: no → yes": an_offer,
    "the template's redials by XFin: 0 → 3": redials,
    "the template, as XFin has it: none → Changed at XFin: num_backups: 0 → 3.": drifted_template,
    "the template's words in hi, as XFin has them: none → It is not at XFin any more.": drifted_words,
    "calls a minute: 60 → 600": faster,
    "hours: … to … → … to 18:45:00": longer_hours,
    "calls to one person: 1 → 3; minutes before retries: none → 30": more_retries,
    "purpose: Collections by a regulated lender → Service": another_purpose,
}


@pytest.mark.parametrize("words", CHANGES)
def test_what_changes_after_the_approval_stops_it_at_planning_and_says_what(
    words: str, asha: User, meera: User
) -> None:
    campaign = running(asha, meera)
    CHANGES[words]()
    assert plan.plan(campaign.pk, now=NOON) == 0
    campaign.refresh_from_db()
    assert campaign.state == State.STOPPED
    assert campaign.reason.startswith("Stopped by itself: Changed since Meera approved it, 24 Nov 2026, ")
    assert words in campaign.reason
    assert "A second person must look at it and approve it as it is now, then resume." in campaign.reason
    assert CampaignChange.objects.first().reason == campaign.reason  # type: ignore[union-attr]
    assert not Message.objects.exists()


def test_what_changes_between_planning_and_hand_over_is_not_handed_over(asha: User, meera: User) -> None:
    campaign, xfin = running(asha, meera), FakeXFin()
    assert plan.plan(campaign.pk, now=NOON) == 3
    other_words()
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert not xfin.messages
    campaign.refresh_from_db()
    assert campaign.state == State.STOPPED
    actions.withdraw_stragglers(NOON)
    assert states(campaign) == {Message.State.WITHDRAWN: 3}


def test_while_nothing_changes_it_goes_on_also_when_templates_are_synchronised(
    asha: User, meera: User
) -> None:
    campaign, xfin = running(asha, meera), FakeXFin()
    Template.objects.update(sync_state="synced", remote_id="77", sync_reason="The same.", synced_at=NOON)
    Account.objects.update(chunk_size=2, token="another")
    assert approvals.lapse_changed(NOON) == 0
    assert plan.plan(campaign.pk, now=NOON) == 3
    assert upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin) == 3


def test_a_clip_that_is_replaced_is_another_one(asha: User, meera: User, settings: Settings) -> None:
    campaign = waiting_for_meera(asha)
    clip = Content(account=Account.objects.get(), name="offer")
    clip.file.save("offer.wav", ContentFile(b"RIFF1"))
    Agent.objects.update(kind="playback", configuration={"clip": "offer"})
    campaign = Campaign.objects.get()
    actions.approve(campaign, meera)
    assert approvals.lapsed(campaign) == ""
    clip.file.save("offer.wav", ContentFile(b"RIFF2"))
    assert "what the agent says" in approvals.lapsed(campaign)


def test_an_approved_campaign_that_changed_waits_for_a_second_person_again(asha: User, meera: User) -> None:
    campaign = waiting_for_meera(asha)
    actions.approve(campaign, meera)
    other_words()
    with pytest.raises(NotAllowed, match="the template's words in hi"):
        actions.launch(campaign, asha)
    assert approvals.lapse_changed(NOON) == 1
    campaign.refresh_from_db()
    assert campaign.state == State.CHECKED
    assert campaign.reason.endswith("approve it as it is now, then launch.")
    actions.approve(campaign, meera)
    actions.launch(campaign, asha)
    assert campaign.state == State.RUNNING


def test_a_scheduled_campaign_that_changed_does_not_start(asha: User, meera: User) -> None:
    campaign = waiting_for_meera(asha)
    Campaign.objects.update(starts_at=NOON + timedelta(hours=1))
    actions.approve(campaign, meera)
    actions.launch(campaign, asha)
    assert campaign.state == State.SCHEDULED
    an_offer()
    assert actions.start_scheduled(NOON + timedelta(hours=2)) == 0
    campaign.refresh_from_db()
    assert campaign.state == State.CHECKED


def test_the_pace_of_an_approved_campaign_is_edited_and_must_be_approved_again(
    asha: User, meera: User
) -> None:
    campaign = waiting_for_meera(asha)
    actions.approve(campaign, meera)
    campaign.name = "Reminder"
    actions.edit(campaign, ["name"], asha)
    assert Campaign.objects.get().state == State.APPROVED
    campaign.calls_per_minute = 600
    actions.edit(campaign, ["calls_per_minute"], asha)
    assert Campaign.objects.get().state == State.DRAFT


def test_a_stopped_one_is_resumed_after_a_second_person_looked_at_it(asha: User, meera: User) -> None:
    campaign = running(asha, meera)
    other_words()
    plan.plan(campaign.pk, now=NOON)
    campaign = Campaign.objects.get()
    with pytest.raises(NotAllowed, match="second person"):
        actions.resume(campaign, asha)
    with pytest.raises(NotAllowed, match="somebody else"):
        actions.approve(campaign, asha)
    actions.approve(campaign, meera)
    assert campaign.reason == "Approved again by Meera: the template's words in hi. It can be resumed."
    actions.resume(campaign, asha)
    assert plan.plan(campaign.pk, now=NOON) == 3


def test_who_changed_the_words_in_the_portal_does_not_approve_them(asha: User, meera: User) -> None:
    campaign = running(asha, meera)
    browser = cast.browser(meera)
    form = TemplateLanguage.objects.get()
    address = f"/api/template-languages/{form.pk}/"
    assert browser.patch(address, {"syntax": "Buy now"}, "application/json").status_code == 200
    TemplateLanguage.objects.update(sync_state="synced")
    plan.plan(campaign.pk, now=NOON)
    campaign = Campaign.objects.get()
    assert campaign.state == State.STOPPED
    with pytest.raises(NotAllowed, match="somebody else"):
        actions.approve(campaign, meera)


def test_people_added_later_are_called_when_a_second_person_has_approved_them(
    asha: User, meera: User
) -> None:
    campaign = running(asha, meera)
    add_rows(campaign, [{"phone": "98251 99001"}, {"phone": "98251 99002"}], by=asha)
    assert plan.plan(campaign.pk, now=NOON) == 3
    late = campaign.recipients.filter(phone__contains="99001").get()
    assert (late.state, late.reason) == (Recipient.State.WAITING, approvals.ADDED_LATER)
    found = approvals.status(campaign)
    assert found
    assert (found.added, found.lapse) == (2, "")
    with pytest.raises(NotAllowed, match="somebody else"):
        actions.approve(campaign, asha)
    actions.approve(campaign, meera)
    assert campaign.state == State.RUNNING
    late.refresh_from_db()
    assert late.reason == "Waiting for the first call."
    assert CampaignChange.objects.first().reason == "Approved again by Meera: 2 people were added."  # type: ignore[union-attr]
    assert plan.plan(campaign.pk, now=NOON) == 2
    with pytest.raises(NotAllowed, match="nothing to approve"):
        actions.approve(campaign, meera)


def test_who_added_people_does_not_approve_them(asha: User, meera: User) -> None:
    campaign = running(asha, meera)
    add_rows(campaign, [{"phone": "98251 99001"}], by=meera)
    with pytest.raises(NotAllowed, match="somebody else"):
        actions.approve(campaign, meera)


def test_people_who_wait_for_a_second_person_take_no_share_of_the_lines(asha: User, meera: User) -> None:
    campaign = running(asha, meera)
    plan.plan(campaign.pk, now=NOON)
    add_rows(campaign, [{"phone": "98251 99001"}], by=asha)
    other = Campaign.objects.get(pk=campaign.pk)
    other.pk, other.name = None, "Another from the same number"
    other.save()
    assert plan.pace_of(other, NOON) == other.calls_per_minute
    actions.approve(campaign, meera)
    assert plan.pace_of(other, NOON) == other.calls_per_minute / 2


def test_nobody_approves_while_a_list_is_still_read(asha: User, meera: User) -> None:
    campaign = waiting_for_meera(asha)
    Import.objects.create(campaign=campaign, filename="more.csv", state=Import.State.READING)
    with pytest.raises(NotAllowed, match="still being read"):
        actions.approve(campaign, meera)


def test_where_no_second_person_is_asked_for_nothing_is_held_and_nothing_lapses(asha: User) -> None:
    campaign = make_campaign(people=2)
    other_words()
    faster()
    add_rows(campaign, [{"phone": "98251 99001"}], by=asha)
    assert plan.plan(campaign.pk, now=NOON) == 3
    assert not Approval.objects.exists()


def test_asking_for_a_second_person_later_stops_what_nobody_approved(asha: User, meera: User) -> None:
    campaign = make_campaign(people=2)
    Account.objects.update(second_person=True)
    assert plan.plan(campaign.pk, now=NOON) == 0
    campaign = Campaign.objects.get()
    assert campaign.reason.startswith("Stopped by itself: No second person has approved it.")
    actions.approve(campaign, meera)
    actions.resume(campaign, asha)
    assert plan.plan(campaign.pk, now=NOON) == 2


def test_the_page_shows_what_changed_and_offers_the_approval_to_the_second_person_only(
    asha: User, meera: User
) -> None:
    campaign = running(asha, meera)
    add_rows(campaign, [{"phone": "98251 99001"}], by=asha)
    an_offer()
    plan.plan(campaign.pk, now=NOON)
    mine, theirs = (cast.browser(user).get(campaign.get_absolute_url()) for user in (asha, meera))
    for page in (mine, theirs):
        assert "declared “contains offer”: no → yes" in page.content.decode()
        assert "1 person was added since." in page.content.decode()
        assert "resume" not in page.context["verbs"]
    assert "approve" in theirs.context["verbs"]
    assert "approve" not in mine.context["verbs"]


def test_the_start_page_and_the_api_tell_of_people_who_wait(asha: User, meera: User) -> None:
    campaign = running(asha, meera)
    address = f"/api/campaigns/{campaign.pk}/approval/"
    browser = cast.browser(asha)
    assert browser.get(address).json()["complete"] is True
    assert notices() == []
    add_rows(campaign, [{"phone": "98251 99001"}], by=asha)
    assert [notice.title for notice in notices()] == [f"1 added to “{campaign}” after its approval."]
    said = browser.get(address).json()
    assert (said["by"], said["people"], said["changed"], said["added"]) == ("Meera", 3, [], 1)
    assert cast.browser(meera).post(f"/api/campaigns/{campaign.pk}/approve/").status_code == 200
    assert browser.get(address).json()["people"] == 4
    Account.objects.update(second_person=False)
    assert browser.get(address).status_code == 404
