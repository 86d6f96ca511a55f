"""The law data: every rule, window and figure, in the one file that is reviewed. No logic stands here.

Facts, sources and their grades: india-calling-rules; `source` names its sections. Last reviewed on
`REVIEWED`; a new review changes that date and, with any figure, `VERSION`. A rule of kind LAW
can't be switched off anywhere. This is not legal advice, and using this software does not make a caller
compliant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial

from campaigns.rules.verdicts import Kind, Rule, Scope
from campaigns.schedule.windows import ALL_DAY, Window

REVIEWED = date(2026, 11, 23)
VERSION = f"{REVIEWED:%Y-%m-%d}.5"
#: After this a rule set must be read again (W13).
REVIEW_AFTER = timedelta(days=90)

_LAW, _POLICY = Kind.LAW, Kind.POLICY
_YEAR_2027 = date(2027, 1, 1)

# --- Categories -----------------------------------------------------------------------------------

COLLECTIONS = frozenset({"collections", "microfinance", "trade_dues"})
LENDERS = frozenset({"collections", "microfinance"})
#: To a customer, about what he has: from 1600 and 1601, never with an offer (2.1.2, 2.1.5).
SERVICE = frozenset({"service", "transactional"}) | COLLECTIONS
#: Calls to which registration and series apply. Surveys and political calls: unclear (reference §11).
COMMERCIAL = SERVICE | {"promotional"}
#: Where a missing fact forbids the call; elsewhere it warns (9.7).
FAIL_CLOSED = COLLECTIONS | {"promotional", "political"}

# --- Hours ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """The hours of one category, from one date until another (IST, `until` excluded).

    `widest`: how far staff may go with a recorded reason; None where the hours may only be narrowed.
    """

    category: str
    window: Window
    kind: Kind
    source: str
    widest: Window | None = None
    effective_from: date = date.min
    effective_until: date = date.max


def _hours(start: int, end: int) -> Window:
    return Window(time(start), time(end))


WINDOWS: Sequence[WindowRule] = (
    WindowRule(category="promotional", window=_hours(10, 21), kind=_LAW, source="2.2.1"),
    WindowRule(
        category="service", window=_hours(9, 20), widest=_hours(8, 21), kind=_POLICY, source="9.1, 2.2.2"
    ),
    WindowRule(
        category="transactional",
        window=_hours(7, 22),
        widest=ALL_DAY,
        kind=_POLICY,
        source="9.1, 2.1.1",
    ),
    WindowRule(category="collections", window=_hours(8, 19), kind=_LAW, source="3.1-3.4"),
    WindowRule(
        category="microfinance", window=_hours(9, 18), kind=_LAW, source="3.3", effective_until=_YEAR_2027
    ),
    # From 2027 the law allows 08:00-19:00 (3.4); the narrow hours stay as policy until staff widen them.
    WindowRule(
        category="microfinance",
        window=_hours(9, 18),
        widest=_hours(8, 19),
        kind=_POLICY,
        source="3.4, 9.1",
        effective_from=_YEAR_2027,
    ),
    WindowRule(
        category="trade_dues", window=_hours(9, 19), widest=_hours(8, 19), kind=_POLICY, source="3.7, 9.1"
    ),
    WindowRule(category="survey", window=_hours(10, 20), widest=_hours(9, 21), kind=_POLICY, source="9.1"),
    WindowRule(
        category="political", window=_hours(9, 20), widest=_hours(6, 22), kind=_POLICY, source="6.4, 9.1"
    ),
    # Any hour, but only with the direction on record as the reason, and approved by a second person.
    WindowRule(
        category="government", window=_hours(9, 20), widest=ALL_DAY, kind=_POLICY, source="2.1.4, 9.1"
    ),
)

#: A transactional call at any hour follows what the person started within this time (2.1.1).
TRIGGERED_WITHIN = timedelta(minutes=30)
#: Lenders may call outside their hours on the borrower's recorded request from this day on (3.4).
REQUESTS_OF_BORROWERS_FROM = _YEAR_2027

# --- Figures --------------------------------------------------------------------------------------

#: An enquiry, and a consent to complete a transaction, support a call for seven days (2.5.2, 2.5.4).
SHORT_BASIS = timedelta(days=7)
#: No request for fresh consent up to and on this day after an opt-out (2.5.5).
NO_REASK_DAYS = 90
#: Silence before the close of poll: 48 hours hard, 72 a warning (6.1, 6.3).
POLL_SILENCE, POLL_CAUTION = timedelta(hours=48), timedelta(hours=72)
#: Complaints within ten days: three stop everything, the stricter of two thresholds (2.8.2, 2.8.3).
COMPLAINT_SPAN, COMPLAINT_STOP = timedelta(days=10), 3
#: Same day in every year; all others are rows of the holiday table (§8).
NATIONAL_HOLIDAYS: Mapping[tuple[int, int], str] = {
    (1, 26): "Republic Day",
    (8, 15): "Independence Day",
    (10, 2): "Gandhi Jayanti",
}
#: Of answered calls: this share shorter than six seconds, or this share dropped, looks like spam (2.7.6).
SHORT_SHARE, ABANDONED_SHARE, FEWEST_FOR_SHARES = 0.5, 0.03, 20


@dataclass(frozen=True, slots=True)
class Caps:
    """How often one number may be called by the organisation, over all its campaigns. Policy (9.3)."""

    attempts_a_day: int = 2
    answered_a_week: int = 3
    gap: timedelta = timedelta(hours=4)
    collections_answered_a_day: int = 1


# --- Rules ----------------------------------------------------------------------------------------

_OFFICE = Scope.CAMPAIGN
_law, _policy = partial(Rule, kind=_LAW), partial(Rule, kind=_POLICY)

RULES: Sequence[Rule] = (
    _law(
        "B01",
        "window",
        source="2.2, 3.1-3.4, 6.4, 9.1",
        grade="B",
        remedy="Nothing: the call waits. Hours of kind policy may be widened with a reason.",
    ),
    _law(
        "B02",
        "opt-out",
        source="2.5.5, 9.4",
        grade="B",
        remedy="Nothing: it never expires. Lift it only after a fresh act of the person.",
    ),
    _law(
        "B03",
        "series-promo",
        source="2.3.1, 2.3.5",
        grade="B",
        scope=_OFFICE,
        remedy="Use a 140 number for promotional calls, and for nothing else.",
    ),
    _law(
        "B04",
        "series-special",
        source="2.3.2, 2.3.3",
        grade="B",
        scope=_OFFICE,
        remedy="Use a number of a series that the organisation's registration allows.",
    ),
    _law(
        "B05",
        "bfsi-series",
        source="2.3.2, 1600 deadlines",
        grade="B",
        scope=_OFFICE,
        effective_from=date(2026, 3, 15),
        remedy="Ask the operator for a 1600 number; regulated entities must use one.",
    ),
    _law(
        "B06",
        "registration",
        source="2.4.1, 1.5",
        grade="B",
        scope=_OFFICE,
        remedy="Record the principal entity id and the telemarketer's reference under Registrations.",
    ),
    _law(
        "B07",
        "a2p",
        source="2.7.3, 1.4",
        grade="D",
        scope=_OFFICE,
        effective_from=date(2026, 11, 17),
        remedy="Declare the number to the operator as A2P, then record it under Caller declarations.",
    ),
    _law(
        "B08",
        "dnd-scrub",
        source="2.6.3",
        grade="C",
        scope=_OFFICE,
        remedy="Scrub the whole list at the operator today and record the run with its reference.",
    ),
    _law(
        "B09",
        "dnd-hit",
        source="2.5.1, 2.6, 10.3",
        grade="B",
        remedy="Leave the person out, or store the Consent Register's reference.",
    ),
    _law(
        "B10",
        "basis",
        source="2.5.2-2.5.4",
        grade="B",
        remedy="Record on what ground the person may be called, with its evidence.",
    ),
    _law("B11", "re-ask", source="2.5.5", grade="B", remedy="Wait until the 91st day after the opt-out."),
    _law(
        "B12",
        "poll-silence",
        source="6.1, 6.3",
        grade="B",
        remedy="Name the polling area as it stands among the polling days (enter a past one for an area that "
        "has none ahead), and do not call there in the 48 hours before the close of poll.",
    ),
    _policy("B13", "number", source="§7", grade="A", remedy="Correct the number in the list."),
    _law(
        "B14",
        "grievance",
        source="3.2",
        grade="C",
        effective_until=_YEAR_2027,
        remedy="Settle the grievance and record its outcome.",
    ),
    _policy(
        "B14",
        "grievance",
        source="3.2, 9.2",
        grade="P",
        effective_from=_YEAR_2027,
        remedy="Settle the grievance and record its outcome.",
    ),
    _law(
        "B15",
        "mixed-content",
        source="2.1.3",
        grade="B",
        scope=_OFFICE,
        remedy="Take the offer out of the script, or run the campaign as promotional.",
    ),
    _policy(
        "B17",
        "values",
        source="9.4",
        grade="P",
        remedy="Send the list again with the value, and choose “Update those who wait”.",
    ),
    _law(
        "B16",
        "complaint-stop",
        source="2.8.2, 2.8.3, 10.5",
        grade="B",
        scope=_OFFICE,
        remedy="Stop, find out what is wrong, and record the outcome of each complaint.",
    ),
    _policy(
        "F01",
        "attempts-a-day",
        source="9.3",
        grade="P",
        remedy="Nothing: the call waits. The cap may be changed with a reason under Registrations.",
    ),
    _policy(
        "F02",
        "answered-a-week",
        source="9.3",
        grade="P",
        remedy="Nothing: the call waits. The cap may be changed with a reason under Registrations.",
    ),
    _policy(
        "F03",
        "gap",
        source="9.3",
        grade="P",
        remedy="Nothing: the call waits. The gap may be changed with a reason under Registrations.",
    ),
    _policy(
        "F04",
        "collections-a-day",
        source="9.3, 3.4",
        grade="P",
        remedy="Nothing: the call waits for the next day.",
    ),
    _policy("W01", "holiday", source="§8", grade="D", remedy="Consider another day."),
    _policy("W02", "sunday-morning", source="9.3", grade="P", remedy="Consider calling after 10:00."),
    _policy(
        "W03",
        "no-series",
        source="2.3.6",
        grade="D",
        remedy="Ask your operator which series your sector should use, and keep the answer.",
    ),
    _policy(
        "W04",
        "voice-template",
        source="2.4.3, 2.4.4",
        grade="D",
        remedy="Enter the id of the registered voice template, if the operator gives one.",
    ),
    _policy(
        "W05",
        "voice",
        source="§8",
        grade="B",
        remedy="Add the language to the agent, or choose another for these people.",
    ),
    _policy(
        "W06",
        "complaints",
        source="2.8",
        grade="B",
        remedy="Look at what people complain about before the third complaint stops everything.",
    ),
    _policy(
        "W07",
        "short-calls",
        source="2.7.6, 2.7.7",
        grade="P",
        remedy="Look at the opening words and the list: operators take such traffic for spam.",
    ),
    _policy(
        "W08",
        "script",
        source="9.4, 2.5.6",
        grade="P",
        remedy="Say who calls, why, that it is recorded and how to opt out; then declare it.",
    ),
    _policy(
        "W09",
        "landline",
        source="7.3",
        grade="P",
        remedy="Offer spoken answers: keys may not arrive from this line.",
    ),
    _policy(
        "W10",
        "third-attempt",
        source="9.3",
        grade="P",
        remedy="Think again whether a third call in one day helps.",
    ),
    _policy(
        "W11", "basis-expires", source="2.5", grade="P", remedy="Renew the basis, or finish before it lapses."
    ),
    _policy(
        "W12",
        "children",
        source="4.10",
        grade="B",
        remedy="Call the parent's number and keep the parent's consent.",
    ),
    _policy(
        "W13",
        "review",
        source="9.3",
        grade="P",
        remedy="Have the rule set read against the law again and bring it up to date.",
    ),
)

#: Categories whose campaigns a second person must approve (india-calling-rules §9.1, §9.5; policy).
TWO_PEOPLE = frozenset({"promotional", "political", "government"})
