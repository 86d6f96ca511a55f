"""`python -m bench.dialogues.rows make PORT DIALOGUE… | read`: the rows of the run, and what calls brought.

`make` makes agents, numbers, people, a calendar each that a dialogue names, and its services at PORT, and has
all words spoken; it prints by call the stream's path and the message's reference. `read` prints by call the
outcome and the answers. A process of its own, because settings are read once.
"""

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from bench.dialogues.people import Case, cases  # noqa: E402
from bench.dialogues.ready import document, named  # noqa: E402
from bench.dialogues.services import SECRET  # noqa: E402
from bench.shared import migrated  # noqa: E402 - after the set-up
from calls.media.prewarm import Ahead  # noqa: E402
from calls.models import Answer, Call  # noqa: E402
from campaigns import clock  # noqa: E402
from campaigns.ist import IST  # noqa: E402
from campaigns.models import (  # noqa: E402
    Account,
    Agent,
    AllowedHost,
    Appointment,
    Calendar,
    Campaign,
    Message,
    OutsideService,
    PhoneNumber,
    Recipient,
    Slot,
    Template,
    UploadBatch,
)
from campaigns.speech_ahead import Called  # noqa: E402

HOST = "127.0.0.1"
RETURNS = {"payments": {"paid": "text"}, "billing": {"due": "amount", "due_date": "date"}}
MOST_CALLS, PLACES, SLOTS = 500, 500, 12
SPEECH_S = 900.0


def calendar(name: str) -> None:
    """Make a calendar with room for all in each slot, so that what is offered does not depend on others."""
    made = Calendar.objects.create(name=name)
    first = clock.now().astimezone(IST).replace(hour=10, minute=0, second=0, microsecond=0)
    for number in range(1, SLOTS + 1):
        begins = first + timedelta(days=number)
        Slot.objects.create(calendar=made, place="Anand", begins=begins, capacity=PLACES)


def service(name: str, port: int) -> None:
    """Enter a service outside that answers on this machine."""
    url = f"http://{HOST}:{port}/{name}"
    returns = RETURNS.get(name, {})
    OutsideService.objects.create(name=name, url=url, secret=SECRET, returns=returns, timeout_seconds=10)


def book(person: Recipient) -> None:
    """Give a person an appointment in the last slot of every calendar that there is."""
    for each in Calendar.objects.all():
        last = each.slots.latest("begins")
        Appointment.objects.create(
            calendar=each, slot=last, phone=person.phone, recipient=person, reason="Booked before the call."
        )
        Slot.objects.filter(pk=last.pk).update(taken=last.taken + 1)


def called(case: Case, campaign: Campaign, batch: UploadBatch) -> Message:
    """Make a person whose message is at XFin; return the message."""
    person = Recipient.objects.create(
        campaign=campaign,
        phone=f"+919{Recipient.objects.count():09d}",
        name="Asha",
        language=case.language,
        variables=dict(case.values),
    )
    if case.booked:
        book(person)
    return Message.objects.create(
        recipient=person, attempt=1, send_on=clock.now(), batch=batch, state="queued"
    )


def dialogue(name: str, account: Account, batch: UploadBatch) -> dict[str, dict[str, str]]:
    """Make all rows of a dialogue and speak its words; return by call where to ring, and as whom."""
    agent = Agent.objects.create(name=name, kind="dialogue", configuration=document(name))
    number = PhoneNumber.objects.create(
        account=account,
        e164=f"+9179613441{PhoneNumber.objects.count():02d}",
        inbound_agent=agent,
        max_calls=MOST_CALLS,
        record_calls=False,
    )
    template = Template.objects.create(account=account, name=name)
    campaign = Campaign.objects.create(name=name, template=template, number=number, agent=agent)
    words, found, people = Ahead(agent.kind, agent.configuration), {}, list[Called]()
    for case in cases(name):
        found[case.name] = {"path": number.stream_path, "reference": ""}
        if not case.inbound:
            message = called(case, campaign, batch)
            found[case.name]["reference"] = message.reference
            who = message.recipient
            people.append(Called(message.pk, who.phone, who.name, who.language, who.variables))
    if words.prepare_common(seconds=SPEECH_S) or words.prepare(people, seconds=SPEECH_S).waits:
        sys.exit(f"The words of {name} could not be spoken.")
    return found


def make(port: int, names: list[str]) -> None:
    """Make tables and rows, and print where each call goes."""
    migrated.migrate()
    account = Account.objects.create(name="Bench", tenant="bench", email="bench@example.com", password="-")
    AllowedHost.objects.create(host=HOST, port=port, own_network=True)
    for each in named(names, "calendar"):
        calendar(each)
    for each in named(names, "service"):
        service(each, port)
    now = clock.now()
    batch = UploadBatch.objects.create(
        account=account, size=1, state="confirmed", claimed_until=now + timedelta(minutes=5)
    )
    found: dict[str, dict[str, str]] = {}
    for name in names:
        found |= dialogue(name, account, batch)
    print(json.dumps(found))


def numbered(value: str) -> str:
    """Return a slot's moment as its place in the order of time, such as “@1”; any other answer as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"@{Slot.objects.filter(begins__lte=moment).values('begins').distinct().count()}"


def read() -> None:
    """Print what came of each call, by its SID."""
    found: dict[str, dict[str, Any]] = {}
    for call in Call.objects.all():
        answers = Answer.objects.filter(call=call).order_by("at", "pk")
        said = {
            each.question: numbered(each.value) if "slot" in each.question else each.value for each in answers
        }
        found[call.call_sid] = {"outcome": call.outcome, "answers": said}
    print(json.dumps(found))


if __name__ == "__main__":
    read() if sys.argv[1] == "read" else make(int(sys.argv[2]), sys.argv[3:])
