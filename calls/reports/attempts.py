"""What became of every attempt of a campaign, in the columns of the platform's own delivery report.

The columns are those of reference "The Awaaz platform", section 1 (vendor's report script), so programs
that read that report read this one. One row an attempt, read a chunk at a time: memory stays flat.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from django.db.models import Min, QuerySet

from calls.models import Answer, Call
from campaigns import audit, phones
from campaigns.ist import IST
from campaigns.models import Account, Campaign, Message
from campaigns.portal.downloads import Download, as_csv, as_workbook

TAGS = ("tag1", "tag2", "tag3", "tag4", "tag5")
COLUMNS = (
    *("phone_number", "name", "language", "requested_on", "sent_on"),
    *("delivery_status", "duration", "response_value"),
    *TAGS,
)
CHUNK = 1000


class _Attempt(NamedTuple):
    """What the report shows of a message; the names are those of the query."""

    pk: int
    recipient__phone: str
    recipient__name: str
    recipient__language: str
    send_on: datetime
    state: str
    disposition: str
    duration_seconds: int | None
    reference: str
    batch__reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which attempts: those set for the days from `since` to `until` (IST, both included), in one state."""

    since: date | None = None
    until: date | None = None
    state: str = ""


def as_file(
    campaign: Campaign,
    *,
    kind: str,
    whole_numbers: bool,
    since: date | None = None,
    until: date | None = None,
    state: str = "",
) -> Download:
    """Return the report as a file to be saved, and note in the audit log that it was handed out.

    `kind` is csv or xlsx; see `Choice` and `table` for the others.
    """
    rows = table(campaign, Choice(since=since, until=until, state=state), whole_numbers=whole_numbers)
    stem = f"{campaign.name}-report"
    audit.handed_out(campaign, f"report as {kind}")
    return as_workbook(rows, stem=stem, title="Report") if kind == "xlsx" else as_csv(rows, stem=stem)


def table(campaign: Campaign, choice: Choice, *, whole_numbers: bool) -> Iterator[Sequence[str]]:
    """Yield the headings, then a row an attempt; numbers are masked without `whole_numbers`."""
    account = campaign.template.account
    yield COLUMNS
    rows = map(
        _Attempt._make, attempts(campaign, choice).values_list(*_Attempt._fields).iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(rows, CHUNK)):
        # What our own calls know, in two queries: when they rang, and the last answer to each question.
        messages = [row.pk for row in chunk]
        calls = Call.objects.filter(message__in=messages).order_by().values_list("message")
        rang: dict[int, datetime] = dict(calls.annotate(first=Min("started_at")))
        said = Answer.objects.filter(call__message__in=messages).order_by("at", "pk")
        answers: defaultdict[int, dict[str, str]] = defaultdict(dict)
        for message, question, value in said.values_list("call__message", "question", "value"):
            answers[message][question] = value
        for row in chunk:
            yield _cells(row, rang, answers, account, whole_numbers=whole_numbers)


def attempts(campaign: Campaign, choice: Choice) -> QuerySet[Message]:
    """Return the attempts chosen, in the order in which they were planned."""
    found = Message.objects.filter(recipient__campaign=campaign).order_by("pk")
    if choice.since:
        found = found.filter(send_on__gte=_midnight(choice.since))
    if choice.until:
        found = found.filter(send_on__lt=_midnight(choice.until + timedelta(days=1)))
    return found.filter(state=choice.state) if choice.state else found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), IST)


def _cells(
    row: _Attempt,
    rang: Mapping[int, datetime],
    answers: Mapping[int, Mapping[str, str]],
    account: Account,
    *,
    whole_numbers: bool,
) -> Sequence[str]:
    # A person who did not answer has no call of ours: XFin rang at the time that was asked for.
    sent_on = rang.get(row.pk) or (row.send_on if row.disposition else None)
    seconds = row.duration_seconds
    length = "" if seconds is None else f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    tags = {account.reference_tag: row.reference, account.batch_tag: row.batch__reference or ""}
    return (
        row.recipient__phone if whole_numbers else phones.mask(row.recipient__phone),
        row.recipient__name,
        row.recipient__language,
        _written(row.send_on),
        _written(sent_on),
        row.disposition or row.state,
        length,
        ";".join(answers.get(row.pk, {}).values()),
        *(tags.get(tag, "") for tag in TAGS),
    )


def _written(moment: datetime | None) -> str:
    """Return a time as XFin writes it: IST without a zone."""
    return f"{moment.astimezone(IST):%Y-%m-%dT%H:%M:%S}" if moment else ""
