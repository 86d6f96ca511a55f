"""`python -m bench.pause.scene`: thousands of calls under way, then a pause; prints what became of them.

A process of its own, because settings are read once; `bench.pause.run` makes its environment: an empty
database, a broker, a clock that is shifted to a lawful hour. Scheduler and workers are the launcher's.
Beside the account whose lists are slow stands one whose XFin takes connections and never answers.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

import httpx  # noqa: E402 (after the set-up)

from awaaz_project.launch.processes import Child, beat, carrier, guard, worker  # noqa: E402
from bench.pause.figures import Told, outcome  # noqa: E402
from bench.pause.slow_xfin import CALLED, OVER, STRAGGLER, wall  # noqa: E402
from bench.shared import migrated  # noqa: E402
from campaigns import clock  # noqa: E402
from campaigns.lifecycle import actions  # noqa: E402
from campaigns.models import Account, Campaign, Message, Recipient, Template, UploadBatch  # noqa: E402
from tests.campaigns.world import add_people, make_campaign  # noqa: E402

#: Calls wait at XFin for so long ahead, as far as uploads go.
SPREAD = timedelta(minutes=15)
#: How long the calls had been under way when the pause is pressed, and stragglers at most.
BEFORE_S, OLDEST = 8.0, timedelta(hours=12)
LONGEST_S = 240.0
DEAD_CALLS = 300


def main() -> None:
    """Set the scene, press pause, wait until all is withdrawn, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--stragglers", type=int, required=True)
    parser.add_argument("--over", type=int, required=True)
    parser.add_argument("--page-seconds", type=float, required=True)
    asked = parser.parse_args()
    migrated.migrate()
    with slow_xfin(asked.page_seconds) as xfin, silent_xfin() as silent:
        paused = furnish(asked.calls, asked.stragglers, asked.over, xfin)
        beside(silent)
        with at_work():
            time.sleep(BEFORE_S)
            told = pause(paused, xfin)
    sys.stdout.write(json.dumps(told._asdict()))


@contextmanager
def slow_xfin(page_seconds: float) -> Iterator[str]:
    """Yield the address of an XFin in a process of its own."""
    command = [sys.executable, "-m", "bench.pause.slow_xfin", str(clock.offset()), str(page_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


@contextmanager
def silent_xfin() -> Iterator[str]:
    """Yield the address of an XFin that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def at_work() -> Iterator[None]:
    """Run scheduler and workers while the block runs."""
    children: list[Child] = [worker({}), carrier({}), guard({}), beat({})]
    try:
        for child in children:
            child.start()
        yield
    finally:
        for child in children:
            child.kill()


def furnish(calls: int, stragglers: int, over: int, xfin: str) -> Campaign:
    """Make a campaign whose calls are at XFin, with stragglers among them, and what ended there before."""
    campaign = make_campaign()
    Account.objects.update(base_url=xfin, tenant="saraswati")
    now = clock.now()
    times = [now + SPREAD * number / calls for number in range(calls)]
    times += [now - OLDEST * (number + 1) / stragglers for number in range(stragglers)]
    under_way(campaign, times, first=1)
    kinds = [CALLED] * calls + [STRAGGLER] * stragglers
    rows = [[1 + number, wall(at), kind] for number, (at, kind) in enumerate(zip(times, kinds, strict=True))]
    rows += [[10_000_000 + number, wall(now - OLDEST * number / over), OVER] for number in range(1, over)]
    httpx.post(f"{xfin}/seed", json=rows, timeout=60).raise_for_status()
    return campaign


def under_way(campaign: Campaign, times: list[datetime], *, first: int) -> None:
    """Add people whose messages are at XFin, to be dialled at these times, under ids from `first` on."""
    people = add_people(campaign, len(times))
    Recipient.objects.filter(campaign=campaign).update(state=Recipient.State.UNDER_WAY, attempts=1)
    batch = UploadBatch.objects.create(
        account=campaign.template.account,
        size=len(times),
        state=UploadBatch.State.CONFIRMED,
        claimed_until=clock.now(),
    )
    Message.objects.bulk_create(
        Message(
            recipient=person,
            attempt=1,
            send_on=at,
            batch=batch,
            remote_id=str(first + number),
            state=Message.State.QUEUED,
        )
        for number, (person, at) in enumerate(zip(people, times, strict=True))
    )


def beside(silent: str) -> None:
    """Make an account whose XFin is silent, with calls to ask about, and others to withdraw."""
    ours = Campaign.objects.get()
    account = Account.objects.get()
    account.pk, account.name, account.base_url = None, "Silent", silent
    account.save()
    template = Template.objects.get()
    template.pk, template.account, template.name = None, account, "Silent"
    template.save()
    for name, state in (("Silent", Campaign.State.RUNNING), ("Silent and paused", Campaign.State.PAUSED)):
        ours.pk, ours.template, ours.name, ours.state = None, template, name, state
        ours.save()
        other = Campaign.objects.get(pk=ours.pk)
        now = clock.now()
        under_way(other, [now - timedelta(seconds=number) for number in range(DEAD_CALLS)], first=1)


def pause(campaign: Campaign, xfin: str) -> Told:
    """Press pause; wait until nothing is left to withdraw; return what the XFin saw."""
    before = clock.now()
    actions.pause(campaign, None)
    pressed = clock.now()
    began = time.monotonic()
    waiting = (Message.State.QUEUED, Message.State.WITHDRAWING)
    left = Message.objects.filter(recipient__campaign=campaign, state__in=waiting)
    while left.exists() and time.monotonic() - began < LONGEST_S:
        time.sleep(0.5)
    confirmed = time.monotonic() - began
    log = httpx.get(f"{xfin}/log", timeout=60).json()
    withdrawn = Message.objects.filter(recipient__campaign=campaign, state=Message.State.WITHDRAWN).count()
    press_s = (pressed - before).total_seconds()
    return outcome(log, withdrawn, pressed=wall(pressed), press_s=press_s, confirmed_s=confirmed)


if __name__ == "__main__":
    main()
