"""`python -m bench.far_end.rows make|read`: the rows of the run, and what the server says was heard, as JSON.

A process of its own, because settings are read once.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from django.core.files.base import ContentFile  # noqa: E402 - after the set-up

from bench.far_end.caller import CLIP_MS, clip  # noqa: E402
from bench.shared import migrated  # noqa: E402
from calls.agents.dialogue.from_menu import converted  # noqa: E402
from calls.audio import wav  # noqa: E402
from calls.media import prompt_audio  # noqa: E402
from calls.models import CallEvent  # noqa: E402
from campaigns.models import Account, Agent, Content, PhoneNumber  # noqa: E402

CLIP, LANGUAGE, MOST_CALLS = "Prompt", "en", 500
QUESTION = " ".join(["This is a long question, of which a key cuts the rest."] * 4)
TEXTS = {
    "opening": "Good day.",
    "question": QUESTION,
    "not_understood": "Again, please.",
    "goodbye": "Goodbye.",
    "opt_out": "All right.",
    "replies": {"1": "Thank you very much, and goodbye."},
}
MENU = {
    "default_language": LANGUAGE,
    "choices": {"1": {"outcome": "yes", "label": "Yes"}},
    "languages": {LANGUAGE: TEXTS},
}


def make() -> None:
    """Make two numbers, one that plays a clip and one with a menu; print their paths by name."""
    migrated.migrate()
    account = Account.objects.create(name="Far end", tenant="far", email="a@b.in", password="-")
    file = ContentFile(wav.wrap(clip(CLIP_MS)), name="prompt.wav")
    Content.objects.create(account=account, name=CLIP, file=file)
    for text in (TEXTS["opening"], QUESTION, "Thank you very much, and goodbye."):
        prompt_audio.speak(str(text), LANGUAGE)
    kinds = {"clip": ("playback", {"clip": CLIP}), "menu": ("dialogue", converted(MENU))}
    paths = {}
    for index, (name, (kind, configuration)) in enumerate(kinds.items()):
        agent = Agent.objects.create(name=name, kind=kind, configuration=configuration)
        number = PhoneNumber.objects.create(
            account=account, e164=f"+91796134410{index}", inbound_agent=agent, max_calls=MOST_CALLS
        )
        paths[name] = number.stream_path
    print(json.dumps(paths))


def read() -> None:
    """Print by call_sid, prompt after prompt: how many ms were heard of how many."""
    heard: dict[str, list[tuple[int, int]]] = {}
    for event in CallEvent.objects.filter(kind="heard").select_related("call").order_by("sequence"):
        heard.setdefault(event.call.call_sid, []).append((event.data["heard_ms"], event.data["total_ms"]))
    print(json.dumps(heard))


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]]()
