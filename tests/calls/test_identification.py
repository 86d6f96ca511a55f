"""Who is on the line: by the message's reference, if it can be its call, else by the caller's number."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from calls.agents.echo import EchoAgent
from calls.conversation.outputs import Identify
from calls.identification import Found, NotFound, find, telling_who
from campaigns import clock
from campaigns.models import Account, Campaign, Dialogue, DialogueVersion, Message, PhoneNumber, Template
from campaigns.transitions.language import choose

pytestmark = pytest.mark.django_db


def asked(reference: str = "", **parameters: str) -> Identify:
    return Identify(
        reference, {"reference": reference, **parameters} if reference else parameters, "MZ1", "CA1"
    )


def test_a_reference_finds_recipient_campaign_and_agent(message: Message, number: PhoneNumber) -> None:
    found = find(asked(message.reference), number.pk)
    assert isinstance(found, Found)
    assert isinstance(found.agent, EchoAgent)
    assert (found.context.name, found.context.language, found.context.campaign) == ("Meena", "gu", "Bills")
    assert found.context.variables == {"name": "Meena", "amount": "1200"}
    assert not found.context.inbound
    assert (found.identity.message_id, found.identity.recipient_id) == (message.pk, message.recipient_id)
    assert (found.identity.stream_sid, found.identity.call_sid) == ("MZ1", "CA1")


def test_the_version_of_the_dialogue_that_speaks_is_known(message: Message, number: PhoneNumber) -> None:
    campaign = message.recipient.campaign
    assert find(asked(message.reference), number.pk).identity.version is None
    dialogue = Dialogue.objects.create(agent=campaign.agent, draft={})
    said = {"dialogue": dialogue, "configuration": campaign.agent.configuration}
    kept = DialogueVersion.objects.create(**said, number=4, digest="4")
    DialogueVersion.objects.create(**said, number=5, digest="5")
    Campaign.objects.filter(pk=campaign.pk).update(dialogue_version=kept)
    PhoneNumber.objects.filter(pk=number.pk).update(inbound_agent=campaign.agent)
    assert find(asked(message.reference), number.pk).identity.version == 4
    assert find(asked(), number.pk).identity.version == 5


def test_the_reference_tag_will_do(message: Message, number: PhoneNumber) -> None:
    found = find(asked(tag5=message.reference), number.pk)
    assert found.identity.message_id == message.pk


@pytest.mark.parametrize("reference", ["", "m-unknown", "x" * 5000, "\ufffd"])
def test_a_call_without_a_known_reference_is_served_by_the_inbound_agent(
    message: Message, number: PhoneNumber, reference: str
) -> None:
    found = find(asked(reference, FirstName="Jane", language="en"), number.pk)
    assert isinstance(found, Found)
    assert found.context.inbound
    assert found.context.language == "en"
    assert found.context.variables["FirstName"] == "Jane"
    assert found.identity.message_id is None


@pytest.mark.parametrize("parameters", [{"from": "+919825112410"}, {"Caller": "098251 12410"}])
def test_whoever_calls_us_is_known_by_the_number_if_the_platform_tells_it(
    message: Message, number: PhoneNumber, parameters: dict[str, str]
) -> None:
    found = find(asked(**parameters), number.pk)
    assert found.identity.recipient_id == message.recipient_id
    assert found.identity.inbound
    assert (found.identity.message_id, found.identity.campaign_id) == (None, None)
    assert isinstance(found, Found)
    assert "Meena" not in found.context.variables.values()  # another person may hold the phone


def test_a_caller_who_is_in_no_list_is_known_by_the_number_alone_and_hears_their_own_language(
    number: PhoneNumber,
) -> None:
    choose("+919825112411", "gu", at=clock.now())
    found = find(asked(**{"from": "098251 12411", "language": "en"}), number.pk)
    assert isinstance(found, Found)
    assert (found.identity.caller, found.identity.recipient_id) == ("+919825112411", None)
    assert (found.identity.language, found.context.language) == ("gu", "gu")


@pytest.mark.parametrize("recorded", [True, False])
def test_the_agent_knows_whether_calls_are_recorded(
    message: Message, number: PhoneNumber, recorded: bool
) -> None:
    PhoneNumber.objects.update(record_calls=recorded)
    for how in (asked(message.reference), asked("m-unknown")):
        found = find(how, number.pk)
        assert isinstance(found, Found)
        assert found.context.recorded is recorded


@pytest.mark.parametrize("said", ["", "anonymous", "+919825112411", "x" * 5000])
def test_a_caller_who_is_in_no_list_stays_unknown(message: Message, number: PhoneNumber, said: str) -> None:
    assert find(asked(**{"from": said}), number.pk).identity.recipient_id is None


def test_a_caller_whom_another_account_knows_is_unknown_here(message: Message, echo: object) -> None:
    stranger = Account.objects.create(name="Other", tenant="other", email="o@b.in", password="x")
    theirs = PhoneNumber.objects.create(account=stranger, e164="+917961344199")
    assert find(asked(**{"from": "+919825112410"}), theirs.pk).identity.recipient_id is None


def test_a_message_of_another_account_is_unknown_here(message: Message, echo: object) -> None:
    stranger = Account.objects.create(name="Other", tenant="other", email="o@b.in", password="x")
    theirs = PhoneNumber.objects.create(account=stranger, e164="+917961344199")
    found = find(asked(message.reference), theirs.pk)
    assert isinstance(found, NotFound)
    assert found.identity.recipient_id is None
    assert "no inbound agent" in found.reason


def test_an_agent_that_cannot_be_made_is_told_but_the_person_is_known(
    message: Message, number: PhoneNumber
) -> None:
    agent = message.recipient.campaign.agent
    agent.configuration = {"nonsense": 1}
    agent.save()
    found = find(asked(message.reference), number.pk)
    assert isinstance(found, NotFound)
    assert "“Echo” cannot be used" in found.reason
    assert found.identity.recipient_id == message.recipient_id


def another_number(account: Account, number: PhoneNumber) -> PhoneNumber:
    return PhoneNumber.objects.create(
        account=account, e164="+917961344102", inbound_agent=number.inbound_agent
    )


def test_a_number_from_which_the_campaign_does_not_call_opens_none_of_its_messages(
    message: Message, number: PhoneNumber, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    other = another_number(account, number)
    found = find(asked(message.reference), other.pk)
    assert (found.identity.message_id, found.identity.inbound) == (None, True)
    assert "does not call from this number" in caplog.text


@pytest.mark.parametrize("which", ["template", "retry_template"])
def test_a_number_of_the_campaigns_template_opens_its_messages(
    message: Message, number: PhoneNumber, account: Account, which: str
) -> None:
    other = another_number(account, number)
    if which == "retry_template":
        again = Template.objects.create(account=account, name="Again")
        Campaign.objects.update(retry_template=again)
    else:
        again = message.recipient.campaign.template
    again.numbers.add(other)
    assert find(asked(message.reference), other.pk).identity.message_id == message.pk


def test_a_message_that_was_never_handed_over_is_not_opened(message: Message, number: PhoneNumber) -> None:
    Message.objects.update(state="planned", batch=None)
    assert find(asked(message.reference), number.pk).identity.message_id is None


@pytest.mark.parametrize(("hours", "opens"), [(1, True), (23, True), (25, False), (24 * 300, False)])
def test_a_message_that_ended_long_ago_is_not_opened(
    message: Message, number: PhoneNumber, settings: Settings, hours: int, opens: bool
) -> None:
    settings.STATE_BOUND_HOURS = 24
    Message.objects.update(state="done", settled_at=clock.now() - timedelta(hours=hours))
    found = find(asked(message.reference), number.pk)
    assert (found.identity.message_id == message.pk) is opens


def test_of_the_starts_parameters_only_those_that_tell_who_calls_are_kept() -> None:
    given = {"From": "+919825112410", "tag5": "m-1", "language": "gu", "name": "Asha", "amount": "1250"}
    kept = telling_who(given | {"caller": "9" * 500}, reference_tag="tag5")
    assert kept == {"From": "+919825112410", "tag5": "m-1", "language": "gu", "caller": "9" * 64}
