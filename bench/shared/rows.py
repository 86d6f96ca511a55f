"""The rows a call needs, made in a database of the bench's own; prints the calls' addresses as JSON.

Run as a process, because settings are read once: `DATA_DIR=… python -m bench.shared.rows`.
"""

import json
import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.files.base import ContentFile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()


from bench.shared import migrated, sound  # noqa: E402
from calls.agents import registry  # noqa: E402
from calls.agents.dialogue.from_menu import converted  # noqa: E402
from calls.audio import wav  # noqa: E402
from calls.media import prompt_audio  # noqa: E402
from campaigns.models import Account, Agent, Content, PhoneNumber  # noqa: E402

MOST_CALLS = 5000
CLIP = "Prompt"
WORDS = (
    "This is an automated call of the bench. It speaks for some seconds, so that a key pressed "
    "meanwhile always interrupts something, which is what is measured here."
)
LANGUAGE = "en"
SPEECH = "But what if I have already paid it? Wait, please listen."
SPEECH_FILE = "speech.pcm"
"""What callers say into the prompt; in the folder of the data."""
TEXTS = {
    "opening": WORDS,
    "question": WORDS,
    "not_understood": "That key means nothing here.",
    "goodbye": "Goodbye.",
    "opt_out": "All right.",
}
MENU: dict[str, Any] = {
    "default_language": LANGUAGE,
    "most_misses": 10,
    "choices": {"1": {"outcome": "yes", "label": "Yes"}},
    "languages": {LANGUAGE: {**TEXTS, "replies": {"1": "Thank you."}}},
}
LONG_MENU: dict[str, Any] = {
    **MENU,
    "languages": {
        LANGUAGE: {
            **TEXTS,
            "opening": "Hello.",
            "message": " ".join([WORDS] * 4),
            "replies": {"1": "Thank you."},
        }
    },
}
"""Full work plays a prompt that speech may interrupt: the playback agent does not listen, and an opening is
heard to its end."""
CONFIGURATIONS: dict[str, tuple[str, dict[str, object]]] = {
    "play": ("playback", {"clip": CLIP}),
    "echo": ("echo", {"piece_ms": 200}),
    "keys": ("dialogue", converted(MENU)),
    "speak": ("dialogue", converted(LONG_MENU)),
}
VAD = json.loads(os.environ.get("BENCH_VAD", '{"barge_in": {"speech": true, "key": true}}'))
"""What turns voice detection on in an agent's configuration. A build that does not know it has none."""


def has_vad(kind: str, configuration: dict[str, object]) -> bool:
    """Return whether this kind of agent can listen for speech."""
    return not registry.validate(kind, {**configuration, **VAD})


def address(account: Account, name: str, *, full: bool) -> tuple[str, bool]:
    """Make a number with an agent of its own; return its stream's path, and whether it listens for speech."""
    kind, configuration = CONFIGURATIONS[name]
    if full and name == "play" and has_vad(*CONFIGURATIONS["speak"]):
        kind, configuration = CONFIGURATIONS["speak"]
    vad = full and has_vad(kind, configuration)
    agent = Agent.objects.create(
        name=f"{name} {full}", kind=kind, configuration={**configuration, **(VAD if vad else {})}
    )
    number = PhoneNumber.objects.create(
        account=account,
        e164=f"+9180000000{PhoneNumber.objects.count():02d}",
        max_calls=MOST_CALLS,
        inbound_agent=agent,
        record_calls=full,
    )
    return number.stream_path, vad


def main() -> None:
    """Make tables and rows, and print the addresses."""
    migrated.migrate()
    account = Account.objects.create(name="Bench", tenant="bench", email="bench@example.com", password="-")
    clip = ContentFile(wav.wrap(sound.prompt()), name="prompt.wav")
    Content.objects.create(account=account, name=CLIP, file=clip)
    found: dict[str, dict[str, str]] = {"light": {}, "full": {}}
    long = LONG_MENU["languages"][LANGUAGE]
    for text in (*TEXTS.values(), long["opening"], long["message"]):
        prompt_audio.speak(text, LANGUAGE)  # so that every contender finds it in its cache
    spoken = sound.lower_voice(prompt_audio.speak(SPEECH, LANGUAGE))
    (Path(settings.DATA_DIR) / SPEECH_FILE).write_bytes(spoken)
    listening = []
    for name in CONFIGURATIONS:
        found["light"][name], _ = address(account, name, full=False)
        found["full"][name], vad = address(account, name, full=True)
        listening += [name] if vad else []
    print(json.dumps({**found, "vad": listening}))


if __name__ == "__main__":
    main()
