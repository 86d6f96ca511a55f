"""Say how long each kind of data is kept: defaults and lower bounds as data. Pure.

Sources: the project's reference on Indian calling rules, section 9.6 (defaults, proposal), 3.4 (recordings
of collections calls), 4.5 (DPDP rule 8(3): a year from each processing, from 13 May 2027), 4.7 (logs).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from campaigns.ist import IST

#: From this day personal data is kept for at least a year from its processing (4.1, 4.5).
DPDP = date(2027, 5, 13)
A_YEAR = 365
THREE_YEARS = 3 * 365 + 1


@dataclass(frozen=True, slots=True)
class Keep:
    """One period: the setting `RETENTION_<NAME>_DAYS`, its default and least value in days, and its start."""

    name: str
    days: int
    least: int
    words: str

    @property
    def setting(self) -> str:
        """Return the setting's name in the environment."""
        return f"RETENTION_{self.name.upper()}_DAYS"


CLOCKS = (
    Keep("recordings", A_YEAR, 180, "after the call; length and checksum are kept"),
    Keep("events", A_YEAR, 180, "after the call: its log with what was said"),
    Keep("calls", THREE_YEARS, A_YEAR, "after the call: answers, call ids, and whose call it was"),
    Keep("idle", 180, 30, "after the last change of a campaign that does not run: it is cancelled"),
    Keep("people", A_YEAR, 0, "after the campaign's end: number, name and variables"),
    Keep("appointments", A_YEAR, 0, "after the appointment's day: number and name"),
    Keep("staff_callbacks", A_YEAR, 0, "after it was asked for: call-backs by staff"),
    Keep("languages", THREE_YEARS, 0, "after it was chosen in a call: the language a person wants"),
    Keep("notifications", 90, 0, "after a service outside was told, or it was given up"),
    Keep("rows", A_YEAR, 0, "after the campaign's end: rows of lists that were not accepted"),
    Keep("members", A_YEAR, 0, "after the last day a programme could call for, and the last change"),
    Keep("draws", THREE_YEARS, A_YEAR, "after the draw, if it can't fall due again"),
    Keep("evidence", THREE_YEARS, A_YEAR, "after the judgement"),
    Keep("bases", THREE_YEARS, A_YEAR, "after the ground for calling ended"),
    Keep("complaints", THREE_YEARS, 2 * A_YEAR, "after the complaint was closed"),
    Keep("audit", THREE_YEARS, A_YEAR, "after the entry"),
    Keep("admin_log", A_YEAR, 0, "after the entry in the admin's own log"),
    Keep("speech", 30, 0, "after the sentence was last spoken"),
    Keep("sign_ins", A_YEAR, A_YEAR, "after somebody signed in, with name and address"),
    Keep("failed_sign_ins", A_YEAR, A_YEAR, "after somebody failed to sign in"),
)
BY_NAME: Mapping[str, Keep] = MappingProxyType({clock.name: clock for clock in CLOCKS})


def too_short(days: Mapping[str, int]) -> list[str]:
    """Return what is wrong with the chosen days, as sentences; empty if nothing is."""
    return [
        f"{clock.setting} is {days[clock.name]}; it must be {clock.least} days or more."
        for clock in CLOCKS
        if days[clock.name] < clock.least
    ]


def kept_days(name: str, chosen: int, *, on: date) -> int:
    """Return the days in force: from 13 May 2027 no kind is kept for less than a year."""
    return max(chosen, A_YEAR if on >= DPDP else BY_NAME[name].least)


def cutoff(name: str, chosen: int, *, now: datetime) -> datetime:
    """Return the time before which data of a kind is purged."""
    return now - timedelta(days=kept_days(name, chosen, on=now.astimezone(IST).date()))


def erasable_from(last_processed: datetime | None, *, now: datetime) -> datetime:
    """Return when a person's data may be erased: at once, or, from 13 May 2027, a year after its last use.

    `last_processed`: None if it was never used.
    """
    if last_processed is None or now.astimezone(IST).date() < DPDP:
        return now
    return max(now, last_processed + timedelta(days=A_YEAR))
