"""Past calls of a published version: people who press, wait and hang up, stored by the real writer."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.conversation.outputs import Close, Ending, Entry, EntryKind, Summary
from calls.dialogues import publishing
from calls.events import rows
from calls.events.records import Closed, Identified, Logged, Record, Started
from calls.identification import Identity
from calls.models import Call, MediaProcess
from calls.simulated.cover import cover
from calls.simulated.kept_tests import KeptTest, hold
from calls.simulated.script import At, Do, Input, Person
from calls.simulated.simulated_call import Course, results
from campaigns import clock
from campaigns.models import Account, Campaign, Dialogue, PhoneNumber, Recipient, Template

_AT_ONCE = 250
_BEFORE_AGENT = (
    (EntryKind.CONNECTED, "The platform connected."),
    (EntryKind.START, "The stream has started."),
)


def published(name: str, document: DialogueConfiguration) -> Dialogue:
    """Make a dialogue and publish it as it is."""
    dialogue = publishing.create(name, document, by=None)
    publishing.publish(dialogue, by=None)
    return dialogue


def scripts(document: DialogueConfiguration, *, seed: int) -> Iterator[tuple[list[Input], bool]]:
    """Yield, without end, what people do: ways that pass every exit, each in its own time, some of them cut
    short; and whether a call-back would be made."""
    ways = [test for _, test in cover(document).tests]
    luck = random.Random(seed)
    while True:
        test = luck.choice([way for way in ways if way.person.callback])
        inputs = [_in_own_time(given, luck) for given in test.inputs]
        if luck.random() < 0.15:
            first = luck.choice(hold(document, test)[0].spoken).name
            moment = luck.randrange(100, 9000)
            inputs = [Input(do=Do.HANG_UP, at=At.DURING, prompt=first, after_ms=moment)]
        yield inputs, test.person.callback


def _in_own_time(given: Input, luck: random.Random) -> Input:
    """Return an input a little later; keys come into the prompt at times. Waits for keys are never just met:
    no moment is within 0.1 s of a whole second."""
    after_ms = luck.randrange(0, 5) * 1000 + luck.randrange(100, 900)
    return Input(do=given.do, keys=given.keys, speech_ms=given.speech_ms, after_ms=after_ms)


def store(dialogue: Dialogue, document: DialogueConfiguration, *, count: int, seed: int = 1) -> None:
    """Store so many calls of people of one campaign, each held by simulating."""
    campaign, people = _campaign(dialogue, document, count)
    process = MediaProcess.objects.create()
    made = scripts(document, seed=seed)
    for first in range(0, count, _AT_ONCE):
        chunk = people[first : first + _AT_ONCE]
        calls = Call.objects.bulk_create(
            Call(number=campaign.number, process=process, agent=dialogue.agent) for _ in chunk
        )
        records: list[Record] = []
        for call, person in zip(calls, chunk, strict=True):
            values = {name: str(value) for name, value in person.variables.items()}
            inputs, callback = next(made)
            who = Person(language=person.language, name=person.name, values=values, callback=callback)
            course, _ = hold(document, KeptTest(person=who, inputs=inputs))
            records += records_of(call, person, course)
        rows.write(records)


def _campaign(
    dialogue: Dialogue, document: DialogueConfiguration, count: int
) -> tuple[Campaign, list[Recipient]]:
    account = Account.objects.create(name="Replay", tenant="replay", email="replay@example.com", password="-")
    number = PhoneNumber.objects.create(account=account, e164="+911600110299", series="1600")
    template = Template.objects.create(account=account, name="Replay", remote_id="1")
    campaign = Campaign.objects.create(
        name="Replay",
        template=template,
        number=number,
        agent=dialogue.agent,
        category=Campaign.Category.COLLECTIONS,
        starts_at=clock.now(),
    )
    first, *_ = (test.person for _, test in cover(document).tests)
    languages = [*document.words]
    people = Recipient.objects.bulk_create(
        Recipient(
            campaign=campaign,
            phone=f"+9198{at:08d}",
            name=f"Person {at}",
            language=languages[at % len(languages)],
            variables=first.values,
        )
        for at in range(count)
    )
    return campaign, people


def records_of(call: Call, person: Recipient, course: Course) -> Iterator[Record]:
    """Yield what the media loop hands to the journal about a call of this course."""
    sid = f"MZ{call.pk.hex[:12]}"
    yield Started(call_id=call.pk, at=call.started_at, stream_sid=sid, call_sid=sid, reference="")
    identity = Identity(
        stream_sid=sid,
        call_sid=sid,
        language=person.language,
        inbound=False,
        agent_id=call.agent_id,
        campaign_id=person.campaign_id,
        recipient_id=person.pk,
    )
    before = [Entry(kind=kind, at_ms=0, text=text) for kind, text in _BEFORE_AGENT]
    identified, *rest = course.entries
    for sequence, entry in enumerate((*before, identified), 1):
        yield Logged(call_id=call.pk, at=call.started_at, sequence=sequence, entry=entry)
    yield Identified(call_id=call.pk, at=call.started_at, identity=identity)
    for sequence, entry in enumerate(rest, len(before) + 2):
        at = call.started_at + timedelta(milliseconds=entry.at_ms)
        yield Logged(call_id=call.pk, at=at, sequence=sequence, entry=entry)
    yield _closed(call, course, rest)


def _closed(call: Call, course: Course, entries: Sequence[Entry]) -> Closed:
    lasted_ms = entries[-1].at_ms
    code = 1000 if course.ended_by is Ending.AGENT else None
    summary = Summary(
        duration_ms=lasted_ms,
        frames_in=0,
        frames_out=0,
        heard_ms=sum(spoken.over.heard_ms for spoken in course.spoken),
        first_audio_ms=0,
        disposition="answered",
        outcome=str(results(course.entries)["outcome"]),
    )
    close = Close(code=code, ended_by=course.ended_by, reason=course.reason)
    at = call.started_at + timedelta(milliseconds=lasted_ms)
    return Closed(call_id=call.pk, at=at, close=close, summary=summary, lasted_ms=lasted_ms)
