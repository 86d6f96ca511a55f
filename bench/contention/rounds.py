"""`python -m bench.contention.rounds COUNT`: everything that locks people and messages, at once.

A process of its own, because settings are read once; `bench.contention.run` gives it an empty database on
PostgreSQL. In every round, side by side and begun together: two suppression files with the same numbers in
opposite orders, a pause or a cancellation, single opt-outs, outcomes of calls, planning, claims with their
uploads, a poll and a withdrawal. Prints the figures as JSON.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from django.db import connection, connections, transaction  # noqa: E402

from bench.shared import migrated  # noqa: E402 (after the set-up)
from campaigns import call_results, edges  # noqa: E402
from campaigns.compliance import suppressions  # noqa: E402
from campaigns.compliance.suppressions import SuppressionRequest  # noqa: E402
from campaigns.delivery import poll_states, upload, withdraw  # noqa: E402
from campaigns.delivery.account_client import xfin_client  # noqa: E402
from campaigns.lifecycle import actions  # noqa: E402
from campaigns.models import Account, Campaign, Message, Recipient, Suppression  # noqa: E402
from campaigns.planning import plan  # noqa: E402
from tests.campaigns.world import NOON, FakeXFin, add_people, at, make_campaign  # noqa: E402

log = logging.getLogger(__name__)

PEOPLE = 240
#: Numbers in each stride of a file: several strides a file, as the real one has of a thousand each.
STRIDE = 30
LATER = NOON + timedelta(minutes=6)
FILE = SuppressionRequest(source=Suppression.Source.FILE, reason="From a file.")
LETTER = SuppressionRequest(source=Suppression.Source.STAFF, reason="Asked by letter.")


class Round:
    """A campaign with people planned and at XFin, and what is done to them at the same time."""

    def __init__(self, number: int, base: Campaign) -> None:
        self.number, self.xfin, self.failed = number, FakeXFin(), list[str]()
        self.reached = list[str]()
        base.pk, base.name, base.state = None, f"Round {number}", Campaign.State.RUNNING
        base.save()
        self.campaign = Campaign.objects.get(pk=base.pk)
        self.account = self.campaign.template.account_id
        people = add_people(self.campaign, PEOPLE)
        for person in people:
            person.phone = f"+9170{number % 1000:03}{people.index(person):05}"
        Recipient.objects.bulk_update(people, ["phone"])
        self.phones = [person.phone for person in people]
        for _ in range(2):
            plan.plan(self.campaign.pk, now=NOON)
        Account.objects.filter(pk=self.account).update(chunk_size=20)
        claim = upload.claim_due(Account.objects.get(pk=self.account), now=NOON)
        assert claim
        with xfin_client(claim.batch.account, transport=self.xfin) as client:
            upload.send(claim, client, claim.batch.account, clock=at(NOON))

    def run(self) -> None:
        """Do everything at once, and wait for all of it."""
        works = (
            self.one_file,
            self.other_file,
            self.halt,
            self.opt_outs,
            self.outcomes,
            self.plan,
            self.upload,
            self.upload,
            self.poll,
            self.withdraw,
        )
        begin = threading.Barrier(len(works))
        threads = [threading.Thread(target=self._work, args=(work, begin)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def lost(self) -> list[str]:
        """Return what failed, and the numbers of the files that are not suppressed."""
        kept = set(Suppression.objects.values_list("phone", flat=True))
        missing = [f"{phone} is not suppressed" for phone in self.phones[: PEOPLE // 2] if phone not in kept]
        return [*self.failed, *missing]

    def _work(self, work: Callable[[], object], begin: threading.Barrier) -> None:
        begin.wait()
        try:
            work()
        except Exception as error:
            log.exception("%s", work.__name__)
            self.failed.append(f"{work.__name__}: {error}")
            if edges.is_lost_race(error):
                self.reached.append(work.__name__)
        finally:
            connections.close_all()

    def one_file(self) -> None:
        """Suppress the first half."""
        suppressions.suppress_many(self.phones[: PEOPLE // 2], FILE)

    def other_file(self) -> None:
        """Suppress the same, listed the other way round."""
        suppressions.suppress_many(list(reversed(self.phones[: PEOPLE // 2])), FILE)

    def halt(self) -> None:
        """Pause or cancel, in turn."""
        (actions.pause if self.number % 2 else actions.cancel)(self.campaign, None)

    def opt_outs(self) -> None:
        """Suppress some people singly, in no order."""
        for phone in self.phones[7::11][::-1]:
            suppressions.suppress(phone, LETTER)

    def outcomes(self) -> None:
        """Store what calls brought, as the journal does: each wish that acts on others in a transaction of
        its own, the other results together; again if it fails."""
        messages = list(Message.objects.filter(recipient__campaign=self.campaign)[:12])
        for message in messages[:6]:
            work = partial(call_results.record_outcome, message.pk, "do_not_call", "Do not call")
            edges.retried("a wish", work)

        def store() -> None:
            with transaction.atomic():
                call_results.lock_ahead([message.pk for message in messages[6:]])
                for message in reversed(messages[6:]):
                    call_results.record_outcome(message.pk, "will_pay", "Will pay")

        edges.retried("outcomes", store)

    def plan(self) -> None:
        """Plan more."""
        for _ in range(3):
            edges.retried("planning", lambda: plan.plan(self.campaign.pk, now=NOON))

    def upload(self) -> None:
        """Claim and upload."""
        upload.upload(self.account, clock=at(NOON), transport=self.xfin)

    def poll(self) -> None:
        """Settle what XFin says has ended."""
        for message in list(self.xfin.messages.values())[:10]:
            message |= {"state": "failed", "execution_state_reason_code": "USER_BUSY"}
        work = lambda: poll_states.pull_states(self.account, clock=at(LATER), transport=self.xfin)  # noqa: E731
        edges.retried("polling", work)

    def withdraw(self) -> None:
        """Mark and withdraw."""
        for _ in range(3):
            edges.retried("marking", lambda: withdraw.mark_unwanted(NOON))
            work = lambda: withdraw.withdraw(self.account, clock=at(NOON), transport=self.xfin)  # noqa: E731
            edges.retried("withdrawing", work)


def deadlocks() -> int:
    """Return how many deadlocks PostgreSQL has broken in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def main() -> None:
    """Run so many rounds and print the figures."""
    migrated.migrate()
    suppressions.CHUNK = STRIDE
    base, lost, reached = make_campaign(calls_per_minute=6000), list[str](), 0
    Account.objects.update(token="a-token")
    for number in range(int(sys.argv[1])):
        one = Round(number, Campaign.objects.get(pk=base.pk))
        one.run()
        lost += one.lost()
        reached += len(one.reached)
    for line in lost[:20]:
        print(f"LOST: {line}")
    figures = {"deadlocks": deadlocks(), "retried": sum(edges.lost_races.values()), "lost": len(lost)}
    figures["reached"] = reached
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
