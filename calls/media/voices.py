"""Which voice speaks which language, as this process has it: a hosted one, Piper's, else espeak-ng."""

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from calls.media.refreshed import REFRESH_S, Refreshed
from calls.speech.kinds import ESPEAK, voice_of
from calls.speech.voice import Description
from campaigns.models import HostedVoice
from campaigns.models.voices import CODES
from campaigns.outside import registry
from campaigns.outside.errors import NoAnswer


class Chosen(NamedTuple):
    """The voice of a language."""

    description: Description
    identity: str
    """What its audio depends on beside text and language."""
    falls_back: bool = False
    """espeak-ng speaks what it can't."""

    def __repr__(self) -> str:
        """Return its identity: a description may hold a key."""
        return f"Chosen({self.identity})"


class Voices(Refreshed[Mapping[str, Chosen]]):
    """The voices that were read last, by language; espeak-ng for all others."""

    def __init__(self, refresh_s: float = REFRESH_S) -> None:
        super().__init__(lambda: read(), name="Voices", empty={}, refresh_s=refresh_s)

    def refresh(self) -> None:
        """Read them as `Refreshed` does; espeak-ng says its version here, not in the media loop."""
        espeak()
        super().refresh()

    def of(self, language: str) -> Chosen:
        """Return the voice of a language (`hi`, `hi-IN` …). No I/O once they are read."""
        base = language.lower().replace("_", "-").partition("-")[0]
        chosen = (self.rows or {}).get(base)
        return chosen or espeak()


def espeak() -> Chosen:
    """Return espeak-ng as the voice. The first time asks the program for its version."""
    return Chosen(ESPEAK, voice_of(ESPEAK).identity)


def read() -> dict[str, Chosen]:
    """Return the voices by language; the connection does not stay open. Raises Django's database errors."""
    found: dict[str, Chosen] = {}
    try:
        if settings.PIPER_MODEL:
            found["en"] = _chosen({"kind": "piper", "model": str(settings.PIPER_MODEL)}, falls_back=False)
        for row in HostedVoice.objects.filter(active=True).order_by("-pk"):
            refused, own_network = "", False
            try:
                own_network = registry.allowed(row.url)[1].own_network
            except NoAnswer as error:
                refused = f"The voice “{row.name}” cannot be asked. {error.reason}"
            for language, speaker in row.speakers.items():
                description = {
                    "kind": "hosted",
                    "name": row.name,
                    "provider": row.provider,
                    "url": row.url,
                    "key": row.key,
                    "model": row.model,
                    "speaker": speaker,
                    "code": CODES[row.provider].get(language, language),
                    "rate": row.sample_rate,
                    "seconds": row.timeout_seconds,
                    "own_network": own_network,
                    "plain_allowed": settings.OUTSIDE_HTTP_ON_THIS_MACHINE,
                    "ca_file": settings.OUTSIDE_CA_FILE,
                    "refused": refused,
                }
                found[language] = _chosen(description, falls_back=row.fall_back)
        return found
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _chosen(description: Description, *, falls_back: bool) -> Chosen:
    return Chosen(description, voice_of(description).identity, falls_back)
