"""A programme of the ready vaccination dialogue: what was heard on the line decides which part comes next."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import calls.agents
from bench.replay.past_calls import records_of
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.registry import read
from calls.dialogues import publishing
from calls.events import rows
from calls.events.records import Identified
from calls.identification import Identity
from calls.models import Call, MediaProcess
from calls.simulated.kept_tests import KeptTest, hold
from calls.simulated.script import At, Do, Input, Person
from campaigns.models import Campaign, Draw, Member, MemberDate, Programme, Recipient, StandingList
from campaigns.programmes import draw
from tests.calls.simulated.documents import press
from tests.campaigns.programmes.test_draw import morning
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db

DUE = date(2026, 12, 4)
EVERY = timedelta(days=10)
AT_THE_OPENING = Input(do=Do.HANG_UP, at=At.DURING, prompt="Opening", after_ms=900)


@pytest.fixture
def document() -> DialogueConfiguration:
    folder = Path(calls.agents.__file__).parent / "examples" / "dialogues"
    document = read("dialogue", json.loads((folder / "vaccination.json").read_text()))
    assert isinstance(document, DialogueConfiguration)
    return document


@pytest.fixture
def programme(document: DialogueConfiguration) -> Programme:
    """Three parts, ten days apart, from ten days before the day on; Asha's child is due."""
    dialogue = publishing.create("Vaccination", document, by=None)
    publishing.publish(dialogue, by=None)
    pattern = make_campaign(state=Campaign.State.DRAFT)
    Campaign.objects.update(agent=dialogue.agent)
    mothers = StandingList.objects.create(name="Mothers")
    said = {"child": "रवि", "vaccine": "खसरा", "place": "आनंद"}
    asha = Member.objects.create(
        standing_list=mothers, phone="+919825010001", name="आशा", language="hi", variables=said
    )
    MemberDate.objects.create(member=asha, name="due", day=DUE)
    return Programme.objects.create(
        name="Measles",
        standing_list=mothers,
        pattern=pattern,
        date_name="due",
        offset_count=-10,
        begins_on=date(2026, 11, 1),
        active=True,
        parts=3,
        part_days=10,
        heard_percent=60,
        repeats=1,
    )


def test_a_part_that_was_hung_up_on_is_told_again_and_the_next_follows_what_was_heard(
    programme: Programme, document: DialogueConfiguration
) -> None:
    told = []
    for number, inputs in enumerate(([AT_THE_OPENING], [press("1")], [press("1")], [press("1")])):
        draw.draw(programme.pk, now=morning(DUE - EVERY + number * EVERY))
        person = Recipient.objects.latest("pk")
        call = Call.objects.create(number=programme.pattern.number, process=MediaProcess.objects.create())
        who = Person(language="hi", name=person.name, values=person.variables)
        course, _ = hold(document, KeptTest(person=who, inputs=inputs))
        whose = Identity(campaign_id=person.campaign_id, recipient_id=person.pk)
        records = records_of(call, person, course)
        rows.write([replace(one, identity=whose) if isinstance(one, Identified) else one for one in records])
        Recipient.objects.filter(pk=person.pk).update(state="completed")
        person.refresh_from_db()
        told.append((person.variables["part"], (person.heard_percent or 0) >= 60, person.outcome))
    assert told == [
        ("1", False, ""),
        ("1", True, "coming"),
        ("2", True, "coming"),
        ("3", True, "vaccinated"),
    ]
    assert draw.draw(programme.pk, now=morning(DUE + 3 * EVERY)) == 1
    assert Draw.objects.latest("pk").reason == "All 3 parts were heard."
    assert Recipient.objects.count() == 4
