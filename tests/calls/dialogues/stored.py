"""Past calls in the database, for tests."""

from uuid import UUID

from bench.replay.past_calls import records_of
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation.outputs import Entry, EntryKind
from calls.dialogues import publishing
from calls.events import rows
from calls.models import Call, CallEvent, MediaProcess
from calls.simulated.kept_tests import KeptTest, hold
from calls.simulated.script import Input, Person
from campaigns.models import Campaign, Dialogue, Recipient
from tests.campaigns.world import make_campaign


def reminding(document: DialogueConfiguration) -> Campaign:
    """A campaign whose agent is a published dialogue."""
    dialogue = publishing.create("Reminder", document, by=None)
    publishing.publish(dialogue, by=None)
    campaign = make_campaign()
    campaign.agent = dialogue.agent
    campaign.save()
    return campaign


def dialogue_of(campaign: Campaign) -> Dialogue:
    return Dialogue.objects.select_related("agent").get(agent=campaign.agent_id)


def called(campaign: Campaign, document: DialogueConfiguration, person: Person, *inputs: Input) -> UUID:
    """A call that is over, held by simulating and stored as real ones are."""
    number = Recipient.objects.count()
    recipient = Recipient.objects.create(
        campaign=campaign,
        phone=f"+91982511{number:04d}",
        name=person.name,
        language=person.language,
        variables=person.values,
    )
    call = Call.objects.create(
        number=campaign.number, process=MediaProcess.objects.create(), agent=campaign.agent
    )
    course, _ = hold(document, KeptTest(person=person, inputs=[*inputs]))
    rows.write([*records_of(call, recipient, course)])
    return call.pk


def log_of(call_id: UUID) -> list[Entry]:
    columns = CallEvent.objects.filter(call=call_id).values_list("kind", "at_ms", "text", "data")
    return [Entry.from_json(EntryKind(kind), *rest) for kind, *rest in columns]
