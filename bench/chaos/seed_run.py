"""One seed of `bench.chaos`, in a process and a folder of its own; prints what was found as JSON.

The environment is made by `bench.chaos`: an empty migrated database, the clock's file, a broker.
"""

import argparse
import json
import os
import random
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from django.conf import settings  # noqa: E402 (after the set-up)
from django.db import connections  # noqa: E402
from django.db.models import Min, Q  # noqa: E402

from awaaz_project.management.commands import load_demo  # noqa: E402
from bench.chaos.checks import Books, Dial, Findings, Mine, Promise, Remote, Sheet, judge  # noqa: E402
from bench.chaos.plan import CAST, CLOSES, INDIA, OPENS, SLOW_LINES, Plan, Trouble, draw  # noqa: E402
from bench.chaos.processes import Broker, Clock, Database, SlowXFin, Web, Workers  # noqa: E402
from bench.chaos.program import periodic_tasks, token_of  # noqa: E402
from bench.chaos.staff import PeopleFile, Staff, write_lists  # noqa: E402
from bench.virtual.sandbox_process import Sandbox  # noqa: E402
from campaigns.compliance.suppressions import SuppressionRequest, suppress_all  # noqa: E402
from campaigns.delivery import reconcile  # noqa: E402
from campaigns.delivery.circuit_breaker import credentials_changed  # noqa: E402
from campaigns.models import (  # noqa: E402
    Account,
    Campaign,
    Import,
    Message,
    PhoneNumber,
    Recipient,
    Suppression,
    Template,
    TemplateLanguage,
    UploadBatch,
    User,
)

TASKS = periodic_tasks()
PASSWORD = "not-a-real-one"
MOST_TICKS = 500
#: Shares of the nudges that are never sent, and of the ticks that shift the clock while tasks are at work.
LOST_NUDGES, SHIFTED_TICKS = 0.15, 0.3
#: A shift under work is no longer than a slow request may take; a longer one waits for all tasks to end.
SHIFT = timedelta(seconds=20)
PATIENCE_S, STUCK_S = 15.0, 1.2
LOOK_S = 0.004
#: How far the clock goes on between two ticks while something is to be done, in seconds; and while it is not
#: known what XFin has, which is found out by the database's clock, that stands almost still beside it.
STEP_S, UNCERTAIN_STEP_S = (30, 300), (10, 100)
#: Our own clock is wrong by so much, for so long.
LEAP_MINUTES, LEAP_S = (8, 20), 0.25
#: A frozen worker stays so longer than its claim (`run.SCALED`) and both look-ups of its messages.
FROZEN_S = 4.0
UNCERTAIN = (Message.State.SENDING, Message.State.UNCONFIRMED)
MOMENT = timedelta(seconds=0.3)
SANDBOX = {"SANDBOX_WINDOW": "", "SANDBOX_POLL_SECONDS": "0.15", "SANDBOX_PAGE_SIZE": "100"}

REMOTES = "SELECT id, reference, tag5, phone_number, state, reason_code FROM sandbox_message"
DIALS = "SELECT message_id, to_number, ordered_at, ended_at FROM sandbox_callrecord"


def furnish(plan: Plan, sandbox: Sandbox, suppressed: Sequence[str]) -> Campaign:
    """An organisation with a draft campaign on both sides, and people who must not be called."""
    sandbox.post("/sandbox/tenants", _tenant())
    account = load_demo.make_account(str(sandbox.http.base_url).rstrip("/"), PASSWORD)
    account.chunk_size = plan.chunk_size
    account.save()
    number = load_demo.make_number(account)
    PhoneNumber.objects.filter(pk=number.pk).update(max_calls=plan.lines)
    line = {
        "phone_number": number.e164,
        "stream_url": "ws://127.0.0.1:1/",
        "concurrency": SLOW_LINES if plan.slow_dialling else plan.lines,
    }
    sandbox.post("/sandbox/numbers", {"tenant": load_demo.TENANT, **line})
    sandbox.post("/sandbox/people", {"seed": str(plan.seed), "weights": CAST})
    for fault in plan.faults:
        sandbox.post("/sandbox/faults", fault.wire(plan.seed))
    campaign = _campaign(plan, number)
    load_demo.register(account, number, campaign)
    suppress_all(
        suppressed, SuppressionRequest(source=Suppression.Source.STAFF, reason="Asked not to be called.")
    )
    return campaign


