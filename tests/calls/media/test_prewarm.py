"""First words are spoken before the phone rings."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from calls.agents.dialogue.from_menu import converted
from calls.media import prewarm, prompt_audio
from campaigns.delivery import upload
from campaigns.models import Agent, Message, Recipient
from campaigns.planning import plan
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign

pytestmark = pytest.mark.django_db
MENU = Path(settings.BASE_DIR) / "calls" / "agents" / "examples" / "emi-reminder.json"


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of the voice."""
    texts: list[tuple[str, str]] = []
    monkeypatch.setattr(prompt_audio, "speak", lambda text, language: texts.append((text, language)))
    return texts


def at_xfin(*, people: int = 1) -> None:
    campaign, xfin = make_campaign(people=people), FakeXFin()
    Agent.objects.update(configuration=converted(json.loads(MENU.read_text())))
    Recipient.objects.update(name="आशा", variables={"amount": "1,25,000", "due_date": "28/11/2026"})
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)


def test_the_first_words_of_the_next_calls_are_spoken_with_the_persons_own_variables(
    spoken: list[tuple[str, str]],
) -> None:
    at_xfin()
    assert prewarm.prepare(NOON - timedelta(seconds=5)) == len(spoken) > 0
    assert {language for _, language in spoken} == {"hi"}
    assert any("आशा" in text for text, _ in spoken)


def test_calls_that_are_far_off_or_over_are_left(spoken: list[tuple[str, str]]) -> None:
    at_xfin()
    assert prewarm.prepare(NOON - timedelta(hours=1)) == 0
    Message.objects.update(state=Message.State.DONE)
    assert prewarm.prepare(NOON - timedelta(seconds=5)) == 0
    assert spoken == []


def test_an_agent_that_cannot_be_built_is_left_to_the_call(spoken: list[tuple[str, str]]) -> None:
    at_xfin()
    Agent.objects.update(configuration={})
    assert prewarm.prepare(NOON - timedelta(seconds=5)) == 0


def test_a_voice_that_fails_ends_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    def dumb(text: str, language: str) -> bytes:
        raise prompt_audio.AudioError("No voice.")

    at_xfin(people=3)
    monkeypatch.setattr(prompt_audio, "speak", dumb)
    assert prewarm.prepare(NOON - timedelta(seconds=5)) == 0
