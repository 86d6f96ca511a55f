"""The one order in which rows are locked, in all rooms.

    calls_call, campaigns_import, campaigns_account, campaigns_campaign, campaigns_uploadbatch,
    campaigns_suppression, campaigns_message, campaigns_recipient, campaigns_callback, campaigns_quotacell,
    campaigns_calendar, campaigns_slot, campaigns_hold, campaigns_appointment

A transaction that locks rows of several tables locks them in this order, and rows of one table in the order
of their keys, all in one statement. Where the next stride would begin again at the front, it is a transaction
of its own. A suppression is locked by its INSERT: who stores the same number waits for it. Then no two can
wait for each other. `tests/campaigns/locking.py` holds it.

Locks are FOR NO KEY UPDATE: a row that refers to a locked one (evidence, a call, a message) can be inserted
meanwhile, and its inserter holds nothing that the locker waits for.
"""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

ORDER = (
    "calls_call",
    "campaigns_import",
    "campaigns_account",
    "campaigns_campaign",
    "campaigns_uploadbatch",
    "campaigns_suppression",
    "campaigns_message",
    "campaigns_recipient",
    "campaigns_callback",
    "campaigns_quotacell",
    "campaigns_calendar",
    "campaigns_slot",
    "campaigns_hold",
    "campaigns_appointment",
)


def locked(rows: QuerySet[M], *, skip: bool = False) -> QuerySet[M]:
    """Return rows that are locked as they are read, in the order of their keys.

    `skip`: leave out those that another transaction has locked, instead of waiting for it.
    """
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=skip)