def add_silent_account() -> socket.socket:
    """Add an account with a template to be brought to an XFin that never answers; return its open port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    add_account("Silent", f"http://127.0.0.1:{listener.getsockname()[1]}")
    return listener


def add_account(name: str, address: str) -> None:
    """Add another account with a template to be brought to its XFin."""
    account = Account.objects.create(
        name=name, base_url=address, tenant=name.lower(), email=load_demo.EMAIL, password=PASSWORD
    )
    Template.objects.create(account=account, name="Arrives late or never")


def _tenant() -> dict[str, str]:
    return {"tenant": load_demo.TENANT, "email": load_demo.EMAIL, "password": PASSWORD}


def _campaign(plan: Plan, number: PhoneNumber) -> Campaign:
    template = Template.objects.create(account=number.account, name="Reminder")
    template.numbers.add(number)
    for language in ("hi", "gu", "en"):
        TemplateLanguage.objects.create(template=template, language=language, syntax="_W_")
    return Campaign.objects.create(
        name="Chaos",
        template=template,
        number=number,
        agent=load_demo.make_agents(),
        category=Campaign.Category.COLLECTIONS,
        calls_per_minute=plan.calls_a_minute,
        max_attempts=plan.attempts,
        retry_gaps=[plan.gap_minutes],
    )


class Run:
    """A campaign from the upload of its lists to its end, with everything that happens on the way."""

    def __init__(self, plan: Plan, folder: Path, *, spoil: Callable[[Path], None] | None = None) -> None:
        self.plan, self.folder, self._spoil = plan, folder, spoil
        self.dice = random.Random(f"run {plan.seed}")
        self.faults: Counter[str] = Counter()
        self.sandbox = Sandbox(folder / "sandbox", round_messages=2000, settings=SANDBOX)
        self.clock = Clock(Path(settings.CLOCK_FILE), self._turn_sandbox)
        self.database, self.broker = Database(), Broker()
        self.workers, self.web = Workers(plan.workers, folder / "log"), Web(folder / "log")
        self.now = plan.begins
        self.ticks = 0
        self._frozen_since: dict[int, float] = {}
        self._silent: socket.socket | None = None
        self._slow: SlowXFin | None = None

    def _turn_sandbox(self, to: str) -> None:
        self.sandbox.post("/sandbox/clock", {"rate": 1, "now": to})

    def go(self) -> Books:
        """Run the campaign to its end."""
        phones, files = write_lists(self.plan)
        self.suppressed = frozenset(phones[:: max(2, len(phones) // 5)][1:])
        self.phones = frozenset(phones) - self.suppressed
        try:
            self.sandbox.start()
            self.clock.set(self.now)
            campaign = furnish(self.plan, self.sandbox, sorted(self.suppressed))
            self.faults["slow_dialling"] += self.plan.slow_dialling
            if self.plan.silent_account:
                self._silent = add_silent_account()
                self.faults["silent_account"] += 1
            if self.plan.slow_account:
                self._slow = SlowXFin()
                add_account("Slow", self._slow.address)
                self.faults["slow_account"] += 1
            staff = self._staff(campaign, files)
            self.web.start()
            self.workers.start()
            self._live(staff, campaign)
            self._thaw_all()
            self.faults["api_faults"] = sum(row["fired"] for row in self.sandbox.get("/sandbox/faults"))
        finally:
            self.workers.stop()
            self.web.stop()
            if self._silent:
                self._silent.close()
            if self._slow:
                self._slow.stop()
            self.sandbox.kill()
            self.broker.flush()
        self.stops = staff.stops
        if self._spoil:
            self._spoil(self.sandbox.database)
        return books(self.sandbox.database, campaign.pk, {file.name: file.rows for file in files})

    def _staff(self, campaign: Campaign, files: Sequence[PeopleFile]) -> Staff:
        user = User.objects.create_superuser("chaos", "chaos@example.org", None)
        token = token_of(user)
        return Staff(self.plan, self.web.port, token, campaign.pk, list(files))

    def _live(self, staff: Staff, campaign: Campaign) -> None:
        """Go on tick after tick until the campaign is over."""
        while self.ticks < MOST_TICKS:
            self._tick(staff)
            _answer_refusals()
            _say_what_never_arrived(self.sandbox.database)
            campaign.refresh_from_db(fields=["state"])
            if campaign.state == Campaign.State.COMPLETED and not staff.files:
                return
            ahead = next_event(campaign, self._shown())
            connections.close_all()
            self._go_on(ahead)

    def _tick(self, staff: Staff) -> None:
        troubles = self.plan.troubles.get(self.ticks, ())
        staff.act(self.ticks, meanwhile=self._lose_web if Trouble.WEB in troubles else bool)
        self._nudge()
        for trouble in troubles:
            time.sleep(self.dice.uniform(0, 0.12))
            self._make(trouble)
        self._thaw()
        if self.dice.random() < SHIFTED_TICKS and not self.workers.idle():
            self.clock.set(self._shown() + SHIFT * self.dice.uniform(0.25, 1))
            self.faults["clock_shifted_under_work"] += 1
        self._settle()
        self.ticks += 1

    def _nudge(self) -> None:
        sent = [task for task in TASKS if self.dice.random() > LOST_NUDGES]
        self.dice.shuffle(sent)
        self.broker.send(sent)

    def _lose_web(self) -> None:
        time.sleep(self.dice.uniform(0, 0.08))
        self.faults[Trouble.WEB] += self.web.restart()

    def _make(self, trouble: Trouble) -> None:
        if trouble == Trouble.WORKER:
            lived, busy = self.workers.kill(self.dice.randrange(self.plan.workers))
            self.faults[Trouble.WORKER] += lived
            self.faults["worker_killed_at_work"] += busy
        elif trouble == Trouble.DATABASE:
            self.database.restart()
            self.faults[Trouble.DATABASE] += 1
        elif trouble == Trouble.BROKER:
            self.broker.flush()
            self.faults[Trouble.BROKER] += 1
        elif trouble == Trouble.FROZEN:
            self.workers.freeze(self.dice.randrange(self.plan.workers))
        elif trouble == Trouble.LEAP:
            self.clock.leap(timedelta(minutes=self.dice.uniform(*LEAP_MINUTES)), seconds=LEAP_S)
            self.faults[Trouble.LEAP] += 1

    def _thaw(self) -> None:
        """Let workers go on that were frozen for long enough."""
        now, frozen = time.monotonic(), self.workers.frozen()
        since = {place: self._frozen_since.get(place, now) for place in frozen}
        for place in [place for place, at in since.items() if now - at >= FROZEN_S]:
            self.workers.thaw(place)
            self.faults[Trouble.FROZEN] += 1
            del since[place]
        self._frozen_since = since

    def _thaw_all(self) -> None:
        """Wait until every worker that is still frozen goes on, and has done what it then does."""
        self._thaw()
        while self._frozen_since:
            time.sleep(LOOK_S)
            self._thaw()
        self._settle()
        self._catch_up(self._shown())

    def _settle(self) -> None:
        """Wait until no worker has a task. One that waits for a dead worker needs a shift of the clock."""
        began, quiet = time.monotonic(), 0
        stuck = began + STUCK_S
        while quiet < 3 and time.monotonic() < began + PATIENCE_S:
            quiet = quiet + 1 if self.workers.idle() and not self.broker.waiting() else 0
            if time.monotonic() > stuck:
                self.clock.set(self._shown() + SHIFT)
                stuck += STUCK_S
            time.sleep(LOOK_S)

    def _shown(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(Path(settings.CLOCK_FILE).read_text()))

    def _go_on(self, ahead: timedelta) -> None:
        """Go on to the next event, over every midnight on the way with the tasks at work."""
        uncertain = Message.objects.filter(state__in=UNCERTAIN).exists()
        connections.close_all()
        small = timedelta(seconds=self.dice.uniform(*(UNCERTAIN_STEP_S if uncertain else STEP_S)))
        target = self._shown() + max(small, ahead)
        while (midnight := _next_midnight(self._shown())) <= target:
            self.clock.set(midnight - MOMENT)
            self._nudge()
            time.sleep(MOMENT.total_seconds() * 1.2)
            self._settle()
            self.faults["midnight"] += 1
            self.faults["month_end"] += midnight.day == 1
        if target > self._shown():
            self.clock.set(target)
        self._catch_up(target)

    def _catch_up(self, to: datetime) -> None:
        """Wait until the sandbox has done what was due by then."""
        wall, until = to.astimezone(INDIA).replace(tzinfo=None, microsecond=0), time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if datetime.fromisoformat(self.sandbox.get("/sandbox/clock")["reached"]) >= wall:
                return
            time.sleep(0.01)


def _say_what_never_arrived(sandbox: Path) -> None:
    """Settle unclear batches of which XFin has no message, as staff do who look there.

    An account of which XFin has shown no message yet has lists that nothing proves.
    """
    with closing(sqlite3.connect(f"file:{sandbox}?mode=ro", uri=True)) as line:
        there = {
            (reference or tag or "").lower()
            for reference, tag in line.execute("SELECT reference, tag5 FROM sandbox_message")
        }
    for batch in UploadBatch.objects.filter(state=UploadBatch.State.UNCLEAR):
        if there.isdisjoint(batch.messages.values_list("reference", flat=True)):
            reconcile.resolve(batch, at_xfin=False, now=datetime.now(UTC))


def _answer_refusals() -> None:
    """Enter the account anew, as staff do when XFin refused it, which takes two 401 in a row."""
    for account in Account.objects.filter(state=Account.State.REFUSED):
        credentials_changed(account)


def _next_midnight(now: datetime) -> datetime:
    local = now.astimezone(INDIA)
    return datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), INDIA)


def next_event(campaign: Campaign, now: datetime) -> timedelta:
    """Return the time until the next person or message is due; zero while calls are open."""
    horizon = timedelta(minutes=settings.UPLOAD_HORIZON_MINUTES)
    messages = Message.objects.filter(recipient__campaign=campaign, state__in=Message.OPEN_STATES)
    if messages.exclude(state=Message.State.PLANNED, send_on__gt=now + horizon).exists():
        return timedelta(0)
    waiting = Recipient.objects.filter(campaign=campaign, state=Recipient.State.WAITING)
    if waiting.filter(Q(due_at__isnull=True) | Q(due_at__lte=now + horizon)).exists():
        return timedelta(0)
    dues = (waiting.aggregate(at=Min("due_at"))["at"], messages.aggregate(at=Min("send_on"))["at"])
    known = [due for due in dues if due]
    return min(known) - horizon - now if known else timedelta(0)


def books(sandbox: Path, campaign: int, rows: dict[str, int]) -> Books:
    """Return both sides' rows at the end. `rows`: how many each file has."""
    with closing(sqlite3.connect(f"file:{sandbox}?mode=ro", uri=True)) as line:
        remotes = [Remote(pk, reference or tag, *rest) for pk, reference, tag, *rest in line.execute(REMOTES)]
        dials = [_dial(*row) for row in line.execute(DIALS)]
    messages = Message.objects.values_list("reference", "remote_id", "recipient__phone", "state")
    read = Import.objects.exclude(state=Import.State.MAPPING)
    figures = read.values_list("filename", "uploaded", "accepted", "rejected", "duplicate", "suppressed")
    return Books(
        remotes=remotes,
        dials=dials,
        mine=[Mine(*row) for row in messages],
        people=list(Recipient.objects.values_list("phone", "state")),
        sheets=[Sheet(rows[name], *counts) for name, *counts in figures],
        campaign=Campaign.objects.values_list("state", flat=True).get(pk=campaign),
    )


