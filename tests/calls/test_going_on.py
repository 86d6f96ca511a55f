"""A person who hung up in the middle is called again, if the campaign says so, and asked the rest."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import calls.agents
from bench.replay.past_calls import records_of
from calls.agents.base import Resume
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.registry import read
from calls.conversation.outputs import Identify
from calls.dialogues import publishing
from calls.events import rows
from calls.events.records import Identified
from calls.identification import Found, Identity, find
from calls.models import Call, MediaProcess
from calls.simulated.kept_tests import KeptTest, hold
from calls.simulated.script import Input, Person
from campaigns import clock
from campaigns.models import Campaign, Message, Recipient, UploadBatch
from campaigns.planning import plan
from campaigns.transitions.attempt import settle_message
from campaigns.xfin.schemas import RemoteMessage
from campaigns.xfin.states import Disposition, RemoteState
from tests.calls.simulated.documents import HANG_UP, press
from tests.campaigns.world import NOON, at, make_campaign

pytestmark = pytest.mark.django_db

SURVEY = json.loads(
    (Path(calls.agents.__file__).parent / "examples" / "dialogues" / "survey.json").read_text()
)
CUT_OFF = (press("1"), press("2"), HANG_UP)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a time at which calls are lawful."""
    monkeypatch.setattr(clock, "now", at(NOON))


def asked(**fields: Any) -> Message:
    """The first call of the ready survey, at XFin."""
    dialogue = publishing.create("Survey", _document(), by=None)
    publishing.publish(dialogue, by=None)
    values: dict[str, Any] = {"max_attempts": 2, "goes_on": True, "retry_gaps": [1500]}
    campaign = make_campaign(people=1, **(values | fields))
    Campaign.objects.update(agent=dialogue.agent)
    return at_xfin(campaign)


def at_xfin(campaign: Campaign) -> Message:
    now = max(NOON, *filter(None, Recipient.objects.values_list("due_at", flat=True)), NOON)
    assert plan.plan(campaign.pk, now=now) == 1
    account = campaign.template.account
    batch = UploadBatch.objects.create(account=account, size=1, claimed_until=NOON, state="confirmed")
    Message.objects.filter(state="planned").update(batch=batch, state="queued")
    return Message.objects.get(state="queued")


def talked(message: Message, *inputs: Input) -> None:
    """The call is held and over, as our own server stores it."""
    campaign = message.recipient.campaign
    call = Call.objects.create(number=campaign.number, process=MediaProcess.objects.create())
    course, _ = hold(_document(), KeptTest(person=Person(language="hi", name="Asha"), inputs=[*inputs]))
    whose = Identity(campaign_id=campaign.pk, recipient_id=message.recipient_id, message_id=message.pk)
    records = records_of(call, message.recipient, course)
    rows.write([replace(one, identity=whose) if isinstance(one, Identified) else one for one in records])


def over(message: Message) -> None:
    """XFin says that the call was answered and is over."""
    said: dict[str, Any] = {
        "id": 1,
        "phone_number": message.recipient.phone,
        "send_on": message.send_on,
        "raw": {},
    }
    remote = RemoteMessage(
        **said, state=RemoteState.DONE, raw_state="done", disposition=Disposition.ANSWERED, raw_reason="",
        duration_s=6, tags=(), values=(), templatelanguage=None,
    )  # fmt: skip
    assert settle_message(message, remote, now=NOON)


def _document() -> DialogueConfiguration:
    document = read("dialogue", SURVEY)
    assert isinstance(document, DialogueConfiguration)
    return document


@pytest.mark.parametrize("news_first", [True, False], ids=["XFin first", "our call first"])
def test_who_hung_up_after_some_answers_is_called_again_and_asked_the_rest(news_first: bool) -> None:
    message = asked()
    for step in (over, lambda of: talked(of, *CUT_OFF))[:: 1 if news_first else -1]:
        step(message)
    person = Recipient.objects.get()
    assert (person.state, person.outcome, person.attempts) == ("waiting", "", 1)
    assert person.reason == (
        "Answered, but the dialogue broke off before its end. Call 2 of at most 2 follows."
    )
    again = at_xfin(message.recipient.campaign)
    assert again.attempt == 2
    found = find(Identify(again.reference, {}, "MZ2", "CA2"), message.recipient.campaign.number_id)
    assert isinstance(found, Found)
    assert found.context.resume == Resume("hours", {"willing": "1", "daily": "no"})
    over(again)
    person.refresh_from_db()
    assert (person.state, person.reason) == ("completed", "Answered.")


@pytest.mark.parametrize(
    ("fields", "inputs"),
    [
        ({"goes_on": False}, CUT_OFF),
        ({}, (HANG_UP,)),
        ({}, (press("1"), press("2"), press("1"), press("5"), press("1"), press("4#"))),
        ({"max_attempts": 1}, CUT_OFF),
        ({"retry_rules": {"unfinished": {"gaps": []}}}, CUT_OFF),
    ],
    ids=["switched off", "no answer given", "came to the end", "no call left", "the rules say none"],
)
def test_nobody_else_is_called_again(fields: dict[str, object], inputs: tuple[Input, ...]) -> None:
    message = asked(**fields)
    talked(message, *inputs)
    over(message)
    assert Recipient.objects.get().state == "completed"


def test_a_call_begins_anew_where_that_is_switched_off_or_the_version_is_another() -> None:
    message = asked(retry_rules={"unfinished": {"gaps": [1500]}})
    talked(message, *CUT_OFF)
    over(message)
    again = at_xfin(message.recipient.campaign)

    def resumes() -> bool:
        found = find(Identify(again.reference, {}, "MZ2", "CA2"), message.recipient.campaign.number_id)
        assert isinstance(found, Found)
        return found.context.resume is not None

    assert resumes()
    Call.objects.update(version=7)
    assert not resumes()
    Call.objects.update(version=None)
    Campaign.objects.update(goes_on=False)
    assert not resumes()
