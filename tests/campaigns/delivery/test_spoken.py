"""People are handed over once their words lie ready."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from calls.media import prompt_audio
from calls.speech import helper_voices
from campaigns.delivery import turns, upload
from campaigns.lifecycle import auto_stop
from campaigns.models import Agent, Campaign, Message, Recipient
from campaigns.planning import plan
from campaigns.pseudonyms import pseudonym
from tests.calls.agents.texts import ENGLISH, MENU, dialogue
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign, states

pytestmark = pytest.mark.django_db

REPLIES = {"1": "Thank you, {name}.", "2": "All right."}
LANGUAGES = {"hi": ENGLISH | {"message": "{amount}.", "replies": REPLIES}}
WORDS = dialogue(MENU | {"variables": {"amount": "amount"}, "languages": LANGUAGES})
NO_VOICE = dialogue(
    MENU | {"variables": {"amount": "amount"}, "default_language": "eo", "languages": {"eo": LANGUAGES["hi"]}}
)
BROKEN = (sys.executable, "-c", "raise SystemExit(1)")


@pytest.fixture(autouse=True)
def fresh_voices(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A cache and helper processes of the test's own."""
    settings.SPEECH_CACHE = tmp_path / "speech"
    prompt_audio.helpers.cache_clear()
    yield
    prompt_audio.helpers().close()
    prompt_audio.helpers.cache_clear()


def planned(people: int = 2, **agent: object) -> Campaign:
    campaign = make_campaign(people=people)
    Agent.objects.filter(pk=campaign.agent_id).update(**{"configuration": WORDS, **agent})
    plan.plan(campaign.pk, now=NOON)
    return campaign


def hand_over(campaign: Campaign) -> int:
    return upload.upload(campaign.template.account_id, clock=at(NOON), transport=FakeXFin())


def folders(settings: Settings) -> set[str]:
    return {folder.name for folder in Path(settings.SPEECH_CACHE).glob("people/*/*")}


def test_who_is_handed_over_can_be_spoken_to_at_once(settings: Settings) -> None:
    campaign = planned(people=3)
    assert hand_over(campaign) == 3
    phones = Recipient.objects.values_list("phone", flat=True)
    assert folders(settings) == {pseudonym(phone) for phone in phones}
    opening = "Hello Person 1, this is an automated call."
    assert prompt_audio.ready(opening, "hi", pseudonym(Recipient.objects.get(name="Person 1").phone))


WHY = "It cannot be spoken: There is no voice for the language “eo”."


def test_who_cannot_be_spoken_to_is_not_called_and_fails_with_the_reason() -> None:
    campaign = planned(configuration=NO_VOICE)
    assert hand_over(campaign) == 0
    assert states(campaign) == {"failed": 2}
    for person in Recipient.objects.all():
        assert (person.state, person.attempts, person.reason) == ("failed", 1, WHY)


def test_who_cannot_be_spoken_to_may_be_called_again_as_the_retry_rules_say() -> None:
    campaign = planned(configuration=NO_VOICE, people=1)
    Campaign.objects.update(max_attempts=2, retry_rules={"failed": {"gaps": [30], "another_hour": False}})
    assert hand_over(campaign) == 0
    person = Recipient.objects.get()
    assert (person.state, person.due_at) == ("waiting", NOON + timedelta(minutes=30))
    Agent.objects.update(configuration=WORDS)
    later = NOON + timedelta(minutes=31)
    assert plan.plan(campaign.pk, now=later) == 1  # F03 is no matter: no call rang
    assert upload.upload(campaign.template.account_id, clock=at(later), transport=FakeXFin()) == 1


def test_the_circuit_breaker_counts_who_cannot_be_spoken_to_and_says_what_to_mend(settings: Settings) -> None:
    settings.BREAKER_CALLS = 2
    campaign = planned(configuration=NO_VOICE)
    Campaign.objects.update(state_since=NOON - timedelta(minutes=1))
    hand_over(campaign)
    assert auto_stop.stop_failing(NOON) == 1
    campaign.refresh_from_db()
    assert campaign.reason == (
        f"Stopped by itself: 2 of the last 2 calls failed, mostly so: {WHY} Give the list the values and the "
        "agent the words that can be spoken, then resume."
    )


def test_while_the_voice_is_down_people_wait_with_the_reason_and_other_campaigns_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = planned()
    silent = Campaign.objects.get(pk=campaign.pk)
    silent.pk, silent.name = None, "Without words"
    silent.agent = Agent.objects.create(name="Echo", kind="echo")
    silent.save()
    silent.declaration = campaign.declaration
    silent.declaration.pk, silent.declaration.campaign = None, silent
    silent.declaration.save()
    silent.recipients.create(phone="+919825199999", name="Ravi", language="hi")
    plan.plan(silent.pk, now=NOON)
    with monkeypatch.context() as down:
        down.setattr(helper_voices, "_COMMAND", BROKEN)
        assert hand_over(campaign) == 1
    assert (states(campaign), states(silent)) == ({"planned": 2}, {"queued": 1})
    reasons = Message.objects.filter(recipient__campaign=campaign).values_list("reason", flat=True)
    assert all(reason.startswith("Its words cannot be spoken yet: The speech") for reason in reasons)
    assert hand_over(campaign) == 2


def test_the_time_is_bounded_and_who_is_not_ready_waits_for_the_next_round(settings: Settings) -> None:
    campaign = planned()
    settings.SPEECH_AHEAD_SECONDS = 1e-9
    assert hand_over(campaign) == 0
    assert states(campaign) == {"planned": 2}
    settings.SPEECH_AHEAD_SECONDS = 60.0
    assert hand_over(campaign) == 2


def test_one_worker_of_an_account_speaks_and_the_others_hand_over_who_is_ready(settings: Settings) -> None:
    campaign = planned()
    held = turns.take(f"speech:{campaign.template.account_id}")
    assert held
    assert hand_over(campaign) == 0
    held.release()
    assert hand_over(campaign) == 2
    held = turns.take(f"speech:{campaign.template.account_id}")
    Message.objects.update(state="planned", batch=None)
    Recipient.objects.update(state="under_way")
    assert hand_over(campaign) == 2


@pytest.mark.parametrize(
    "off",
    [
        lambda settings: setattr(settings, "SPEECH_AHEAD_SECONDS", 0.0),
        lambda settings: Agent.objects.update(kind="echo", configuration={}),
    ],
    ids=["switched off", "without words"],
)
def test_where_nothing_is_to_be_spoken_ahead_all_are_handed_over(
    settings: Settings, off: Callable[[Settings], object]
) -> None:
    campaign = planned()
    off(settings)
    assert hand_over(campaign) == 2
    assert folders(settings) == set()
