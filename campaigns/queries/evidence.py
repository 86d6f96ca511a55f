"""All that is kept about one number, as one pack: why it was called, or not, and what became of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Model

from campaigns.ist import IST
from campaigns.models import (
    Appointment,
    Callback,
    CallingBasis,
    ChosenLanguage,
    Complaint,
    Draw,
    Evidence,
    Member,
    Message,
    Recipient,
    StaffCallback,
    Suppression,
)
from campaigns.pseudonyms import pseudonym
from campaigns.rules import REVIEWED, VERSION

Row = dict[str, Any]
COLUMNS = ("section", "at_utc", "at_ist", "campaign", "reference", "verdict", "reason", "details")
_NO_DETAIL = frozenset({"campaign", "reference", "verdict", "reason", "at"})
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def pack(phone: str, *, now: datetime) -> dict[str, Any]:
    """Return the pack of one number (E.164) as JSON. Times are UTC with their zone; `at` is when it happened.

    What is kept under the number's pseudonym after an erasure or a purge is in it as well.
    """
    names = (phone, pseudonym(phone))
    found = Recipient.objects.filter(phone__in=names).select_related("campaign")
    people = {person.pk: person for person in found}
    return {
        "phone": phone,
        "made_at": now.astimezone(UTC).isoformat(),
        "rules_version": VERSION,
        "rules_reviewed": REVIEWED.isoformat(),
        "people": [
            {
                "at": _utc(person.created_at),
                "campaign": person.campaign.name,
                "category": person.campaign.category,
                "state": person.state,
                "reason": person.reason,
                "outcome": person.outcome,
                "attempts": person.attempts,
                "language": person.language,
                "name": person.name,
                "variables": person.variables,
                "note": person.note,
            }
            for person in people.values()
        ],
        "evidence": _judgements(people),
        "messages": _messages(people),
        "callbacks": _plain(Callback.objects.filter(recipient__in=people).order_by("pk"), at="asked_at"),
        "staff_callbacks": _plain(
            StaffCallback.objects.filter(phone__in=names).order_by("pk"), at="asked_at"
        ),
        "languages": _plain(ChosenLanguage.objects.filter(whose=pseudonym(phone)), at="chosen_at"),
        "appointments": _appointments(names),
        "suppressions": _plain(Suppression.objects.filter(phone__in=names).order_by("pk"), at="created_at"),
        "bases": _plain(CallingBasis.objects.filter(phone__in=names).order_by("pk"), at="given_at"),
        "complaints": _plain(Complaint.objects.filter(phone__in=names).order_by("pk"), at="received_at"),
        "standing_lists": _standing_lists(phone),
        "draws": _plain(Draw.objects.filter(phone__in=names).order_by("pk"), at="drawn_at"),
    }


def flat(made: Mapping[str, Any]) -> list[list[str]]:
    """Return a pack as rows under `COLUMNS`, in the order in which it happened."""
    sections = {name: rows for name, rows in made.items() if isinstance(rows, list)}
    rows = [(row["at"] or "", name, row) for name, part in sections.items() for row in part]
    lines = []
    for _, section, row in sorted(rows, key=lambda one: one[:2]):
        at = datetime.fromisoformat(row["at"]) if row["at"] else None
        details = {name: value for name, value in row.items() if name not in _NO_DETAIL}
        cells: Sequence[str] = (
            section,
            at.strftime("%Y-%m-%d %H:%M:%S") if at else "",
            at.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S") if at else "",
            *(str(row.get(name) or "") for name in ("campaign", "reference", "verdict", "reason")),
            json.dumps(details, ensure_ascii=False, default=str),
        )
        lines.append([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return lines


def _standing_lists(phone: str) -> list[Row]:
    members = Member.objects.filter(phone=phone).order_by("pk")
    return [
        {
            "at": _utc(member.created_at),
            "list": member.standing_list.name,
            "name": member.name,
            "language": member.language,
            "variables": member.variables,
            "joined_on": member.joined_on.isoformat(),
            "dates": {each.name: each.day.isoformat() for each in member.dates.all()},
        }
        for member in members.select_related("standing_list").prefetch_related("dates")
    ]


def _appointments(names: tuple[str, str]) -> list[Row]:
    rows = Appointment.objects.filter(phone__in=names).order_by("pk")
    return [
        {
            "at": _utc(row.at),
            "campaign": row.campaign.name if row.campaign else "",
            "reference": row.message_reference,
            "reason": row.reason,
            "calendar": row.calendar.name,
            "begins": _utc(row.begins),
            "place": row.slot.place if row.slot else "",
            "state": row.state,
            "name": row.name,
            "label": row.label,
        }
        for row in rows.select_related("calendar", "slot", "campaign")
    ]


def _judgements(people: Mapping[int, Recipient]) -> list[Row]:
    return [
        {
            "at": _utc(row.judged_at),
            "campaign": people[row.recipient_id].campaign.name,
            "reference": row.message_reference,
            "stage": row.stage,
            "verdict": row.verdict,
            "reason": " ".join(
                finding["reason"] for finding in row.findings if finding["verdict"] == row.verdict
            ),
            "planned_for": _utc(row.planned_for),
            "findings": row.findings,
            "facts": row.facts,
            "rules_version": row.rules_version,
        }
        for row in Evidence.objects.filter(recipient__in=people).order_by("judged_at", "pk")
    ]


def _messages(people: Mapping[int, Recipient]) -> list[Row]:
    related = Message.objects.filter(recipient__in=people).select_related("batch").order_by("send_on", "pk")
    return [
        {
            "at": _utc(row.send_on),
            "campaign": people[row.recipient_id].campaign.name,
            "reference": row.reference,
            "attempt": row.attempt,
            "state": row.state,
            "reason": row.reason,
            "disposition": row.disposition,
            "duration_seconds": row.duration_seconds,
            "remote_id": row.remote_id,
            "remote_state": row.remote_state,
            "batch": row.batch.reference if row.batch else "",
            "fetched": row.fetched,
            "settled_at": _utc(row.settled_at),
        }
        for row in related
    ]


def _plain(rows: Iterable[Model], *, at: str) -> list[Row]:
    """Return every column of rows but the number itself; moments in UTC and days in ISO form."""
    found = []
    for row in rows:
        values: Row = {"at": _utc(getattr(row, at))}
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if isinstance(value, datetime):
                value = _utc(value)
            elif isinstance(value, date):
                value = value.isoformat()
            if field.name != "phone":
                values[field.attname] = value
        found.append(values)
    return found


def _utc(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant else None
