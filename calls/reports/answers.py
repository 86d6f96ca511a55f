"""What the people of a campaign answered: counted by question, and as a file of one row an answer."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum

from calls.models import Answer, CallTag
from campaigns import audit, phones
from campaigns.ist import IST
from campaigns.models import Campaign
from campaigns.portal.downloads import Download, as_csv
from campaigns.rules.results import AnswerKind

COLUMNS = (
    *("phone_number", "reference", "answered_on", "question", "kind", "value", "label"),
    *("step", "version", "heard_ms", "question_ms", "heard_whole", "tags"),
)
_NUMBERS = (AnswerKind.NUMBER, AnswerKind.RATING)
_NOT_COUNTED = (AnswerKind.TEXT, AnswerKind.RECORDING)
_MOST_VALUES = 12
"""Shown of one question; the others are one row."""
_MOST_MESSAGES = 20
"""Shown of one question; the others stand with their calls."""


@dataclass(frozen=True, slots=True)
class Given:
    """One thing that was answered, and in how many calls."""

    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The answers to one question. Of each call its last answer counts."""

    name: str
    kind: str
    calls: int
    given: Sequence[Given]
    """The most frequent first, ratings by their number; empty for texts, which may be personal, and for
    messages."""
    mean: Decimal | None
    """Of numbers and ratings, to one decimal."""
    heard: int | None
    """How much of the question was heard, in per cent of its length; None if it is not known."""
    whole: int
    """In how many calls it was heard to its end."""
    known: int
    """In how many calls it is known what was heard."""
    messages: Sequence[Answer] = ()
    """The latest that were spoken, with their people."""


def last_answers(campaign: Campaign) -> QuerySet[Answer]:
    """Return the last answer of each call of a campaign to each question."""
    later = Answer.objects.filter(call=OuterRef("call"), question=OuterRef("question"), pk__gt=OuterRef("pk"))
    return Answer.objects.filter(~Exists(later), call__campaign=campaign).order_by()


def by_question(campaign: Campaign) -> list[Question]:
    """Return the questions of a campaign, in the order in which they were first answered.

    Two queries, and one for each question that was answered by messages.
    """
    answers = last_answers(campaign)
    given: defaultdict[tuple[str, str], list[tuple[str, Given]]] = defaultdict(list)
    counted = answers.exclude(kind__in=_NOT_COUNTED).values_list("question", "kind", "value", "label")
    for question, kind, value, label, count in counted.annotate(count=Count("pk")):
        given[question, kind].append((value, Given(label or value, count)))
    figures = answers.values("question", "kind").annotate(
        first=Min("pk"),
        calls=Count("pk"),
        known=Count("pk", filter=Q(question_ms__gt=0)),
        whole=Count("pk", filter=Q(question_ms__gt=0, heard_whole=True)),
        heard_ms=Sum("heard_ms", filter=Q(question_ms__gt=0)),
        question_ms=Sum("question_ms"),
    )
    found = []
    for row in figures.order_by("first"):
        spoken = answers.filter(question=row["question"], kind=row["kind"]).select_related("recipient")
        is_spoken = row["kind"] == AnswerKind.RECORDING
        messages = list(spoken.order_by("-pk")[:_MOST_MESSAGES]) if is_spoken else []
        found.append(_question(row, given[row["question"], row["kind"]], messages))
    return found


def _question(
    row: Mapping[str, Any], values: Sequence[tuple[str, Given]], messages: Sequence[Answer]
) -> Question:
    is_rating = row["kind"] == AnswerKind.RATING
    ordered = sorted(values, key=lambda one: (is_rating or -one[1].count, one[0].zfill(20)))
    shown = [given for _, given in ordered[:_MOST_VALUES]]
    if rest := sum(given.count for _, given in ordered[_MOST_VALUES:]):
        shown.append(Given("Others", rest))
    return Question(
        name=row["question"],
        kind=row["kind"],
        calls=row["calls"],
        given=shown,
        mean=_mean(values) if row["kind"] in _NUMBERS else None,
        heard=round(100 * row["heard_ms"] / row["question_ms"]) if row["known"] else None,
        whole=row["whole"],
        known=row["known"],
        messages=messages,
    )


def _mean(values: Sequence[tuple[str, Given]]) -> Decimal | None:
    """Return the mean of the values that are numbers; None if none is."""
    total, count = Decimal(0), 0
    for value, given in values:
        try:
            total += Decimal(value) * given.count
        except InvalidOperation:
            continue
        count += given.count
    return (total / count).quantize(Decimal("0.1")) if count else None


def as_file(campaign: Campaign, *, whole_numbers: bool) -> Download:
    """Return all answers as CSV to be saved, and note in the audit log that they were handed out."""
    audit.handed_out(campaign, "answers as csv")
    return as_csv(table(campaign, whole_numbers=whole_numbers), stem=f"{campaign.name}-answers")


def table(campaign: Campaign, *, whole_numbers: bool) -> Iterator[Sequence[str]]:
    """Yield the headings, then a row an answer, oldest first; numbers are masked without `whole_numbers`.

    Times are IST. What was heard of a question is empty where it is not known.
    """
    yield COLUMNS
    answers = Answer.objects.filter(call__campaign=campaign).order_by("pk")
    columns = answers.annotate(phone=F("recipient__phone"), reference=F("call__message__reference"))
    tags: defaultdict[UUID, list[str]] = defaultdict(list)
    for call, tag in CallTag.objects.filter(call__campaign=campaign).values_list("call_id", "tag"):
        tags[call].append(tag)
    for row in columns.values(*_READ, "phone", "reference", "call_id").iterator(chunk_size=1000):
        phone = row["phone"] or ""
        yield (
            phone if whole_numbers or not phone else phones.mask(phone),
            row["reference"] or "",
            f"{row['at'].astimezone(IST):%Y-%m-%dT%H:%M:%S}",
            *(_written(row[name]) for name in _READ[1:]),
            ";".join(tags.get(row["call_id"], ())),
        )


_READ = ("at", *COLUMNS[3:-1])


def _written(cell: str | int | bool | None) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else str(cell)
