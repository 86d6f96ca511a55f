"""Drafts and versions: what is published never changes, and a checked campaign keeps what was checked."""

import pytest

from calls.dialogues import publishing
from calls.dialogues.publishing import create, digest, publish, save_draft, stored, take_version
from campaigns import clock
from campaigns.errors import NotAllowed
from campaigns.lifecycle import actions
from campaigns.models import Agent, Campaign, Dialogue, DialogueVersion, User
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> User:
    return User.objects.create_user("asha", first_name="Asha", last_name="Patel")


@pytest.fixture
def dialogue(asha: User) -> Dialogue:
    return create("Survey", survey(), by=asha)


def changed(dialogue: Dialogue, **fields: object) -> None:
    save_draft(dialogue, survey(**fields), revision=dialogue.revision, by=None)


def test_a_published_version_becomes_what_the_agent_says(dialogue: Dialogue, asha: User) -> None:
    version = publish(dialogue, by=asha, note="First.")
    agent = Agent.objects.get(dialogue=dialogue)
    assert (version.number, version.digest) == (1, digest(survey()))
    assert agent.configuration == version.configuration == stored(survey())


def test_a_draft_with_problems_is_not_published(dialogue: Dialogue) -> None:
    changed(dialogue, start="nowhere")
    with pytest.raises(NotAllowed, match="begins with the step “nowhere”, which does not exist"):
        publish(dialogue, by=None)
    assert not DialogueVersion.objects.exists()


def test_what_was_not_changed_is_not_published_again(dialogue: Dialogue) -> None:
    publish(dialogue, by=None)
    with pytest.raises(NotAllowed, match="Nothing was changed since version 1"):
        publish(dialogue, by=None)


def test_two_people_at_one_draft_lose_nothing(dialogue: Dialogue, asha: User) -> None:
    save_draft(dialogue, survey(wrong_keys=4), revision=1, by=asha)
    with pytest.raises(NotAllowed, match="changed by Asha Patel meanwhile"):
        save_draft(dialogue, survey(wrong_keys=7), revision=1, by=None)
    assert dialogue.draft["wrong_keys"] == 4


def test_a_name_is_taken_once(dialogue: Dialogue) -> None:
    with pytest.raises(NotAllowed, match="a dialogue named “Survey” already"):
        create("Survey", survey(), by=None)


def checked_campaign(dialogue: Dialogue) -> Campaign:
    campaign = make_campaign(people=1, state=Campaign.State.DRAFT, starts_at=clock.now())
    Campaign.objects.filter(pk=campaign.pk).update(agent=dialogue.agent)
    campaign.refresh_from_db()
    actions.change(campaign, "check", by=None)
    return campaign


def test_a_campaign_keeps_the_version_that_was_checked(dialogue: Dialogue, asha: User) -> None:
    first = publish(dialogue, by=None)
    campaign = checked_campaign(dialogue)
    changed(dialogue, wrong_keys=4)
    second = publish(dialogue, by=None)
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.spoken == first.configuration
    assert take_version(campaign, second, by=asha) == ["How many wrong keys end it: changed."]
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.spoken == second.configuration
    last = campaign.changes.order_by("-pk")[0]
    assert (last.reason, last.actor_name) == ("Says version 2 of “Survey”, not 1.", "Asha Patel")


def test_a_campaign_that_is_a_draft_again_says_the_latest(dialogue: Dialogue) -> None:
    publish(dialogue, by=None)
    campaign = checked_campaign(dialogue)
    actions.change(campaign, "redraft", by=None)
    changed(dialogue, wrong_keys=4)
    publish(dialogue, by=None)
    assert Campaign.objects.get(pk=campaign.pk).spoken["wrong_keys"] == 4


def test_a_version_of_another_dialogue_is_refused(dialogue: Dialogue, asha: User) -> None:
    publish(dialogue, by=None)
    campaign = checked_campaign(dialogue)
    other = publish(create("Other", survey(), by=None), by=None)
    with pytest.raises(NotAllowed, match="of another dialogue"):
        take_version(campaign, other, by=asha)


def test_a_dialogue_in_use_is_not_deleted_and_says_by_what(dialogue: Dialogue) -> None:
    publish(dialogue, by=None)
    campaign = checked_campaign(dialogue)
    with pytest.raises(NotAllowed, match=f"in use by {campaign.name}"):
        publishing.delete(dialogue)
    fresh = create("Fresh", survey(), by=None)
    publishing.delete(fresh)
    assert not Agent.objects.filter(name="Fresh").exists()


def test_a_stored_document_is_the_dialogue(dialogue: Dialogue) -> None:
    assert publishing.read_document(dialogue.draft) == survey()
    assert dialogue.draft["steps"].keys() == SURVEY["steps"].keys()