def _dial(message: int | None, phone: str, began: str, ended: str | None) -> Dial:
    return Dial(message or 0, phone, _moment(began), _moment(ended) if ended else None)


def _moment(stored: str) -> datetime:
    """Return a time from SQLite, where Django keeps UTC without a zone."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def spoil(sandbox: Path) -> None:
    """Break every promise in the sandbox's rows, so that the checks must notice all of them.

    A message is there twice, a person's calls never were, a call was made at ten in the evening (16:30 UTC).
    """
    with closing(sqlite3.connect(sandbox)) as line, line:
        first, second, third = line.execute("SELECT id, phone_number FROM sandbox_message LIMIT 3").fetchall()
        names = [row[1] for row in line.execute("PRAGMA table_info(sandbox_message)") if row[1] != "id"]
        same = ", ".join(f'"{name}"' for name in names)
        copy = f"INSERT INTO sandbox_message ({same}) SELECT {same} FROM sandbox_message WHERE id = ?"
        line.execute(copy, (first[0],))
        line.execute("DELETE FROM sandbox_callrecord WHERE to_number = ?", (second[1],))
        late = "UPDATE sandbox_callrecord SET ordered_at = date(ordered_at) || ' 16:30:00'"
        line.execute(f"{late} WHERE message_id = ?", (third[0],))


def tell(run: Run, found: Findings, kept: Books, seconds: float) -> dict[str, object]:
    """Return the result of a seed, for `bench.chaos`."""
    return {
        "attempts": len(kept.dials),
        "faults": dict(run.faults),
        "findings": {name: list(getattr(found, name))[:20] for name in found._fields},
        "counts": {name: len(getattr(found, name)) for name in found._fields},
        "ticks": run.ticks,
        "stops": run.stops,
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Run one seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--after", type=date.fromisoformat, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--spoil", action="store_true", help="break every promise by hand at the end")
    given = parser.parse_args()
    began = time.monotonic()
    plan = draw(given.seed, people=given.people, after=given.after)
    run = Run(plan, given.folder, spoil=spoil if given.spoil else None)
    kept = run.go()
    promise = Promise(
        phones=run.phones,
        attempts=plan.attempts,
        gap=timedelta(minutes=plan.gap_minutes),
        opens=OPENS,
        closes=CLOSES,
    )
    print(json.dumps(tell(run, judge(kept, promise), kept, time.monotonic() - began)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
