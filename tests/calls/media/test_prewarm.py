"""Words are spoken before the phone rings."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as all_settings
from pytest_django import Settings

from calls.agents.base import CallStarted, Say
from calls.agents.dialogue.from_menu import converted
from calls.agents.recording_notice import NOTICES
from calls.agents.registry import build
from calls.identification import context_of
from calls.media import prewarm, prompt_audio
from calls.media.prewarm import Ahead
from campaigns.models import Agent, Campaign, Message, PhoneNumber, Recipient, UploadBatch
from campaigns.planning import plan
from campaigns.pseudonyms import pseudonym
from campaigns.speech_ahead import Called
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES, dialogue
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
EXAMPLES = Path(all_settings.BASE_DIR) / "calls" / "agents" / "examples"
EXAMPLE = converted(json.loads((EXAMPLES / "emi-reminder.json").read_text()))
WORDS = dialogue(MENU)
NO_VOICE = dialogue(MENU | {"languages": MENU["languages"] | {"eo": ENGLISH}})
ASHA = Called(1, "+919825000001", "Asha", "en", VARIABLES)


@pytest.fixture(autouse=True)
def cache_of_its_own(settings: Settings, tmp_path: Path) -> Path:
    settings.SPEECH_CACHE = tmp_path / "speech"
    return tmp_path / "speech"


def at_xfin() -> Message:
    """A message that is rung five seconds from `SOON`."""
    campaign = make_campaign(people=1)
    Agent.objects.update(configuration=EXAMPLE)
    Recipient.objects.update(name="आशा", variables={"amount": "1,25,000", "due_date": "28/11/2026"})
    plan.plan(campaign.pk, now=NOON)
    batch = UploadBatch.objects.create(
        account=campaign.template.account, size=1, claimed_until=NOON, state="confirmed"
    )
    Message.objects.update(state="queued", batch=batch)
    return Message.objects.select_related("recipient__campaign__agent").get()


SOON = NOON - timedelta(seconds=5)


def test_the_first_words_of_the_next_calls_lie_ready() -> None:
    message = at_xfin()
    assert prewarm.prepare(SOON) == 0
    agent = message.recipient.campaign.agent
    actions = build(agent.kind, agent.configuration).handle(CallStarted(context_of(message)))
    said = [action for action in actions if isinstance(action, Say)]
    assert any("आशा" in one.text for one in said)
    whose = pseudonym(message.recipient.phone)
    assert all(prompt_audio.ready(one.text, one.language, whose) for one in said)


def test_calls_that_are_far_off_or_over_are_left(cache_of_its_own: Path) -> None:
    at_xfin()
    prewarm.prepare(NOON - timedelta(hours=1))
    Message.objects.update(state=Message.State.DONE)
    prewarm.prepare(SOON)
    assert not (cache_of_its_own / "people").exists()


def test_what_all_people_hear_is_spoken_once_the_campaign_is_checked() -> None:
    campaign = make_campaign(people=0, state="draft")
    Agent.objects.update(configuration=WORDS)
    prewarm.prepare(NOON)
    assert not prompt_audio.is_ready("Press 1 or 2.", "en")
    Campaign.objects.filter(pk=campaign.pk).update(state="checked")
    prewarm.prepare(NOON)
    assert prompt_audio.is_ready("Press 1 or 2.", "en")
    assert prompt_audio.is_ready("Press 1 or 2.", "hi")


@pytest.mark.parametrize("answers", ["inbound_agent", "after_hours_agent"])
def test_so_is_what_callers_hear_of_an_agent_that_answers_a_number(number: PhoneNumber, answers: str) -> None:
    agent = Agent.objects.create(name="Desk", configuration=WORDS)
    PhoneNumber.objects.update(inbound_agent=None, announce_recording=True)
    PhoneNumber.objects.update(**{answers: agent})
    assert prewarm.prepare(NOON) == 0
    assert prompt_audio.is_ready("Press 1 or 2.", "en")
    assert prompt_audio.is_ready(NOTICES["en"], "en")


def test_what_does_not_get_done_is_counted() -> None:
    at_xfin()
    assert prewarm.prepare(SOON, seconds=0) > 1


def test_an_agent_that_cannot_be_built_is_left_to_the_call(cache_of_its_own: Path) -> None:
    at_xfin()
    Agent.objects.update(configuration={})
    assert prewarm.prepare(SOON) == 0
    assert not cache_of_its_own.exists()


def test_a_persons_values_are_spoken_for_that_person_and_the_rest_for_all(cache_of_its_own: Path) -> None:
    assert Ahead("dialogue", WORDS).prepare([ASHA], seconds=60).ready == [1]
    (folder,) = cache_of_its_own.glob("people/*/*")
    assert folder.name == pseudonym(ASHA.phone)
    assert len(list(folder.glob("*.wav"))) == 3  # the opening, the message and the reply to 1
    assert len(list(cache_of_its_own.glob("texts/*/*.wav"))) == 6


def test_a_missing_value_is_the_rules_to_refuse_and_sorry_lies_ready() -> None:
    assert Ahead("dialogue", WORDS).prepare([ASHA._replace(variables={})], seconds=60).ready == [1]
    assert prompt_audio.is_ready("Sorry.", "en")


def test_a_text_without_a_voice_is_unspeakable_and_the_others_are_spoken() -> None:
    words = Ahead("dialogue", NO_VOICE)
    found = words.prepare([ASHA._replace(language="eo", message_id=2), ASHA], seconds=60)
    assert found.ready == [1]
    assert found.unspeakable == {2: "There is no voice for the language “eo”."}


def test_what_several_people_hear_is_spoken_once(cache_of_its_own: Path) -> None:
    namesake = Called(2, "+919825000002", "Asha", "en", VARIABLES)
    assert Ahead("dialogue", WORDS).prepare([ASHA], seconds=60).ready == [1]
    spoken = {path.stat().st_ino for path in cache_of_its_own.rglob("*.wav")}
    assert Ahead("dialogue", WORDS).prepare([namesake], seconds=0).ready == [2]
    assert {path.stat().st_ino for path in cache_of_its_own.rglob("*.wav")} == spoken
    assert len(list(cache_of_its_own.glob("people/*/*"))) == 2


def test_a_sentence_without_a_value_is_not_spoken_for_each_person(cache_of_its_own: Path) -> None:
    opening = "Hello {name}. This is an automated call of Sahyog Gas."
    texts = ENGLISH | {"opening": opening}
    words = Ahead("dialogue", dialogue(MENU | {"languages": MENU["languages"] | {"en": texts}}))
    assert "This is an automated call of Sahyog Gas." in [one.text for one in words.common("en")]
    assert "Hello Asha." in [one.text for one in words.personal(ASHA)]
    assert not any("Sahyog" in one.text for one in words.personal(ASHA))


def test_one_text_that_fails_each_time_does_not_keep_the_others_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A voice that fails with three texts is taken for down: then no more are tried in this run."""
    tried: list[str] = []

    def speak(text: str, language: str, whose: str = "") -> bytes:
        tried.append(text)
        if "Asha" in text or everything_fails:
            raise prompt_audio.AudioLater("It failed.")
        return b""

    monkeypatch.setattr(
        prompt_audio, "is_ready", lambda *sentence: sentence[0] in tried and "Asha" not in sentence[0]
    )
    monkeypatch.setattr(prompt_audio, "speak", speak)
    everything_fails = False
    meena = ASHA._replace(message_id=2, name="Meena")
    found = Ahead("dialogue", WORDS).prepare([ASHA, meena], seconds=60)
    assert (found.ready, found.waits) == ([2], {1: "It failed."})
    everything_fails = True
    tried.clear()
    monkeypatch.setattr(prompt_audio, "is_ready", lambda *sentence: False)
    many = [ASHA._replace(message_id=n, name=f"Person {n}") for n in range(20)]
    assert len(Ahead("dialogue", WORDS).prepare(many, seconds=60).waits) == 20
    assert len(tried) <= 3 + settings_processes()


def settings_processes() -> int:
    """So many texts may be under way when the third fails."""
    return int(all_settings.SPEECH_PROCESSES)
