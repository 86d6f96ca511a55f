"""Hold the order of locks: watch the statements of each transaction and say which came too late."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg.pq import TransactionStatus

from campaigns.locks import ORDER

_LOCKING = re.compile(r'^SELECT .*? FROM "(\w+)".* FOR (?:NO KEY )?UPDATE(.*)$', re.DOTALL)
#: A suppression that is inserted is waited for by whoever stores the same number.
_CHANGING = re.compile(r'^(?:UPDATE "?|INSERT INTO "(?=campaigns_suppression))(\w+)"?')


class Watch:
    """The locks of the transactions that were watched, and what was wrong with them."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.locks = 0
        self._last = -1
        self._held: set[str] = set()

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Look at a statement on its way to the database."""
        if connection.connection.info.transaction_status == TransactionStatus.IDLE:
            self._last, self._held = -1, set()
        if not connection.in_atomic_block:
            return execute(sql, params, many, context)
        if found := _LOCKING.match(sql):
            self._look(found[1], sql, waits="SKIP LOCKED" not in found[2])
        elif (found := _CHANGING.match(sql)) and found[1] in ORDER and found[1] not in self._held:
            self._look(found[1], sql, waits=True, single=True)
        return execute(sql, params, many, context)

    def _look(self, table: str, sql: str, *, waits: bool, single: bool = False) -> None:
        if table not in ORDER:
            return
        self.locks += 1
        place = ORDER.index(table)
        if waits and place < self._last and table not in self._held:
            self.wrong.append(f"{table} after {ORDER[self._last]}: {sql[:300]}")
        one_row = single or " LIMIT 21 " in sql  # Django's `get`
        if waits and not one_row and " ORDER BY " not in sql:
            self.wrong.append(f"{table} in no order: {sql[:300]}")
        self._last = max(place, self._last)
        self._held.add(table)


@contextmanager
def watched() -> Iterator[Watch]:
    """Yield the watch over this connection; at the end nothing may be wrong."""
    watch = Watch()
    with connection.execute_wrapper(watch):
        yield watch
    assert not watch.wrong, "\n".join(watch.wrong)
