"""Hold work by the time of the database.

A worker's clock may leap, and a worker may be frozen for minutes between its claim and its request. So claims
begin and end by the database's clock alone, and just before anything is done outside the claim is renewed in
one conditional UPDATE, and where that finds the claim changed nothing is done.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from campaigns.models import Account


def from_now(seconds: float) -> CombinedExpression:
    """Return the moment so many seconds from now, by the database's clock, for an UPDATE or INSERT."""
    return Now() + Value(timedelta(seconds=seconds))


class AccountHold:
    """One worker's hold on an account for one purpose: a column with the moment until which it holds.

    The moment written last is what this hold is known by; another worker's is never renewed or released.
    """

    def __init__(self, account_id: int, column: str, *, seconds: float) -> None:
        self._account_id, self._column, self._seconds = account_id, column, seconds
        self._until: datetime | None = None

    def take(self) -> bool:
        """Take the account if it is free, or if its holder's time is over. Return whether it is ours."""
        free = Q(**{f"{self._column}__isnull": True}) | Q(**{f"{self._column}__lte": Now()})
        return self._hold(free)

    def renew(self) -> bool:
        """Hold the account for the full time again. Return False if the hold has ended: then do nothing."""
        if self._until is None:
            return False
        return self._hold(Q(**{self._column: self._until, f"{self._column}__gt": Now()}))

    def release(self) -> None:
        """Let the account go, if it is still ours."""
        if self._until is not None:
            mine = Account.objects.filter(pk=self._account_id, **{self._column: self._until})
            mine.update(**{self._column: None})
            self._until = None

    @transaction.atomic
    def _hold(self, condition: Q) -> bool:
        account = Account.objects.filter(pk=self._account_id)
        if not account.filter(condition).update(**{self._column: from_now(self._seconds)}):
            return False
        self._until = account.values_list(self._column, flat=True).get()
        return True
