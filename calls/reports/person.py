"""Everything we hold about one phone number: found, counted, and handed out as one file."""

import json
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from calls.models import Call, CallEvent, Recording
from campaigns import audit
from campaigns.models import Erasure, LegalHold
from campaigns.portal.downloads import Blocks, Download
from campaigns.privacy.legal_holds import hold_on
from campaigns.pseudonyms import pseudonym
from campaigns.queries import evidence

_OF_ANSWERS = ("question", "value", "label", "kind", "step", "version", "heard_ms", "question_ms")
ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Found:
    """What there is about a number, and what stands against or for its erasure."""

    phone: str
    counts: dict[str, int]
    hold: LegalHold | None
    erasure: Erasure | None


def find(phone: str, *, now: datetime) -> Found:
    """Return how much there is of each kind about a number in E.164, and its legal hold and erasure."""
    made = evidence.pack(phone, now=now)
    counts = {name: len(rows) for name, rows in made.items() if isinstance(rows, list)}
    calls = _calls(phone)
    counts["calls"] = calls.count()
    counts["call_events"] = CallEvent.objects.filter(call__in=calls.values("pk")).count()
    counts["recordings"] = _recordings(phone).count()
    erasure = Erasure.objects.filter(pseudonym=pseudonym(phone)).order_by("-pk").first()
    return Found(phone, counts, hold_on(phone), erasure)


def as_file(phone: str, *, now: datetime) -> Download:
    """Return `packed` as a file to be saved, and note in the audit log that it was handed out."""
    audit.person_handed_out(phone)
    return Download(Blocks(packed(phone, now=now)), filename="person.zip", content_type=ZIP)


def packed(phone: str, *, now: datetime) -> IO[bytes]:
    """Return a ZIP of `person.json` (all rows, with the events of each call) and the recordings as WAV.

    It is made on disk and goes when it is closed. A recording whose file is missing is in `person.json` only.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    text = json.dumps(everything(phone, now=now), ensure_ascii=False, indent=1, default=str)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("person.json", text)
        for recording in _recordings(phone):
            name = recording.file.name or ""
            if default_storage.exists(name):
                with (
                    default_storage.open(name) as audio,
                    pack.open(f"recordings/{recording.call_id}.wav", "w") as entry,
                ):
                    shutil.copyfileobj(audio, entry)
    file.seek(0)
    return file


def everything(phone: str, *, now: datetime) -> dict[str, Any]:
    """Return all rows about a number, by section; JSON-ready but for dates."""
    return {**evidence.pack(phone, now=now), "calls": calls_of(phone, events=True)}


def calls_of(phone: str, *, events: bool = False) -> list[dict[str, Any]]:
    """Return how each call ended, what was answered in it and its recording's SHA-256, oldest call first.

    With `events` also its log.
    """
    related = _calls(phone).select_related("campaign", "message", "number", "recording")
    found = []
    for call in related.prefetch_related("answers", "tags").order_by("started_at"):
        row: dict[str, Any] = {
            "at": call.started_at.astimezone(UTC).isoformat(),
            "campaign": call.campaign.name if call.campaign else "",
            "reference": call.message.reference if call.message else "",
            "reason": call.reason,
            "caller_id": call.number.e164 if call.number else "",
            "direction": call.direction,
            "disposition": call.disposition,
            "outcome": call.outcome,
            "ended_by": call.ended_by,
            "duration_ms": call.duration_ms,
            "call_sid": call.call_sid,
            "answers": [
                {name: getattr(answer, name) for name in _OF_ANSWERS} for answer in call.answers.all()
            ],
            "tags": [tag.tag for tag in call.tags.all()],
            "recording_sha256": call.recording.sha256 if hasattr(call, "recording") else "",
        }
        if events:
            log = call.events.order_by("sequence")
            row["events"] = list(log.values("sequence", "at_ms", "kind", "text", "data"))
        found.append(row)
    return found


def _calls(phone: str) -> QuerySet[Call]:
    return Call.objects.filter(Q(recipient__phone__in=(phone, pseudonym(phone))) | Q(caller=phone))


def _recordings(phone: str) -> QuerySet[Recording]:
    return Recording.objects.filter(call__in=_calls(phone).values("pk")).exclude(file="").order_by("pk")
