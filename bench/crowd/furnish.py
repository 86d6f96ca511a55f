"""`python -m bench.crowd.furnish COUNT`: a campaign with so many people, each handed over; prints JSON.

Run as a process, because settings are read once. Prints the stream's path and the references.
"""

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from bench.shared import migrated  # noqa: E402 - after the set-up
from calls.agents.dialogue.from_menu import converted  # noqa: E402
from calls.media import prompt_audio  # noqa: E402
from campaigns import clock  # noqa: E402
from campaigns.models import (  # noqa: E402
    Account,
    Agent,
    Campaign,
    Message,
    PhoneNumber,
    Recipient,
    Template,
    UploadBatch,
)

LANGUAGE = "en"
TEXTS = {
    "opening": "This is an automated call of Sahyog Gas.",
    "message": "Your cylinder is on its way.",
    "question": "Press one if that suits you, or nine to be left alone.",
    "not_understood": "That key means nothing here.",
    "goodbye": "Goodbye.",
    "opt_out": "All right.",
}
MENU = {
    "default_language": LANGUAGE,
    "choices": {"1": {"outcome": "yes", "label": "Yes"}},
    "languages": {LANGUAGE: {**TEXTS, "replies": {"1": "Thank you."}}},
}
MOST_CALLS = 5000


def main() -> None:
    """Make tables and rows, have the words spoken as before a call, and print the references."""
    migrated.migrate()
    count = int(sys.argv[1])
    account = Account.objects.create(name="Bench", tenant="bench", email="bench@example.com", password="-")
    agent = Agent.objects.create(name="Menu", kind=Agent.Kind.DIALOGUE, configuration=converted(MENU))
    number = PhoneNumber.objects.create(
        account=account, e164="+917961344101", inbound_agent=agent, max_calls=MOST_CALLS, record_calls=False
    )
    template = Template.objects.create(account=account, name="Bench")
    campaign = Campaign.objects.create(name="Bench", template=template, number=number, agent=agent)
    now = clock.now()
    batch = UploadBatch.objects.create(
        account=account, size=count, state="confirmed", claimed_until=now + timedelta(minutes=5)
    )
    people = [
        Recipient(campaign=campaign, phone=f"+9198{index:08d}", name=f"Person {index}", language=LANGUAGE)
        for index in range(count)
    ]
    saved = Recipient.objects.bulk_create(people)
    attempts = [
        Message(recipient=person, attempt=1, send_on=now, batch=batch, state="queued") for person in saved
    ]
    references = [message.reference for message in Message.objects.bulk_create(attempts)]
    for text in (*TEXTS.values(), "Thank you."):
        prompt_audio.speak(text, LANGUAGE)  # as the worker does a minute before the calls
    print(json.dumps({"path": number.stream_path, "references": references}))


if __name__ == "__main__":
    main()
