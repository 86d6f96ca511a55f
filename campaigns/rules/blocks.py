"""The hard blocks B02-B17: who may call whom, from which number, on what ground."""

from datetime import date, datetime, timedelta

from campaigns.ist import IST
from campaigns.rules.facts import Attempt, Basis, BasisKind, Organisation, Sector
from campaigns.rules.law import (
    COMMERCIAL,
    COMPLAINT_SPAN,
    COMPLAINT_STOP,
    FAIL_CLOSED,
    LENDERS,
    NO_REASK_DAYS,
    POLL_CAUTION,
    POLL_SILENCE,
    SERVICE,
    SHORT_BASIS,
)
from campaigns.rules.verdicts import FINE, Opinion, Verdict

PROMOTIONAL, POLITICAL = "promotional", "political"
_SHORT_LIVED = {BasisKind.ENQUIRY, BasisKind.COMPLETION}


def _block(reason: str) -> Opinion:
    return Opinion(Verdict.BLOCK, reason)


def _unknown(attempt: Attempt, reason: str) -> Opinion:
    """A missing fact forbids promotional, collections and political calls, and warns elsewhere (9.7)."""
    return Opinion(Verdict.BLOCK if attempt.category in FAIL_CLOSED else Verdict.WARN, reason)


def judge_opt_out(attempt: Attempt, at: datetime) -> Opinion:
    """B02: a person who asked us to stop is not called."""
    return _block(attempt.suppressed) if attempt.suppressed else FINE


def judge_series(attempt: Attempt, at: datetime) -> Opinion:
    """B03: promotional calls only from 140; 140 for nothing else."""
    promotional, from_140 = attempt.category == PROMOTIONAL, attempt.series == "140"
    if promotional and not from_140:
        return _block("Promotional calls must come from a 140 number.")
    if from_140 and not promotional:
        return _block("A 140 number is for promotional calls only.")
    return FINE


def judge_special_series(attempt: Attempt, at: datetime) -> Opinion:
    """B04: 1600 and 1601 never carry promotion, and only for those they were made for."""
    if attempt.series not in ("1600", "1601"):
        return FINE
    if attempt.category == PROMOTIONAL:
        return _block(f"A {attempt.series} number never carries promotional calls.")
    if attempt.organisation is None:
        return _unknown(
            attempt, f"It is not recorded whether this organisation may use a {attempt.series} number."
        )
    if attempt.series == "1600" and attempt.organisation.sector not in (Sector.REGULATED, Sector.GOVERNMENT):
        return _block("1600 numbers are for entities under RBI, SEBI, IRDAI or PFRDA and for government.")
    if attempt.series == "1601" and attempt.organisation.sector != Sector.UTILITY:
        return _block("1601 numbers are for utilities, couriers and logistics.")
    return FINE


def judge_bfsi_series(attempt: Attempt, at: datetime) -> Opinion:
    """B05: regulated entities place service calls, collections included, from 1600 only."""
    ours = attempt.organisation
    if ours is None or ours.sector != Sector.REGULATED or attempt.category not in SERVICE:
        return FINE
    if attempt.series == "1600":
        return FINE
    return _block("A regulated entity must place these calls from a 1600 number.")


def judge_registration(attempt: Attempt, at: datetime) -> Opinion:
    """B06: no commercial call without principal entity and telemarketer on file."""
    ours = attempt.organisation
    if ours is None:
        return _unknown(attempt, "No registration of this organisation is on file.")
    if ours.non_commercial or attempt.category not in COMMERCIAL:
        return FINE
    first, last = ours.valid
    if not first <= at.astimezone(IST).date() <= (last or date.max):
        return _block("The registration does not hold on that day.")
    missing = [
        name
        for name, value in (
            ("principal entity id", ours.principal_entity),
            ("telemarketer reference", ours.telemarketer),
        )
        if not value
    ]
    return _block(f"The registration has no {' and no '.join(missing)}.") if missing else FINE


def judge_a2p(attempt: Attempt, at: datetime) -> Opinion:
    """B07: calls started by software must be declared to the operator with their number."""
    if attempt.declared:
        return FINE
    reason = "No A2P declaration of this calling number is on file for that day."
    ours = attempt.organisation
    if ours is None or attempt.declared is None:
        return _unknown(attempt, reason)
    exempt = ours.non_commercial or attempt.category not in COMMERCIAL | {POLITICAL}
    return Opinion(Verdict.WARN if exempt else Verdict.BLOCK, reason)


