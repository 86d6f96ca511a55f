"""`make bench-slots`: 200 calls at once for 50 slots, over real sockets to Daphne, on PostgreSQL and SQLite.

A dialogue offers every caller three slots; once all are on the line, all press a key. A caller who comes too
late is offered the next, or told that none is left. Prints a line for each database and the worst at the end;
exit code 1 unless every slot is booked, none twice, and all others were told.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

from bench.crowd.database import Database, databases
from bench.crowd.run import House, house
from bench.shared.servers import daphne
from bench.slots.callers import choose
from bench.slots.dialogue import BOOKED, NONE_LEFT

A_SECOND = 10
"""Callers who arrive in a second, until all are on the line: more are refused and rung again."""
MOST_SECONDS = 180.0
"""In which every call must be over, on a slow machine as well."""
BOOKINGS = "SELECT count(*) FROM campaigns_appointment WHERE state = 'booked'"
TWICE = (
    "SELECT count(*) FROM (SELECT slot_id FROM campaigns_appointment WHERE state = 'booked'"
    " GROUP BY slot_id HAVING count(*) > 1) AS twice"
)
NOT_KEPT = "SELECT count(*) FROM campaigns_appointment WHERE state <> 'booked'"
LEFT = "SELECT count(*) FROM campaigns_hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """What became of calls that came for slots at once."""

    calls: int
    slots: int
    booked: int
    double: int
    told: int
    """Calls that ended with the word that none is left."""
    broken: int
    """Appointments that were not kept, holds that are left, and bookings without their outcome."""
    seconds: float

    def line(self) -> str:
        """Return the figures as one line."""
        return f"calls={self.calls} slots={self.slots} booked={self.booked} double={self.double}"

    def others(self) -> str:
        """Return what became of all others, as one line."""
        return f"told={self.told} broken={self.broken} seconds={self.seconds:.0f}"

    def failures(self) -> list[str]:
        """Return a sentence for each figure that is missed, [] if none is."""
        wanted = min(self.calls, self.slots)
        found = []
        if self.booked != wanted:
            found.append(f"{self.booked} slots are booked, not {wanted}.")
        if self.double:
            found.append(f"{self.double} slots are booked twice.")
        if self.told != self.calls - wanted:
            found.append(f"{self.told} callers were told that none is left, not {self.calls - wanted}.")
        if self.broken:
            found.append(f"{self.broken} promises were not kept, or places are held for no one.")
        return found


def rush(home: House, database: Database, *, calls: int, slots: int) -> Rush:
    """Have all callers on the line, then all press until they are served; return what is stored then."""
    begun = time.monotonic()
    ringing = choose(home.port, home.path, home.take(calls), within_s=calls / A_SECOND, hold_s=MOST_SECONDS)
    on_line = asyncio.run(ringing)
    home.settled()
    seconds = time.monotonic() - begun
    outcome = "SELECT count(*) FROM calls_call WHERE outcome = '{}'"
    booked, said = database.count(BOOKINGS), database.count(outcome.format(BOOKED))
    return Rush(
        calls=on_line,
        slots=slots,
        booked=booked,
        double=database.count(TWICE),
        told=database.count(outcome.format(NONE_LEFT)),
        broken=database.count(NOT_KEPT) + database.count(LEFT) + abs(booked - said),
        seconds=seconds,
    )


def main() -> int:
    """Play the rush on each database, print the figures and the worst; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--calls", type=int, default=200)
    words.add_argument("--slots", type=int, default=50)
    words.add_argument("--database", choices=("postgres", "sqlite"), help="this one only")
    given = words.parse_args()
    rushes: list[Rush] = []
    for kind in databases(given.database):
        with kind() as database:
            rows = ("bench.slots.furnish", str(given.calls), str(given.slots))
            with house(daphne, database, furnish=rows) as home:
                rushes.append(rush(home, database, calls=given.calls, slots=given.slots))
            print(f"{database.name}: {rushes[-1].line()} {rushes[-1].others()}", flush=True)
            for sentence in rushes[-1].failures():
                print(f"{database.name}: {sentence}")
    if any(one.calls < given.calls for one in rushes):
        print("Not all callers came to be on the line.")
        return 1
    worst = max(rushes, key=lambda one: (len(one.failures()), one.seconds))
    print(worst.line())
    return 1 if worst.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
