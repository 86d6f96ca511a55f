"""Read XFin's words and numbers for states, reasons, durations and times.

The platform writes a message's `state` as a number or as words (awaaz-platform.md §1); of the
numbers only 6 (done) is documented. What is not known stays `UNKNOWN`, never a guess: the caller
keeps the raw value beside it.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
_ALMOST_A_SECOND = timedelta(seconds=1) - timedelta.resolution


class RemoteState(StrEnum):
    """A message's state at XFin."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        """Return whether XFin will not touch the message again."""
        return self in (RemoteState.DONE, RemoteState.FAILED, RemoteState.CANCELLED)


class Disposition(StrEnum):
    """How a call ended, as far as XFin says."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    VOICEMAIL = "voicemail"
    SWITCHED_OFF = "switched_off"
    NOT_REACHABLE = "not_reachable"
    INVALID_NUMBER = "invalid_number"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


DOCUMENTED_STATE_CODES: Mapping[str, RemoteState] = MappingProxyType({"6": RemoteState.DONE})

_STATE_WORDS: Mapping[RemoteState, str] = {
    RemoteState.SCHEDULED: (
        "scheduled created queued enqueued pending new waiting ready submitted accepted received"
    ),
    RemoteState.IN_PROGRESS: (
        "inprogress progress sending calling dialing dialling ringing active running processing"
        " started executing ongoing retrying connected"
    ),
    RemoteState.DONE: (
        "done sent completed complete delivered success successful finished answered executed"
    ),
    RemoteState.FAILED: (
        "failed failure fail error undelivered notdelivered unsuccessful rejected invalid expired"
    ),
    RemoteState.CANCELLED: "cancelled canceled cancel deleted aborted stopped revoked withdrawn",
}
_STATE_OF_WORD = {word: state for state, words in _STATE_WORDS.items() for word in words.split()}

# In this order: the first line with a word that stands in the squashed reason wins, so that
# "not answered" is never read as "answered". The upper-case telephony causes of FreeSWITCH, the
# family the platform is built on, squash to the same words ("USER_BUSY", "SUBSCRIBER_ABSENT").
_REASON_WORDS: tuple[tuple[Disposition, str], ...] = (
    (Disposition.VOICEMAIL, "voicemail answeringmachine machinedetected amdmachine"),
    (Disposition.SWITCHED_OFF, "switchedoff switchoff poweredoff phoneoff subscriberabsent"),
    (
        Disposition.INVALID_NUMBER,
        "invalidnumber invalidphone wrongnumber unallocated doesnotexist notexist nosuchnumber"
        " numberchanged notinservice nonexistent",
    ),
    (
        Disposition.NOT_REACHABLE,
        "notreachable unreachable outofcoverage outofservice outofnetwork notregistered noroute",
    ),
    (Disposition.BLOCKED, "dnd ndnc donotdisturb donotcall blocked blacklist barred optedout"),
    (
        Disposition.NO_ANSWER,
        "noanswer notanswered unanswered noreply noresponse nouserresponse nopickup notpicked"
        " didnotanswer ringtimeout allottedtimeout",
    ),
    (Disposition.BUSY, "busy onanothercall"),
    (Disposition.REJECTED, "rejected declined reject"),
    (Disposition.DROPPED, "dropped disconnected hungup hangup abandoned"),
    (Disposition.CANCELLED, "cancel aborted deleted"),
    (
        Disposition.FAILED,
        "fail error congestion outoforder timerexpire timeout mediatimeout",
    ),
    (Disposition.ANSWERED, "answered normalclearing completed delivered success human"),
)

_NOT_WORD = re.compile(r"[\W_]+")
_DURATION = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?")


def read_state(raw: object, *, codes: Mapping[str, RemoteState] = DOCUMENTED_STATE_CODES) -> RemoteState:
    """Return the state XFin means by `raw`, a number or words in any spelling; never raises.

    `codes` maps the numbers (as text) and words an account is known to use. Numbers come before the
    documented ones, words after those that are understood anyway. `UNKNOWN` for everything else.
    """
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)  # 6.0 is the code 6, as "6" is
    code = "" if isinstance(raw, bool) else str(raw).strip()
    if code.isascii() and code.lstrip("-").isdigit():
        found = codes.get(code) or DOCUMENTED_STATE_CODES.get(code)
        return found or RemoteState.UNKNOWN
    word = _squash(raw)
    if found := _STATE_OF_WORD.get(word):
        return found
    return next((state for code, state in codes.items() if _squash(code) == word), RemoteState.UNKNOWN)


def read_disposition(raw: object) -> Disposition:
    """Return how the call ended, by the words of a reason code; numbers are undocumented: `UNKNOWN`."""
    squashed = _squash(raw)
    for disposition, words in _REASON_WORDS:
        if any(word in squashed for word in words.split()):
            return disposition
    return Disposition.UNKNOWN


def read_duration(raw: object) -> int | None:
    """Return the seconds of "HH:MM:SS" (also "MM:SS", or plain seconds); None when it is unreadable."""
    if isinstance(raw, bool) or raw is None:
        return None
    text = str(raw).strip()
    if text.isascii() and text.isdigit() and len(text) < 8:
        return int(text)
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def write_send_on(moment: datetime | None) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS` in India's time without a zone; "" for as soon as possible.

    A begun second counts as whole: XFin must never dial before the moment that the rules were asked about.
    Our hours end `campaigns.schedule.windows.QUIET_END` earlier, which is more than a second.
    Raises ValueError for a naive `moment`. Form: awaaz-platform.md §1.
    """
    if moment is None:
        return ""
    if moment.tzinfo is None:
        raise ValueError("send_on needs an aware time")
    return (moment + _ALMOST_A_SECOND).astimezone(INDIA).replace(tzinfo=None).isoformat(timespec="seconds")


def read_send_on(raw: object) -> datetime | None:
    """Return an aware time in Asia/Kolkata; None for empty or unreadable text.

    A zone written in the text is honoured, otherwise it is India's time.
    """
    if not isinstance(raw, str) or not raw.strip():
        return None
    try:
        moment = datetime.fromisoformat(raw.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=INDIA)
    try:
        return moment.astimezone(INDIA)
    except OverflowError:
        return None


def _squash(raw: object) -> str:
    return _NOT_WORD.sub("", raw).casefold() if isinstance(raw, str) else ""
