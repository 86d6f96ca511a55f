"""The children of `bench.campaigns` that plan, look before a launch, and ask for states: one stage each.

`STAGE SIZE FOLDER`: of a campaign with `SIZE` people. Planning and states cost what the calls of the day
cost and not what the list is long, so a stride of people is timed among all others, who were called before.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench.campaigns.world import (
    MILLION,
    NOON,
    add_messages,
    add_people,
    cores,
    empty_database,
    like_a_worker,
    peak_mb,
    running,
)
from bench.shared.servers import Server, uvicorn
from campaigns.delivery import poll_states
from campaigns.models import Account, Campaign, Evidence, Message, Preflight, Recipient, UploadBatch
from campaigns.planning import plan, preflight
from campaigns.xfin.states import Disposition

MOST_TIMED = 5_000
"""People planned, and messages settled, in one run."""
YESTERDAY = NOON - timedelta(days=1)


def timed_planning(campaign: Campaign, size: int) -> tuple[int, float]:
    """Plan the last of the list; all people before them were called yesterday. Returns people, seconds."""
    count = min(size // 2, MOST_TIMED)
    _called_yesterday(campaign, size - count)
    began = time.perf_counter()
    planned, minute = 0, 0
    while now_planned := plan.plan(campaign.pk, now=NOON + timedelta(minutes=minute)):
        planned, minute = planned + now_planned, minute + 1
    seconds = time.perf_counter() - began
    assert planned == count, (planned, count)
    assert Evidence.objects.filter(verdict="OK").count() == count
    return count, seconds


def timed_preflight(campaign: Campaign, size: int) -> tuple[int, float]:
    """Check all people. Returns people, seconds."""
    row = Preflight.objects.create(campaign=campaign, changed_at=NOON)
    began = time.perf_counter()
    assert preflight.run(row.pk, clock=lambda: NOON)
    seconds = time.perf_counter() - began
    row.refresh_from_db()
    assert row.figures["can"] == size, row.figures
    return size, seconds


def timed_states(campaign: Campaign, size: int) -> tuple[int, float]:
    """Settle the first of the list, which have ended at XFin; all others were called yesterday."""
    count = min(size // 2, MOST_TIMED)
    _called_yesterday(campaign, size - count, last=True)
    batch = UploadBatch.objects.create(
        account=campaign.template.account, size=count, state=UploadBatch.State.CONFIRMED, claimed_until=NOON
    )
    at_xfin = Message(attempt=1, send_on=NOON, state=Message.State.QUEUED, batch=batch)
    add_messages(at_xfin, f"r.state = '{Recipient.State.WAITING}'")
    Recipient.objects.filter(state=Recipient.State.WAITING).update(
        state=Recipient.State.UNDER_WAY, attempts=1
    )
    later = NOON + timedelta(minutes=10)
    began = time.perf_counter()
    ended = poll_states.pull_states(campaign.template.account_id, clock=lambda: later)
    seconds = time.perf_counter() - began
    answered = Message.objects.filter(state=Message.State.DONE, send_on=NOON, duration_seconds=31)
    assert ended == count == answered.count(), (Account.objects.get().reason, ended, count)
    return count, seconds


def _called_yesterday(campaign: Campaign, count: int, *, last: bool = False) -> None:
    """Store that so many people of the list, its first or its last, were called and answered."""
    people = campaign.recipients.order_by("-pk" if last else "pk")
    end = people.values_list("pk", flat=True)[count - 1]
    done = {"pk__gte": end} if last else {"pk__lte": end}
    Recipient.objects.filter(**done).update(
        state=Recipient.State.COMPLETED, attempts=1, disposition=Disposition.ANSWERED, reason="Answered."
    )
    batch = UploadBatch.objects.create(
        account=campaign.template.account,
        size=count,
        state=UploadBatch.State.CONFIRMED,
        claimed_until=YESTERDAY,
    )
    ended = Message(
        attempt=1,
        send_on=YESTERDAY,
        state=Message.State.DONE,
        batch=batch,
        disposition=Disposition.ANSWERED,
        duration_seconds=31,
        settled_at=YESTERDAY,
    )
    add_messages(ended, f"r.state = '{Recipient.State.COMPLETED}'")


STAGES: dict[str, Callable[[Campaign, int], tuple[int, float]]] = {
    "planning": timed_planning,
    "preflight": timed_preflight,
    "states": timed_states,
}


def main(stage: str, size: int, folder: Path) -> None:
    """Print the figures as JSON."""
    listed = {"BENCH_MESSAGES": str(min(size // 2, MOST_TIMED))}
    core = (cores() or [0])[0]
    server = Server(uvicorn("bench.campaigns.fake_xfin:application"), listed, log=folder / "log", core=core)
    try:
        address = f"http://127.0.0.1:{server.wait_for_port()}"
        with empty_database():
            campaign = running(address)
            like_a_worker()
            add_people(campaign, size)
            rows, seconds = STAGES[stage](campaign, size)
            print(json.dumps({"us_per_row": round(seconds / rows * MILLION, 1), "peak_mb": peak_mb()}))
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
