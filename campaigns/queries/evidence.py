"""Everything that is kept about one number, as one pack: why it was called, or not, and what became of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Model, QuerySet

from campaigns.ist import IST
from campaigns.models import (
    Callback,
    CallingBasis,
    Complaint,
    Draw,
    Evidence,
    Member,
    Message,
    Recipient,
    Suppression,
)
from campaigns.pseudonyms import pseudonym
from campaigns.rules import REVIEWED, VERSION

Row = dict[str, Any]
COLUMNS = ("section", "at_utc", "at_ist", "campaign", "reference", "verdict", "reason", "details")
_NO_DETAIL = frozenset({"campaign", "reference", "verdict", "reason", "at"})
#: A spreadsheet would take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def pack(phone: str, *, now: datetime) -> dict[str, Any]:
    """The pack of one number (E.164). Times are UTC with their zone; `at` is when it happened.

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
        "people": [_of_person(person) for person in people.values()],
        "evidence": _judgements(people),
        "messages": _messages(people),
        "callbacks": _plain(Callback.objects.filter(recipient__in=people).order_by("pk"), at="asked_at"),
        "suppressions": _plain(Suppression.objects.filter(phone__in=names).order_by("pk"), at="created_at"),
        "bases": _plain(CallingBasis.objects.filter(phone__in=names).order_by("pk"), at="given_at"),
        "complaints": _plain(Complaint.objects.filter(phone__in=names).order_by("pk"), at="received_at"),
        "standing_lists": [_of_member(member) for member in _members(phone)],
        "draws": _plain(Draw.objects.filter(phone__in=names).order_by("pk"), at="drawn_at"),
    }


def flat(made: Mapping[str, Any]) -> list[list[str]]:
    """A pack as rows under `COLUMNS`, in the order in which it happened."""
    sections = {name: rows for name, rows in made.items() if isinstance(rows, list)}
    rows = [(row["at"] or "", name, row) for name, part in sections.items() for row in part]
    return [_cells(name, row) for _, name, row in sorted(rows, key=lambda one: one[:2])]


def _of_person(person: Recipient) -> Row:
    return {
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


def _members(phone: str) -> QuerySet[Member]:
    found = Member.objects.filter(phone=phone).order_by("pk")
    return found.select_related("standing_list").prefetch_related("dates")


def _of_member(member: Member) -> Row:
    return {
        "at": _utc(member.created_at),
        "list": member.standing_list.name,
        "name": member.name,
        "language": member.language,
        "variables": member.variables,
        "joined_on": member.joined_on.isoformat(),
        "dates": {each.name: each.day.isoformat() for each in member.dates.all()},
    }


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
            "settled_at": _utc(row.settled_at),
        }
        for row in related
    ]


def _plain(rows: Iterable[Model], *, at: str) -> list[Row]:
    """Every column of rows, the number itself left out."""
    return [
        {
            "at": _utc(getattr(row, at)),
            **{
                field.attname: _written(value)
                for field in row._meta.concrete_fields
                if field.name != "phone"
                for value in (getattr(row, field.attname),)
            },
        }
        for row in rows
    ]


def _written(value: Any) -> Any:
    """Moments in UTC and days as ISO writes them; all else as it is."""
    if isinstance(value, datetime):
        return _utc(value)
    return value.isoformat() if isinstance(value, date) else value


def _utc(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant else None


def _cells(section: str, row: Row) -> list[str]:
    at = datetime.fromisoformat(row["at"]) if row["at"] else None
    details = {name: value for name, value in row.items() if name not in _NO_DETAIL}
    cells: Sequence[str] = (
        section,
        at.strftime("%Y-%m-%d %H:%M:%S") if at else "",
        at.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S") if at else "",
        *(str(row.get(name) or "") for name in ("campaign", "reference", "verdict", "reason")),
        json.dumps(details, ensure_ascii=False, default=str),
    )
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
