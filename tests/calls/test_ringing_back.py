"""The helpline on a real server: who rings back goes on with the campaign, all others have the number's."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

import calls.agents
from calls.models import Answer, Call, CallEvent, MediaProcess
from campaigns import clock
from campaigns.models import Agent, Campaign, Message, PhoneNumber, Recipient, Suppression
from campaigns.transitions import attempt
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES, dialogue
from tests.calls.outside import OutsideCaller
from tests.calls.rows import closed_calls
from tests.calls.servers import Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]
SURVEY = json.loads(
    (Path(calls.agents.__file__).parent / "examples" / "dialogues" / "survey.json").read_text()
)
HELP = MENU | {"variables": {}, "languages": {"hi": {**ENGLISH, "message": "Our offers.", "opening": "Yes."}}}
HELP["languages"]["hi"]["replies"] = {"1": "Thank you.", "2": "All right."}


@pytest.fixture
def server(tmp_path: Path, number: PhoneNumber) -> Iterator[Server]:
    """The number's Daphne."""
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def missed(message: Message, number: PhoneNumber) -> Message:
    """Meena did not answer an hour ago; her second call is planned."""
    reminder = Agent.objects.create(name="Reminder", kind="dialogue", configuration=dialogue(MENU))
    help_line = Agent.objects.create(name="Help", kind="dialogue", configuration=dialogue(HELP))
    closed = Agent.objects.create(name="Closed", kind="dialogue", configuration=dialogue(HELP))
    PhoneNumber.objects.update(inbound_agent=help_line, after_hours_agent=closed, ring_back_hours=24)
    Campaign.objects.update(agent=reminder, state=Campaign.State.RUNNING)
    Recipient.objects.update(variables=VARIABLES, language="en", attempts=2, state="under_way")
    earlier, later = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=3)
    Message.objects.update(
        state="done", disposition="no_answer", send_on=earlier, settled_at=earlier, remote_id="7"
    )
    return Message.objects.create(recipient=message.recipient, attempt=2, send_on=later)


async def rung(server: Server, number: PhoneNumber, keys: str, **parameters: str) -> Call:
    """A person who calls the number and presses keys; the call, once it is over."""
    async with OutsideCaller(server.url(number.stream_path), **parameters) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(300)
        for key in keys:
            await caller.press(key)
        assert await caller.closed(30) == 1000
    (call,) = await closed_calls(1)
    return await Call.objects.select_related("agent", "campaign").aget(pk=call.pk)


def assert_books_balance(*, attempts: int) -> None:
    """Each person has one state, and as many attempts as were made; none is open."""
    assert not Message.objects.filter(state__in=Message.OPEN_STATES).exists()
    not_made = (Message.State.WITHDRAWN, Message.State.BLOCKED)
    made = Message.objects.exclude(state__in=not_made).count()
    assert (Recipient.objects.get().attempts, made) == (attempts, attempts)


async def test_a_person_who_rings_back_answers_the_campaign_and_is_not_called_again(
    server: Server, number: PhoneNumber, missed: Message
) -> None:
    call = await rung(server, number, "1", **{"from": "+919825112410"})
    assert (call.direction, call.outcome, call.message_id) == ("inbound", "will_pay", None)
    assert call.agent is not None
    assert call.agent.name == "Reminder"
    assert (call.recipient_id, call.campaign_id) == (missed.recipient_id, (await Campaign.objects.aget()).pk)
    person = await Recipient.objects.aget()
    assert (person.state, person.outcome) == ("completed", "will_pay")
    assert person.reason == "Answered when calling us: Will pay."
    answer = await Answer.objects.aget()
    assert (answer.recipient_id, answer.value) == (person.pk, "1")
    await sync_to_async(attempt.withdraw_answered)(clock.now())
    await missed.arefresh_from_db()
    assert missed.state == "withdrawn"
    await sync_to_async(assert_books_balance)(attempts=1)


async def test_a_call_that_broke_off_goes_on_at_its_question(
    server: Server, number: PhoneNumber, missed: Message
) -> None:
    await Agent.objects.filter(name="Reminder").aupdate(configuration=SURVEY)
    process = await MediaProcess.objects.acreate()
    whose = {"recipient_id": missed.recipient_id, "campaign": await Campaign.objects.aget()}
    hour_ago = clock.now() - timedelta(hours=1)
    broken = await Call.objects.acreate(
        **whose, number=number, process=process, state="ended", ended_by="caller", started_at=hour_ago,
        ended_at=hour_ago, direction="outbound",
    )  # fmt: skip
    said = {"name": "People at home"}
    await CallEvent.objects.acreate(call=broken, sequence=1, at_ms=1, kind="prompt", text="“…”", data=said)
    async with OutsideCaller(server.url(number.stream_path), **{"from": "+919825112410"}) as caller:
        await caller.start()
        caller.keep_speaking()
        await caller.hears(300)
        await caller.press("4")
        await caller.press("#")
        assert await caller.closed(60) == 1000
    call = (await closed_calls(2))[-1]
    prompts = CallEvent.objects.filter(call=call, kind="prompt").order_by("sequence")
    names = [name async for name in prompts.values_list("data__name", flat=True)]
    assert names[0] == "We were cut off"
    assert "Opening" not in names
    assert [row.question async for row in Answer.objects.filter(call=call)] == ["household"]
    assert (await Recipient.objects.aget()).outcome == "completed"


async def test_nine_in_a_ring_back_is_an_opt_out(
    server: Server, number: PhoneNumber, missed: Message
) -> None:
    await rung(server, number, "9", **{"from": "+919825112410"})
    suppression = await Suppression.objects.aget()
    assert (suppression.phone, suppression.source) == ("+919825112410", "inbound")
    assert (await Recipient.objects.aget()).state == "suppressed"
    await sync_to_async(assert_books_balance)(attempts=1)


async def test_an_unknown_caller_has_the_numbers_own_dialogue(
    server: Server, number: PhoneNumber, missed: Message
) -> None:
    call = await rung(server, number, "1", **{"from": "+919825112499"})
    assert call.agent is not None
    assert (call.agent.name, call.campaign_id, call.recipient_id) == ("Help", None, None)
    assert (await Recipient.objects.aget()).state == "under_way"


async def test_outside_the_hours_the_other_dialogue_answers(
    server: Server, number: PhoneNumber, missed: Message
) -> None:
    # Closed on every day: only another day would be open.
    yesterday = (clock.now() - timedelta(hours=48)).strftime("%a")
    await PhoneNumber.objects.aupdate(inbound_hours=f"{yesterday} 10:00-10:01")
    call = await rung(server, number, "1", **{"from": "+919825112499"})
    assert call.agent is not None
    assert call.agent.name == "Closed"
