"""Looking into the database while servers write to it."""

import time

from asgiref.sync import sync_to_async

from calls.models import Call, CallEvent


def wait_for_closed(count: int, *, seconds: float = 10) -> list[Call]:
    """All calls, oldest first, once so many are closed."""
    until = time.monotonic() + seconds
    while Call.objects.filter(state=Call.State.ENDED).count() < count:
        assert time.monotonic() < until, list(Call.objects.values("state", "doing", "reason"))
        time.sleep(0.05)
    return list(Call.objects.order_by("started_at"))


def kinds_of(call: Call) -> list[str]:
    """The kinds of a call's events, in order; their numbers have no gap."""
    events = list(CallEvent.objects.filter(call=call).values_list("sequence", "kind"))
    assert [sequence for sequence, _ in events] == list(range(1, len(events) + 1))
    return [kind for _, kind in events]


closed_calls = sync_to_async(wait_for_closed)
kinds = sync_to_async(kinds_of)
