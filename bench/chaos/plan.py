"""Everything a seed decides, before anything runs; pure. The same seed gives the same plan."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
#: The law's hours for a lender's collections calls (reference §3.1): written down here anew on purpose.
OPENS, CLOSES = time(8), time(19)
#: Ticks among which the troubles are dealt out; the rest of a run is left alone but for XFin's faults.
TROUBLED_TICKS = 12
#: While staff upload and launch, which is when losing the web process hurts.
STAFF_TICKS = 6
SILENT_SHARE = 0.25
SLOW_SHARE = 0.4
SLOW_ACCOUNT_SHARE = 0.3
SLOW_LINES = 3
"""Of a platform that dials slowly: what it was given before the hours end is not dialled by then."""
FAULT_SECONDS = 0.8
"""How long the sandbox is silent; our client's time-out in these runs is shorter."""
SECONDS: Mapping[str, float] = {"shown_late": 0.9, "400_slow": 0.3}
"""Of single faults: the slowest platform seen took 90 s to show what it made, a hundredth of it here."""


class Trouble(StrEnum):
    """What happens to our own side."""

    WORKER = "worker_killed"
    WEB = "web_killed"
    DATABASE = "database_restarted"
    BROKER = "broker_flushed"
    FROZEN = "worker_frozen"
    LEAP = "clock_leapt"


#: How often each of them happens in a run: at least, at most.
TIMES: Mapping[Trouble, tuple[int, int]] = {
    Trouble.WORKER: (3, 7),
    Trouble.WEB: (1, 3),
    Trouble.DATABASE: (1, 3),
    Trouble.BROKER: (1, 3),
    Trouble.FROZEN: (2, 3),
    Trouble.LEAP: (1, 3),
}

LOST = ("timeout_before", "timeout_after", "drop_before", "drop_after", "reset_before", "reset_after")
SPOILT = ("cut_body", "short_body", "drip", "500", "502", "503", "504", "401", "429", "429_date")
#: XFin acted, and says that it did not.
UNTRUE = (
    *("400_after", "401_after", "403_after", "404_after", "409_after", "413_after", "429_after"),
    "shown_late",
)
MUDDLED = ("same_ids", "swapped_references", "odd_result")
LISTS = ("shifted_pages", "without_next", "cut_list", "capitals", "odd_row")
#: XFin's calls and what may go wrong with them; "login, 401" is left out: it asks for a person.
FAULTS: Mapping[str, Sequence[str]] = {
    "create_bulk": (*LOST, *SPOILT, "fewer_results", "more_results"),
    "list_messages": (*LOST, *SPOILT),
    "lies of create_bulk": (*UNTRUE, *MUDDLED, "400_slow"),
    "lies of list_messages": LISTS,
    "login": ("500", "drop_after", "timeout_before", "token_expires"),
    "delete_messages": (*LOST, "500", "502"),
}
#: How often a fault happens; one look-up asks several questions, so that lists fail less often.
SHARES = ((0.1, 0.2), (0.1, 0.2, 0.35))
#: Who answers, by weight: more than in life do not, so that there is something to repeat.
CAST = {"presses_one": 10, "says_yes": 2, "hangs_up_early": 2, "voicemail": 2, "busy": 3, "no_answer": 3}


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch of the sandbox: an operation goes wrong by chance."""

    operation: str
    behaviour: str
    probability: float

    def wire(self, seed: int) -> dict[str, object]:
        """Return it as the sandbox's control API takes it."""
        operation = self.operation.removeprefix("lies of ")
        switch = {"operation": operation, "behaviour": self.behaviour, "probability": self.probability}
        return {**switch, "seed": str(seed), "seconds": SECONDS.get(self.behaviour, FAULT_SECONDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run."""

    seed: int
    people: int
    workers: int
    lists: int
    chunk_size: int
    calls_a_minute: int
    lines: int
    attempts: int
    gap_minutes: int
    begins: datetime
    faults: Sequence[Fault]
    troubles: Mapping[int, Sequence[Trouble]]
    pause_at: int
    pause_for: int
    silent_account: bool
    """Beside the campaign's account is one whose XFin takes every request and answers none."""
    slow_account: bool
    """Beside it is one whose XFin answers everything, and takes nearly as long as our client waits."""
    slow_dialling: bool
    """XFin has few lines for what it is given, so that the hours end over calls that wait there."""


def draw(seed: int, *, people: int, after: date) -> Plan:
    """Return the plan of a seed for so many people, on the last day of a month later than `after`."""
    dice = random.Random(f"chaos {seed}")
    # Of their own dice: the rest of a seed's plan stays as it was before there were these.
    is_slow_account = random.Random(f"slow account {seed}").random() < SLOW_ACCOUNT_SHARE
    is_slow = random.Random(f"slow dialling {seed}").random() < SLOW_SHARE
    return Plan(
        seed=seed,
        people=people,
        workers=dice.randint(2, 3),
        lists=dice.randint(1, 3),
        chunk_size=dice.choice((10, 25, 60)),
        calls_a_minute=dice.choice((40, 90, 200)),
        lines=dice.choice((15, 25, 40)),
        attempts=dice.randint(1, 3),
        gap_minutes=dice.choice((10, 30, 60)),
        begins=_begins(dice, after),
        faults=_faults(dice),
        troubles=_troubles(dice),
        pause_at=dice.randint(2, TROUBLED_TICKS),
        pause_for=dice.randint(1, 3),
        silent_account=dice.random() < SILENT_SHARE,
        slow_account=is_slow_account,
        slow_dialling=is_slow,
    )


def _begins(dice: random.Random, after: date) -> datetime:
    """Return a time late on the last day of a month, so that hours and month end during the work."""
    first = (after.replace(day=1) + timedelta(days=32 * dice.randint(1, 12) + 31)).replace(day=1)
    minutes = dice.randint(6, 25)
    return datetime.combine(first - timedelta(days=1), CLOSES, INDIA) - timedelta(minutes=minutes)


def _faults(dice: random.Random) -> Sequence[Fault]:
    upload, listing = ("create_bulk", "lies of create_bulk"), ("list_messages", "lies of list_messages")
    more = (dice.choice(upload), dice.choice(listing), dice.choice(list(FAULTS)))
    return [
        Fault(operation, dice.choice(FAULTS[operation]), dice.choice(SHARES[operation in upload]))
        for operation in (*upload, *more, "delete_messages")
    ]


def _troubles(dice: random.Random) -> Mapping[int, Sequence[Trouble]]:
    dealt: dict[int, list[Trouble]] = {}
    for trouble, (least, most) in TIMES.items():
        ticks = STAFF_TICKS if trouble == Trouble.WEB else TROUBLED_TICKS
        for tick in sorted(dice.sample(range(ticks), dice.randint(least, most))):
            dealt.setdefault(tick, []).append(trouble)
    return dealt
