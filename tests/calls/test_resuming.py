"""A further call goes on at the question at which the last one broke off."""

import json
from pathlib import Path
from uuid import UUID

import pytest

import calls.agents
from calls.agents.base import Resume
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.registry import read
from calls.models import Call
from calls.resuming import resume_of
from calls.simulated.script import Input, Person
from campaigns.models import Agent, Campaign, Recipient
from tests.calls.dialogues.stored import called, reminding
from tests.calls.simulated.documents import HANG_UP, press

pytestmark = pytest.mark.django_db

SURVEY = json.loads(
    (Path(calls.agents.__file__).parent / "examples" / "dialogues" / "survey.json").read_text()
)
ASHA = Person(language="en", name="Asha")


@pytest.fixture
def campaign() -> Campaign:
    document = read("dialogue", SURVEY)
    assert isinstance(document, DialogueConfiguration)
    return reminding(document)


def held(campaign: Campaign, *inputs: Input) -> UUID:
    """A call of the survey that is over, and ended by its caller."""
    document = read("dialogue", SURVEY)
    assert isinstance(document, DialogueConfiguration)
    call = called(campaign, document, ASHA, *inputs)
    Call.objects.filter(pk=call).update(campaign=campaign)
    return call


def person() -> Recipient:
    return Recipient.objects.select_related("campaign__agent", "campaign__dialogue_version").latest("pk")


def test_it_goes_on_at_the_last_question_with_the_answers_until_then(campaign: Campaign) -> None:
    held(campaign, press("1"), press("2"), HANG_UP)
    assert resume_of(person()) == Resume("hours", {"willing": "1", "daily": "no"})


def test_a_call_that_reached_its_end_begins_anew(campaign: Campaign) -> None:
    held(campaign, press("1"), press("2"), press("1"), press("5"), press("1"), press("4#"))
    assert Call.objects.get().outcome == "completed"
    assert resume_of(person()) is None


def test_a_call_of_no_question_and_no_call_at_all_begin_anew(campaign: Campaign) -> None:
    held(campaign, HANG_UP)
    Call.objects.get().events.all().delete()
    assert resume_of(person()) is None
    Call.objects.all().delete()
    assert resume_of(person()) is None


def test_a_second_break_before_the_question_goes_on_where_the_first_was(campaign: Campaign) -> None:
    first = Call.objects.get(pk=held(campaign, press("1"), press("2"), HANG_UP))
    first.pk = None
    again = Call.objects.create(
        number=first.number,
        process=first.process,
        campaign=campaign,
        recipient=person(),
        state="ended",
        ended_at=first.ended_at,
        ended_by="connection",
    )
    assert resume_of(person()) == Resume("hours", {"willing": "1", "daily": "no"})
    Call.objects.filter(pk=again.pk).update(ended_by="agent")
    assert resume_of(person()) is None


def test_a_question_that_the_dialogue_has_twice_is_no_place(campaign: Campaign) -> None:
    held(campaign, press("1"), press("2"), HANG_UP)
    steps = SURVEY["steps"]
    twice = steps | {"daily": steps["daily"] | {"title": steps["hours"]["title"]}}
    Agent.objects.update(configuration=SURVEY | {"steps": twice})
    assert resume_of(person()) == Resume("willing", {"willing": "1", "daily": "no"})


def test_an_agent_without_questions_begins_anew(campaign: Campaign) -> None:
    held(campaign, press("1"), HANG_UP)
    Agent.objects.update(kind=Agent.Kind.ECHO, configuration={})
    assert resume_of(person()) is None