def judge_scrub(attempt: Attempt, at: datetime) -> Opinion:
    """B08: a promotional list is scrubbed on the day of the call, after its last change."""
    if attempt.category != PROMOTIONAL:
        return FINE
    scrub = attempt.scrub
    if scrub is None or scrub.day != at.astimezone(IST).date():
        return _block("The list has no DND scrub of that day; yesterday's ended at midnight.")
    return _block("People were added after the DND scrub.") if scrub.list_grew else FINE


def judge_dnd(attempt: Attempt, at: datetime) -> Opinion:
    """B09: a number that the scrub refused, unless the Consent Register says otherwise."""
    registered = attempt.basis is not None and attempt.basis.reference and not lapsed(attempt.basis, at)
    if attempt.category != PROMOTIONAL or not attempt.dnd_hit or registered:
        return FINE
    return _block("The DND scrub refused this number, and no Consent Register reference is stored.")


def judge_basis(attempt: Attempt, at: datetime) -> Opinion:
    """B10: a promotional call needs a ground that still holds."""
    if attempt.category != PROMOTIONAL:
        return FINE
    if attempt.basis is None:
        return _block("No consent, enquiry or contract is on file for this person.")
    why = lapsed(attempt.basis, at)
    return _block(why) if why else FINE


def lapsed(basis: Basis, at: datetime) -> str:
    """Return why a basis does not hold at that time; empty if it does."""
    if basis.given_at > at:
        return f"The {basis.kind} on file begins only later."
    if basis.revoked_at and basis.revoked_at <= at:
        return f"The {basis.kind} was withdrawn."
    if basis.expires_at and basis.expires_at <= at:
        return f"The {basis.kind} has expired."
    if basis.kind in _SHORT_LIVED and at - basis.given_at > SHORT_BASIS:
        return f"The {basis.kind} is older than seven days."
    return ""


def judge_re_ask(attempt: Attempt, at: datetime) -> Opinion:
    """B11: after an opt-out a person is not asked for fresh consent for 90 days."""
    if not (attempt.script and attempt.script.asks_consent and attempt.opted_out_at):
        return FINE
    days = (at.astimezone(IST).date() - attempt.opted_out_at.astimezone(IST).date()).days
    if days > NO_REASK_DAYS:
        return FINE
    return _block(f"This person opted out {days} days ago; fresh consent may be asked after {NO_REASK_DAYS}.")


def judge_poll(attempt: Attempt, at: datetime) -> Opinion:
    """B12: political silence in the polling area before the close of poll."""
    if attempt.category != POLITICAL:
        return FINE
    if attempt.polls is None:
        return _block("The polling area is not known, so poll silence cannot be checked.")
    if any(closes - POLL_SILENCE <= at < closes for closes in attempt.polls):
        return _block("The poll in this area closes within 48 hours.")
    if any(closes - POLL_CAUTION <= at < closes for closes in attempt.polls):
        return Opinion(Verdict.WARN, "The poll here closes within 72 hours; some districts ask for silence.")
    return FINE


def judge_callee(attempt: Attempt, at: datetime) -> Opinion:
    """B13: the callee's number must be one a person can be called on."""
    return _block(attempt.callee_problem) if attempt.callee_problem else FINE


def judge_values(attempt: Attempt, at: datetime) -> Opinion:
    """B17: what must be spoken is there, and can be spoken."""
    if not attempt.missing:
        return FINE
    return _block(f"The texts need {', '.join(attempt.missing)}, and there is no usable value for it.")


def judge_grievance(attempt: Attempt, at: datetime) -> Opinion:
    """B14: no recovery calls while the borrower's grievance is open."""
    if attempt.category not in LENDERS or not attempt.grievance:
        return FINE
    return _block(attempt.grievance)


def judge_mixed_content(attempt: Attempt, at: datetime) -> Opinion:
    """B15: an offer makes a service call promotional."""
    if attempt.category not in SERVICE or attempt.script is None or not attempt.script.contains_offer:
        return FINE
    return _block("The script holds an offer, which makes the whole call promotional.")


def judge_complaints(attempt: Attempt, at: datetime) -> Opinion:
    """B16: three complaints in ten days stop everything the organisation sends."""
    count = complaints_counted(attempt.organisation, at)
    if count < COMPLAINT_STOP:
        return FINE
    return _block(f"{count} complaints in ten days: all calls of the organisation are stopped.")


def complaints_counted(ours: Organisation | None, at: datetime) -> int:
    """Return how many complaints came in the ten days before `at`."""
    if ours is None:
        return 0
    return sum(timedelta(0) <= at - received < COMPLAINT_SPAN for received in ours.complaints)
