"""Everything a rule may look at, passed in by the caller. None: not known."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from campaigns.rules.law import Caps

_SERIES = re.compile(r"(?:\+91)?(140(?=\d{7}$)|160[01](?=\d{6}$))\d+")


class Sector(StrEnum):
    """The sector decides which number series an organisation may use (2.3)."""

    REGULATED = "regulated"
    GOVERNMENT = "government"
    UTILITY = "utility"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """What is registered about who calls. `complaints`: when those came in that count against us.

    `valid`: first and last day of the registration (IST), None where there is no end.
    `answered`, `short` and `abandoned` count the newest calls.
    """

    sector: Sector
    principal_entity: str = ""
    telemarketer: str = ""
    valid: tuple[date, date | None] = (date.min, None)
    non_commercial: bool = False
    complaints: tuple[datetime, ...] = ()
    caps: Caps = field(default_factory=Caps)
    holidays: frozenset[date] = frozenset()
    answered: int = 0
    short: int = 0
    abandoned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """The newest DND scrub of the campaign's list: its day (IST), and whether people were added since."""

    day: date
    reference: str
    list_grew: bool = False


class BasisKind(StrEnum):
    """Why a person may be called."""

    CONSENT = "consent"
    COMPLETION = "completion"
    ENQUIRY = "enquiry"
    CONTRACT = "contract"
    GOVERNMENT = "government"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """On what ground a person is called. `reference`: the Consent Register's, where there is one."""

    kind: BasisKind
    given_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """Another attempt at the same number, in any campaign: made, or planned."""

    at: datetime
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What staff have declared of the words: who, why, recorded, how to opt out; and what they are about."""

    says_name: bool = False
    says_purpose: bool = False
    says_recorded: bool = False
    says_opt_out: bool = False
    contains_offer: bool = False
    asks_consent: bool = False
    about_children: bool = False
    voice_template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that might be placed: from whom, about what, to whom.

    `suppressed` is the reason of a suppression that covers it; `polls` are the closes of poll in the person's
    area, None if the area is not known; `requested` is a slot the person asked for (`[start, end)`);
    `called_back` is the moment from which on the person asked to be called back;
    `missing` are the values that must be spoken and can't be;
    `widening` is the recorded reason for going beyond hours of kind policy; `has_voice` None: not known;
    `closed_days` are the days (IST) on which the organisation makes no calls.
    """

    category: str
    caller_id: str
    own_window: tuple[time | None, time | None] = (None, None)
    widening: str = ""
    closed_days: frozenset[date] = frozenset()
    organisation: Organisation | None = None
    declared: bool | None = None
    scrub: Scrub | None = None
    script: Script | None = None
    has_voice: bool | None = None
    missing: tuple[str, ...] = ()
    retries_take: timedelta = timedelta(0)
    callee_problem: str = ""
    landline: bool = False
    suppressed: str = ""
    opted_out_at: datetime | None = None
    basis: Basis | None = None
    dnd_hit: bool = False
    grievance: str = ""
    polls: tuple[datetime, ...] | None = None
    requested: tuple[datetime, datetime] | None = None
    called_back: datetime | None = None
    others: tuple[Past, ...] = ()

    @property
    def series(self) -> str:
        """Return 140, 1600, 1601 or ordinary, read from the number itself."""
        found = _SERIES.fullmatch(self.caller_id)
        return found[1] if found else "ordinary"
