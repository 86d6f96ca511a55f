"""One round of the virtual platform, in one transaction: load, run the exchange, store the outcome.

A process that is killed has either done a round or not begun it. Calls under way at the end of a round are
rows, and the next round predicts their end again: a restart loses none of them.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from sandbox import clock
from sandbox.line.leg import Ended
from sandbox.line.predicted_call import PredictedCall, predict
from sandbox.models import CallRecord, Message, Template, VirtualClock
from sandbox.people import people
from sandbox.platform.orders import fail_unroutable, numbers_of, stored_casting, trunks_at
from sandbox.platform.outcomes import Outcome, final, recover
from sandbox.simulation.exchange import Dial, Exchange, Queue, Waiting

ROWS_A_STATEMENT = 400
M = TypeVar("M", bound=Model)
NOT_OPENED = "The clock is virtual: no stream is opened, so this call cannot be made."
CHANGED_BY_A_CALL = (
    "state", "due_at", "attempts", "caller_number", "dialled_at", "reason_code", "reason", "duration_ms",
    "response_value", "finished_at",
)  # fmt: skip
CHANGED_LATER = ("state", "answered_at", "ended_at", "disposition", "reason", "duration_ms", "digits")


def begin(now: datetime) -> None:
    """End the calls that had real streams, when a database changes from the real to the virtual clock."""
    recover(now)
    ordered = CallRecord.objects.filter(state=CallRecord.State.ORDERED)
    ordered.update(
        state=CallRecord.State.ENDED, ended_at=now, disposition=Ended.PLATFORM_FAILED, reason=NOT_OPENED
    )


def work() -> bool:
    """Do what falls due up to the present moment. Returns False if more is due than fits one round."""
    with transaction.atomic():
        row = VirtualClock.objects.get()
        round_ = Round(row.reached)
        done = round_.exchange.run(None if row.jumps else clock.virtual_now(row))
        round_.store()
        row.reached = round_.exchange.now
        row.save(update_fields=["reached"])
    return done


class Round:
    """Load the rows of one round and the exchange that runs on them; `store` writes what came of it.

    Raises RuntimeError if a call is under way that belongs to no message.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._messages: dict[int, Message] = {}
        self._casting = stored_casting()
        open_calls = CallRecord.objects.filter(state__in=(CallRecord.State.RINGING, CallRecord.State.LIVE))
        records = open_calls.select_related("message__templatelanguage").order_by("id")
        self._records = {record.pk: record for record in records}
        self._people: dict[tuple[int, int], people.Person] = {}
        live = Counter(record.from_number for record in self._records.values())
        self._trunks = trunks_at(now, live)
        queues = {template.pk: self._queue(template) for template in Template.objects.order_by("id")}
        calls = []
        for record in self._records.values():
            message, attempt, began = record.message, record.attempt, record.ordered_at
            if message is None:
                raise RuntimeError(f"Call {record.pk} is under way for no message.")
            self._messages[message.pk] = message
            self._people[message.pk, attempt] = people.cast()[record.person]
            predicted = self._predict(message.pk, attempt, began)
            call = Dial(message.pk, record.from_number, attempt, began, predicted, record.pk)
            calls.append((call, queues[message.template_id], self._trunks.get(record.from_number)))
        self.exchange = Exchange(
            now,
            list(queues.values()),
            calls,
            window=settings.SANDBOX_WINDOW,
            room=settings.SANDBOX_MAX_CALLS,
            predict=self._predict,
        )

    def _queue(self, template: Template) -> Queue:
        most = settings.SANDBOX_ROUND_MESSAGES
        waiting = Message.objects.filter(template=template, due_at__isnull=False)
        first = waiting.select_related("templatelanguage").order_by("due_at", "id")[: most + 1]
        loaded = {message.pk: message for message in first}
        is_whole = len(loaded) <= most
        self._messages |= loaded
        entries = [Waiting(m.due_at, m.pk, m.attempts) for m in loaded.values() if m.due_at]
        trunks = [self._trunks[number] for number in numbers_of(template)]
        return Queue(trunks, template.redials(), entries, whole=is_whole)

    def _predict(self, key: int, attempt: int, when: datetime) -> PredictedCall:
        number = self._messages[key].phone_number
        person = self._people.setdefault((key, attempt), self._casting.choose(number, attempt))
        return predict(person, number, attempt, when)

    def store(self) -> None:
        """Write the calls and their messages; messages that no number may dial have failed."""
        exchange = self.exchange
        rows = [self._row(call) for call in exchange.calls]
        new, old = [row for row in rows if row.pk is None], [row for row in rows if row.pk is not None]
        CallRecord.objects.bulk_create(new, batch_size=ROWS_A_STATEMENT)
        _overwrite(old, CHANGED_LATER)
        changed: dict[int, Message] = {}
        for call in exchange.calls:
            message = changed[call.message] = self._messages[call.message]
            # Under way, waiting for its redial, or final.
            message.state, message.due_at = Message.State.IN_PROGRESS, call.redial
            message.attempts, message.caller_number, message.dialled_at = (
                call.attempt,
                call.number,
                call.began,
            )
            if call.over and call.redial is None:
                person, predicted = self._people[call.message, call.attempt], call.predicted
                outcome = Outcome(
                    predicted.how,
                    predicted.reason,
                    predicted.answered_at(call.began),
                    _milliseconds(predicted.talk),
                    {"digits": predicted.digits},
                )
                for name, value in final(person, outcome, call.ends_at).items():
                    setattr(message, name, value)
        _overwrite(list(changed.values()), CHANGED_BY_A_CALL)
        fail_unroutable(exchange.unroutable, exchange.now)

    def _row(self, call: Dial) -> CallRecord:
        """Return the call's row as it stands at the end of the round, not yet saved."""
        predicted = call.predicted
        if call.record:
            row = self._records[call.record]
        else:
            message = self._messages[call.message]
            row = CallRecord(
                message=message,
                from_number=call.number,
                to_number=message.phone_number,
                language=message.templatelanguage.language,
                attempt=call.attempt,
                person=self._people[call.message, call.attempt].name,
                custom_parameters=message.custom_parameters(),
                call_sid=f"CA{secrets.token_hex(16)}",
                stream_sid=f"MZ{secrets.token_hex(16)}",
                ordered_at=call.began,
            )
        row.answered_at = predicted.answered_at(call.began)
        if call.over:
            row.state, row.ended_at = CallRecord.State.ENDED, call.ends_at
            row.disposition, row.reason = predicted.how, predicted.reason
            row.duration_ms, row.digits = _milliseconds(predicted.talk), predicted.digits
        elif row.answered_at and row.answered_at <= self.exchange.now:
            row.state = CallRecord.State.LIVE
        else:
            row.state, row.answered_at = CallRecord.State.RINGING, None
        return row


def _overwrite(rows: Sequence[M], columns: Collection[str]) -> None:
    """Update rows in bulk. `bulk_update`, a CASE for each row and column, made rounds take 7 times as long.

    An upsert would bring back a row that was deleted meanwhile; there is no meanwhile, since the transaction
    of a round has the only write lock from its beginning.
    """
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows,
            batch_size=ROWS_A_STATEMENT,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=columns,
        )


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
