"""Replays that staff ask for: at once or by a worker, found again when it dies; nothing personal is kept."""

import json
from datetime import timedelta

import pytest

from calls.dialogues import publishing, replaying
from calls.models import Replay
from campaigns.models import Campaign, Dialogue, Recipient, User
from tests import cast
from tests.calls.agents.dialogue.samples import survey
from tests.calls.dialogues.stored import called, dialogue_of, reminding
from tests.calls.simulated.documents import ASHA, MENU, press, reminder
from tests.campaigns.world import NOON, at

pytestmark = pytest.mark.django_db
DOCUMENT = reminder()
DRAFT = reminder(choices=MENU["choices"] | {"2": {"outcome": "refuses", "label": "Refuses"}})


@pytest.fixture
def by() -> User:
    return cast.manager()


@pytest.fixture
def campaign() -> Campaign:
    """Three past calls, and a draft in which key 2 means another thing."""
    campaign = reminding(DOCUMENT)
    for key in "122":
        called(campaign, DOCUMENT, ASHA, press(key))
    changed(dialogue_of(campaign))
    return campaign


def changed(dialogue: Dialogue) -> None:
    publishing.save_draft(dialogue, DRAFT, revision=dialogue.revision, by=None)


def test_few_calls_are_replayed_at_once(campaign: Campaign, by: User) -> None:
    dialogue = dialogue_of(campaign)
    row = replaying.ask(dialogue, 1000, by=by, clock=at(NOON))
    assert (row.state, row.found, row.made_at, row.asked_by) == ("done", 3, NOON, by)
    assert (row.figures["same"], row.figures["differ"]) == (1, 2)
    assert row.figures["moved"] == [{"before": "needs_time", "after": "refuses", "count": 2}]
    shown = replaying.shown(dialogue, DRAFT)
    assert shown is not None
    assert not shown.outdated
    [example] = shown.examples
    assert (example.kind, example.count) == ("another outcome", 2)
    assert "the outcome “needs_time” came" in example.sentence


def test_nothing_of_an_erased_person_is_shown_or_kept(campaign: Campaign, by: User) -> None:
    dialogue = dialogue_of(campaign)
    row = replaying.ask(dialogue, 1000, by=by, clock=at(NOON))
    kept = json.dumps(row.figures)
    assert ASHA.name not in kept
    assert "98" not in kept.replace(row.figures["kinds"][0]["call"], "")
    Recipient.objects.all().delete()
    shown = replaying.shown(dialogue, DRAFT)
    assert shown is not None
    assert shown.examples == []


def test_many_calls_wait_for_a_worker_and_are_found_again_when_it_dies(
    campaign: Campaign, by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "AT_ONCE", 2)
    row = replaying.ask(dialogue_of(campaign), 1000, by=by, clock=at(NOON))
    assert row.state == "waiting"
    assert replaying.replays_to_run(NOON) == [row.pk]
    until = NOON + replaying.CLAIM
    Replay.objects.update(state="running", claim="dead", claimed_until=until)
    assert replaying.replays_to_run(NOON) == []
    assert not replaying.run(row.pk, clock=at(NOON))
    assert replaying.ask(dialogue_of(campaign), 300, by=by, clock=at(NOON)).most == 1000, "left alone"
    later = until + timedelta(seconds=1)
    assert replaying.run(row.pk, clock=at(later))
    assert Replay.objects.get().figures["calls"] == 3


def test_a_draft_that_can_t_be_spoken_is_told(campaign: Campaign, by: User) -> None:
    dialogue = dialogue_of(campaign)
    publishing.save_draft(dialogue, survey(start="nowhere"), revision=dialogue.revision, by=None)
    row = replaying.ask(dialogue, 1000, by=by, clock=at(NOON))
    assert "which does not exist" in row.figures["refused"]


def test_a_draft_that_was_changed_since_is_told(campaign: Campaign, by: User) -> None:
    dialogue = dialogue_of(campaign)
    replaying.ask(dialogue, 1000, by=by, clock=at(NOON))
    publishing.save_draft(dialogue, DOCUMENT, revision=dialogue.revision, by=None)
    shown = replaying.shown(dialogue, DOCUMENT)
    assert shown is not None
    assert shown.outdated
