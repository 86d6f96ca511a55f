"""Replays that staff ask for in the studio: kept, run at once or by a worker, and shown.

A worker that dies lets its claim run out, and another begins anew. Only counts and ids are kept; the
examples are replayed again when they are shown, so that nothing of an erased call is.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.dialogues import finding, past, replay
from calls.models import Replay
from calls.simulated import comparison
from campaigns.clock import Clock
from campaigns.models import Dialogue, User

AT_ONCE: Final = 300
"""Up to so many calls are replayed within the request: half a second, at about 680 a second of one core."""
CHOICES: Final = (300, 1000, 3000, 10_000)
CLAIM: Final = timedelta(minutes=1)

State = Replay.State


class ClaimLostError(Exception):
    """Another worker has taken the replay over."""


def ask(dialogue: Dialogue, most: int, *, by: User, clock: Clock) -> Replay:
    """Replay a dialogue's latest calls with its draft, at once if they are few, else by a worker.

    Return the row. One that is under way is left alone.
    """
    most = min(max(most, 1), CHOICES[-1])
    row, _ = Replay.objects.get_or_create(dialogue=dialogue, defaults={"most": most})
    asked = {"state": State.WAITING, "most": most, "asked_by": by, "asked_at": clock(), "done": 0, "found": 0}
    open_now = Q(state=State.RUNNING, claimed_until__gt=clock())
    Replay.objects.filter(pk=row.pk).exclude(open_now).update(**asked)
    if len(past.ids_of(dialogue, AT_ONCE + 1)) <= AT_ONCE or most <= AT_ONCE:
        run(row.pk, clock=clock)
    row.refresh_from_db()
    return row


def replays_to_run(now: datetime) -> list[int]:
    """Return the keys of replays that wait, or whose worker let its claim run out; the oldest first."""
    return list(_free(now).order_by("asked_at").values_list("pk", flat=True))


def _free(now: datetime) -> QuerySet[Replay]:
    return Replay.objects.filter(Q(state=State.WAITING) | Q(state=State.RUNNING, claimed_until__lte=now))


def run(replay_id: int, *, clock: Clock) -> bool:
    """Replay the calls of one row. Return False if another worker does, or has taken it over."""
    token, now, began = secrets.token_hex(8), clock(), time.monotonic()
    claim = {"state": State.RUNNING, "claim": token, "claimed_until": now + CLAIM, "done": 0}
    if not _free(now).filter(pk=replay_id).update(**claim):
        return False
    mine = Replay.objects.filter(pk=replay_id, claim=token, state=State.RUNNING)
    row = Replay.objects.select_related("dialogue__agent").get(pk=replay_id)

    def tell(done: int) -> None:
        if not mine.update(done=done, claimed_until=clock() + CLAIM):
            raise ClaimLostError

    try:
        document, ids = finding.document(row.dialogue), past.ids_of(row.dialogue, row.most)
        mine.update(found=len(ids))
        found = figures(replay.run(document, ids, on_progress=tell))
    except finding.NotFoundError as error:  # the draft got problems meanwhile
        found = {"refused": str(error)}
    except ClaimLostError:
        return False
    over = {"state": State.DONE, "made_at": clock(), "claimed_until": None, "revision": row.dialogue.revision}
    return bool(mine.update(figures=found, seconds=time.monotonic() - began, **over))


def figures(report: replay.Report) -> dict[str, Any]:
    """Return a report ready for JSON, without anything that names a person."""
    kinds = sorted(report.kinds.items(), key=lambda item: -item[1].count)
    return {
        **{name: getattr(report, name) for name in ("calls", "same", "differ", "unknown", "left_out")},
        "kinds": [
            {"kind": str(kind.value), "count": one.count, "call": str(one.call_id)} for kind, one in kinds
        ],
        "moved": [
            {"before": before, "after": after, "count": count}
            for (before, after), count in report.moved.most_common()
        ],
        "opt_outs": [str(call_id) for call_id in report.opt_outs],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The calls whose first difference is of one kind; `sentence` says it of the call `call_id`."""

    kind: str
    count: int
    call_id: UUID
    phone: str
    """Masked."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows of a dialogue's replay."""

    row: Replay
    examples: list[Example]
    outdated: bool
    """The draft was changed since."""

    @property
    def under_way(self) -> bool:
        """Return whether it waits or runs."""
        return self.row.state != State.DONE


def shown(dialogue: Dialogue, document: DialogueConfiguration) -> Shown | None:
    """Return what came of a dialogue's replay; None if there was none. Three queries.

    The examples are replayed with `document`; calls that were erased since have none.
    """
    row = Replay.objects.filter(dialogue=dialogue).first()
    if row is None:
        return None
    kinds = {UUID(one["call"]): one for one in row.figures.get("kinds", ())}
    examples = list[Example]()
    for call in past.read([*kinds]):
        found = comparison.replay(document, call.person, call.entries) if call.person else None
        if found:
            kind, count = kinds[call.call_id]["kind"], kinds[call.call_id]["count"]
            sentence = found.sentence
            examples.append(
                Example(kind=kind, count=count, call_id=call.call_id, phone=call.phone, sentence=sentence)
            )
    outdated = row.state == State.DONE and row.revision != dialogue.revision
    return Shown(row=row, examples=examples, outdated=outdated)
