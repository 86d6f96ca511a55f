"""Texts for people: masked numbers, lengths, shares, times, and the tone of a state. Pure."""

import re
from datetime import datetime

from campaigns.ist import IST

_LONG_NUMBER = re.compile(r"\d(?:[\d\s().-]*\d){8,}")
LANGUAGES = {
    "hi": "Hindi",
    "gu": "Gujarati",
    "ta": "Tamil",
    "mr": "Marathi",
    "bn": "Bengali",
    "te": "Telugu",
    "kn": "Kannada",
    "ml": "Malayalam",
    "pa": "Punjabi",
    "or": "Odia",
    "as": "Assamese",
    "ur": "Urdu",
    "en": "English",
}

TONES = {
    "ok": "ok completed confirmed synced done ready answered reconciled made booked delivered",
    "live": "running under_way live sending queued in_progress reading",
    "warn": (
        "unreached blocked unknown unconfirmed unclear waiting_account mapping drifted voicemail dropped"
        " duplicate clear not_booked"
    ),
    "bad": "broken failed stopped refused rejected problem not_sent opt_out opted_out given_up",
}
_TONE_OF = {state: tone for tone, states in TONES.items() for state in states.split()}


def tone(state: str) -> str:
    """Return the colour family of a state: ok, live, warn, bad, or calm for all others."""
    return _TONE_OF.get(state, "calm")


def words(value: str) -> str:
    """Return `no_answer` as "No answer"."""
    text = value.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def spaced_phone(e164: str) -> str:
    """Return one of our own numbers in groups: "+91 1600 110 245", "+91 79613 44101"."""
    if not (e164.startswith("+91") and len(e164) == 13):
        return e164
    national = e164[3:]
    if national.startswith(("1600", "1601")):
        return f"+91 {national[:4]} {national[4:7]} {national[7:]}"
    return f"+91 {national[:5]} {national[5:]}"


def length(milliseconds: int | None) -> str:
    """Return minutes and seconds: 55_200 as "0:55"; a dash for None."""
    if milliseconds is None:
        return "–"
    seconds = max(0, milliseconds) // 1000
    return f"{seconds // 60}:{seconds % 60:02d}"


def offset(milliseconds: int) -> str:
    """Return a place in a call, to the tenth of a second: 21_240 as "0:21.2"."""
    tenths = milliseconds // 100
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def share(part: int, whole: int) -> str:
    """Return `part` of `whole` as "61 %"; a dash when there is no whole."""
    return f"{round(100 * part / whole)} %" if whole else "–"


def ist(moment: datetime | None) -> str:
    """Return such as "24 Nov, 11:38 IST"; a dash for None."""
    return f"{moment.astimezone(IST):%-d %b, %H:%M} IST" if moment else "–"


def ist_exact(moment: datetime | None) -> str:
    """Return such as "24 Nov 2026, 11:38:07 IST"; a dash for None."""
    return f"{moment.astimezone(IST):%-d %b %Y, %H:%M:%S} IST" if moment else "–"


def grouped(number: int) -> str:
    """Return a number in Indian grouping: 1234567 as "12,34,567"."""
    text = str(abs(number))
    head, tail = text[:-3], text[-3:]
    groups: list[str] = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ("-" if number < 0 else "") + ",".join([*groups, tail])


def own_offset(seconds: float) -> str:
    """Return how far a shifted clock is from the real one: 9000 as "2 h 30 min ahead"."""
    minutes = round(abs(seconds) / 60)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return f"{' '.join(parts)} {'ahead' if seconds > 0 else 'behind'}"


def language(code: str) -> str:
    """Return `gu` as "Gujarati"; an unknown code as it is."""
    return LANGUAGES.get(code.lower().split("-")[0], code)


def masked_cell(text: str) -> str:
    """Return a cell of an uploaded row with all that may be a phone number hidden but its last 3 digits."""
    return _LONG_NUMBER.sub(lambda found: f"•••{found[0][-3:]}", text)
