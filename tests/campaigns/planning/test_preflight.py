"""Before the launch: who can be called, what is missing, how long it takes, and who counts it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import (
    Agent,
    Campaign,
    CampaignChange,
    Import,
    Message,
    Preflight,
    Suppression,
    TemplateLanguage,
)
from campaigns.planning import preflight
from campaigns.queries.preflight import Shown, shown
from tests.calls.agents.texts import MENU, dialogue
from tests.campaigns.world import NOON, add_people, at, make_campaign

pytestmark = pytest.mark.django_db
NIGHT = NOON + timedelta(hours=12)


def a_draft(people: int = 3, **fields: Any) -> Campaign:
    campaign = make_campaign(people=people, state=Campaign.State.DRAFT, **fields)
    Agent.objects.filter(pk=campaign.agent_id).update(configuration=dialogue(MENU))
    TemplateLanguage.objects.create(template=campaign.template, language="hi", sync_state="synced")
    campaign.recipients.update(variables={"amount": "1,25,000", "due_date": "28/11/2026"})
    return campaign


def looked_at(campaign: Campaign, *, now: Any = NOON) -> Shown:
    return shown(preflight.ask(campaign, None, clock=at(now)))


def test_it_says_in_one_sentence_who_can_be_called() -> None:
    campaign = a_draft(people=5)
    first, second, third, *_ = campaign.recipients.all()
    Suppression.objects.create(phone=first.phone, source="key", reason="Asked us to stop.")
    campaign.recipients.filter(pk=second.pk).update(state="suppressed")
    campaign.recipients.filter(pk=third.pk).update(phone="+9112345")
    Import.objects.create(campaign=campaign, sha256="", uploaded=4, rejected=1, suppressed=2, duplicate=1)
    found = looked_at(campaign)
    assert found.sentence == ("2 of 9 can be called: 4 opted out, 2 invalid, 1 in the lists twice.")
    assert found.people == sum(part.count for part in found.parts) == 9
    assert found.row.made_at == NOON


def test_at_night_people_are_judged_as_of_the_next_morning() -> None:
    found = looked_at(a_draft(), now=NIGHT)
    assert found.figures
    assert found.sentence == "All 3 can be called."
    assert found.figures["waits"] == {}
    assert found.figures["begins"] == "2026-11-25T08:00:00+05:30"


def test_missing_values_are_counted_for_each_language() -> None:
    campaign = a_draft()
    Agent.objects.filter(pk=campaign.agent_id).update(configuration=dialogue(MENU))
    first = campaign.recipients.all()[0]
    campaign.recipients.filter(pk=first.pk).update(variables={"amount": "500", "due_date": "46354"})
    found = looked_at(campaign)
    assert found.sentence == "2 of 3 can be called: 1 without a value to be spoken."
    assert found.figures
    assert found.figures["missing"] == [{"language": "hi", "variable": "due_date", "people": 1}]


def test_what_stands_in_the_way_is_said() -> None:
    campaign = a_draft()
    campaign.recipients.filter(pk=campaign.recipients.all()[0].pk).update(language="ta")
    campaign.number.active = False
    campaign.number.save()
    found = looked_at(campaign)
    assert found.figures
    problems = " ".join(found.figures["problems"])
    assert "The number is switched off." in problems
    assert "People with the language “ta”: 1. The template does not have it" in problems


def test_redials_of_xfin_beside_our_own_retries_are_named() -> None:
    campaign = a_draft(max_attempts=2)
    campaign.template.num_backups = 3
    campaign.template.save()
    found = looked_at(campaign)
    assert found.figures
    assert "XFin itself would redial 3 times" in found.figures["problems"][0]


def test_a_clip_that_is_not_there_is_missed() -> None:
    campaign = a_draft()
    Agent.objects.filter(pk=campaign.agent_id).update(kind="playback", configuration={"clip": "welcome"})
    found = looked_at(campaign)
    assert found.figures
    assert "clip “welcome”" in " ".join(found.figures["problems"])


def test_an_agent_that_can_not_be_built_is_a_problem() -> None:
    campaign = a_draft()
    Agent.objects.filter(pk=campaign.agent_id).update(configuration={})
    found = looked_at(campaign)
    assert found.figures
    assert "The agent can't hold a call" in found.figures["problems"][0]


def test_the_estimate_uses_what_earlier_calls_tell() -> None:
    campaign = a_draft(max_attempts=2, retry_gaps=[60], calls_per_minute=1)
    assert looked_at(campaign).forecast.likely is None  # type: ignore[union-attr]  # it is there
    other = Campaign.objects.create(
        name="Earlier", template=campaign.template, number=campaign.number, agent=campaign.agent
    )
    Message.objects.bulk_create(
        Message(
            recipient=person,
            attempt=1,
            send_on=NOON - timedelta(days=20),
            state="done",
            disposition="answered" if number % 2 else "busy",
            duration_seconds=60 if number % 2 else None,
            settled_at=NOON - timedelta(days=20),
        )
        for number, person in enumerate(add_people(other, 20))
    )
    found = looked_at(campaign).forecast
    assert found
    assert (found.calls, found.talk_minutes) == (4, 2)
    assert "50% are answered" in found.assumes[2]


def test_a_large_list_waits_for_a_worker_and_takes_so_many_queries_a_stride(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preflight, "AT_ONCE", 2)
    monkeypatch.setattr(preflight, "CHUNK", 2)
    campaign = a_draft(people=4)
    row = preflight.ask(campaign, None, clock=at(NOON))
    assert row.state == Preflight.State.WAITING
    assert preflight.preflights_to_run(NOON) == [row.pk]
    with CaptureQueriesContext(
        connection,
    ) as two_chunks:
        assert preflight.run(row.pk, clock=at(NOON))
    add_people(campaign, 4)
    campaign.recipients.update(variables={"amount": "500", "due_date": "28/11/2026"})
    preflight.ask(campaign, None, clock=at(NOON))
    with CaptureQueriesContext(connection) as four_chunks:
        assert preflight.run(row.pk, clock=at(NOON))
    assert len(four_chunks) - len(two_chunks) < 40
    assert shown(Preflight.objects.get()).sentence == "All 8 can be called."


def test_a_dead_workers_preflight_is_counted_by_another_and_the_dead_one_writes_nothing() -> None:
    campaign = a_draft()
    row = Preflight.objects.create(
        campaign=campaign, state="counting", claim="dead", claimed_until=NOON + timedelta(minutes=1)
    )
    assert not preflight.run(row.pk, clock=at(NOON))
    assert preflight.run(row.pk, clock=at(NOON + timedelta(minutes=2)))
    row.refresh_from_db()
    assert (row.state, row.made_at) == (Preflight.State.DONE, NOON + timedelta(minutes=2))


def test_whoever_lost_the_claim_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = a_draft()
    row = Preflight.objects.create(campaign=campaign)
    take = preflight._Count.take

    def overtaken(self: Any, people: Any) -> None:
        take(self, people)
        Preflight.objects.update(claim="another")

    monkeypatch.setattr(preflight._Count, "take", overtaken)
    assert not preflight.run(row.pk, clock=at(NOON))
    row.refresh_from_db()
    assert (row.state, row.figures) == (Preflight.State.COUNTING, {})


def test_it_says_when_it_is_not_true_any_more() -> None:
    campaign = a_draft()
    assert looked_at(campaign).outdated == ""
    CampaignChange.objects.create(
        campaign=campaign,
        at=NOON + timedelta(minutes=1),
        from_state="draft",
        to_state="draft",
        reason="Edited.",
    )
    assert shown(Preflight.objects.get()).outdated == "The campaign was changed since."
    assert looked_at(campaign, now=NOON + timedelta(minutes=2)).outdated == ""
    add_people(campaign, 1)
    assert shown(Preflight.objects.get()).outdated == "People were added since."
