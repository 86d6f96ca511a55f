"""`python -m bench.first_audio.furnish COUNT [--cold]`: people to call with their own words, and with a clip.

Two campaigns with so many people each, handed over: a dialogue that speaks each person's name and amount,
its words spoken ahead as the workers do (not with `--cold`), and a playback of one clip. Prints JSON: the
stream's path and the references of each. Run as a process, because settings are read once.
"""

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from django.core.files.base import ContentFile  # noqa: E402 - after the set-up

from bench.shared import migrated, sound  # noqa: E402
from calls.agents.dialogue.from_menu import converted  # noqa: E402
from calls.audio import wav  # noqa: E402
from calls.media.prewarm import Ahead  # noqa: E402
from campaigns import clock  # noqa: E402
from campaigns.models import (  # noqa: E402
    Account,
    Agent,
    Campaign,
    Content,
    Message,
    PhoneNumber,
    Recipient,
    Template,
    UploadBatch,
)
from campaigns.speech_ahead import Called  # noqa: E402

MOST_CALLS = 5000
TEXTS = {
    "opening": "Hello {name}. This is an automated call of Sahyog Gas.",
    "message": "Your bill of {amount} is due.",
    "question": "Press one if that suits you, or nine to be left alone.",
    "not_understood": "That key means nothing here.",
    "goodbye": "Goodbye.",
    "opt_out": "All right.",
}
WORDS = {
    "default_language": "en",
    "variables": {"amount": "amount"},
    "choices": {"1": {"outcome": "yes", "label": "Yes"}},
    "languages": {"en": {**TEXTS, "replies": {"1": "Thank you, {name}."}}},
}


def campaign(account: Account, agent: Agent, series: int, count: int) -> dict[str, object]:
    """Make a campaign with so many people whose messages are at XFin; return its path and references."""
    number = PhoneNumber.objects.create(
        account=account, e164=f"+91796134410{series}", max_calls=MOST_CALLS, record_calls=False
    )
    template = Template.objects.create(account=account, name=agent.name)
    made = Campaign.objects.create(name=agent.name, template=template, number=number, agent=agent)
    now = clock.now()
    batch = UploadBatch.objects.create(
        account=account, size=count, state="confirmed", claimed_until=now + timedelta(minutes=5)
    )
    people = Recipient.objects.bulk_create(
        Recipient(
            campaign=made,
            phone=f"+919{series}{index:08d}",
            name=f"Person {index}",
            language="en",
            variables={"amount": str(1000 + index)},
        )
        for index in range(count)
    )
    messages = Message.objects.bulk_create(
        Message(recipient=person, attempt=1, send_on=now, batch=batch, state="queued") for person in people
    )
    return {"path": number.stream_path, "references": [message.reference for message in messages]}


def speak_ahead(agent: Agent) -> None:
    """Have the words of all its people spoken; exit with a sentence if some are not."""
    people = [
        Called(message.pk, who.phone, who.name, who.language, who.variables)
        for message in Message.objects.filter(recipient__campaign__agent=agent).select_related("recipient")
        if (who := message.recipient)
    ]
    prepared = Ahead(agent.kind, agent.configuration).prepare(people, seconds=600)
    if len(prepared.ready) < len(people):
        sys.exit(f"Only {len(prepared.ready)} of {len(people)} were spoken ahead.")


def main() -> None:
    """Make tables and rows, have the words spoken as before a call, and print the addresses."""
    migrated.migrate()
    count = int(sys.argv[1])
    account = Account.objects.create(name="Bench", tenant="bench", email="bench@example.com", password="-")
    clip = ContentFile(wav.wrap(sound.prompt()), name="prompt.wav")
    Content.objects.create(account=account, name="prompt", file=clip)
    words = Agent.objects.create(name="Words", kind="dialogue", configuration=converted(WORDS))
    plays = Agent.objects.create(name="Plays", kind="playback", configuration={"clip": "prompt"})
    found = {"words": campaign(account, words, 1, count), "clip": campaign(account, plays, 2, count)}
    if "--cold" not in sys.argv:
        speak_ahead(words)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
