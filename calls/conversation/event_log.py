"""PURE: the log of one call, bounded. What a peer can repeat at will is only counted after a while."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.conversation.outputs import RESULTS, Entry, EntryKind
from calls.conversation.playout import PromptFinished, PromptResult
from calls.protocol.messages import SAMPLE_RATE, Malformed, Start
from campaigns.rules.results import CallResult

_KIND_OF_RESULT = {result: kind for kind, result in RESULTS.items()}
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s-]?\d){5,}")


@dataclass(slots=True)
class _Allowance:
    """So many entries of a kind in full; the rest in one sentence at the end."""

    left: int
    sentence: str
    unwritten: int = 0

    def take(self) -> bool:
        if self.left > 0:
            self.left -= 1
            return True
        self.unwritten += 1
        return False


@dataclass(slots=True)
class EventLog:
    """Entries in order, positioned on the call's clock (milliseconds since `began`, in seconds)."""

    began: float
    problems: int
    keys: int
    speech: int = 200
    _entries: list[Entry] = field(default_factory=list)
    _allowances: dict[EntryKind, _Allowance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._allowances = {
            EntryKind.PROBLEM: _Allowance(self.problems, "more problems were counted and not written down."),
            EntryKind.KEY: _Allowance(self.keys, "more keys were pressed and not written down."),
            EntryKind.SPEECH: _Allowance(self.speech, "more changes of speech were not written down."),
        }

    def at_ms(self, now: float) -> int:
        """Position of `now` on the call's clock."""
        return max(0, round((now - self.began) * 1000))

    def add(self, kind: EntryKind, text: str, now: float, **data: object) -> None:
        """One entry; `data` must be JSON-ready."""
        allowance = self._allowances.get(kind)
        if allowance is None or allowance.take():
            self._write(kind, text, now, data)

    def add_result(self, result: CallResult, text: str, now: float) -> None:
        """Add an entry about what the call brought; its kind follows from the type of `result`."""
        kind = _KIND_OF_RESULT[type(result)]
        self._entries.append(Entry(kind=kind, at_ms=self.at_ms(now), text=text, payload=result))

    def sum_up(self, now: float) -> None:
        """At the end: how many were not written, kind by kind."""
        for kind, allowance in self._allowances.items():
            if allowance.unwritten:
                text = f"{allowance.unwritten} {allowance.sentence}"
                self._write(kind, text, now, {"unwritten": allowance.unwritten})

    def take(self) -> list[Entry]:
        """Entries since the last taking."""
        taken, self._entries = self._entries, []
        return taken

    def _write(self, kind: EntryKind, text: str, now: float, data: Mapping[str, object]) -> None:
        self._entries.append(Entry(kind=kind, at_ms=self.at_ms(now), text=text, payload=dict(data)))


def without_numbers(words: str) -> str:
    """The platform's own words with anything like a phone number masked."""
    return _LONG_NUMBER.sub("•••", words)


def seconds(ms: int) -> str:
    """`8800` as `8.8`."""
    return f"{ms / 1000:.1f}"


def how_it_ended(ended: PromptFinished) -> str:
    """A sentence about a prompt that is over."""
    whole = f"“{ended.name}” heard in full, {seconds(ended.total_ms)} s"
    part = f"“{ended.name}” heard {seconds(ended.heard_ms)} of {seconds(ended.total_ms)} s"
    if ended.fate is PromptResult.FINISHED:
        return f"{whole}." if ended.mark_back else f"{whole}, by the play clock; its mark had not come back."
    if not ended.heard_ms:
        return f"“{ended.name}” was dropped before it was heard."
    if ended.fate is PromptResult.CLEARED:
        return f"{part}; the rest was cleared."
    return f"{part}; the call was over before the rest."


def what_was_wrong(problem: Malformed) -> str:
    """A sentence about a frame from outside that could not be used."""
    which = f"A “{problem.event}” frame" if problem.event else "A frame"
    return f"{which} could not be used: {problem.detail or problem.problem.value}. The call goes on."


def who(campaign: str, language: str) -> str:
    """A sentence about whom a call is for; no name, no number."""
    call = f"Call of campaign “{campaign}”" if campaign else "Call without a campaign"
    return f"{call}; language {language}."


def unexpected(start: Start) -> list[str]:
    """Sentences about what a start message says that we did not expect."""
    found = []
    rate = start.media_format.sample_rate
    if rate != SAMPLE_RATE:
        found.append(f"The platform announced audio of {rate} Hz; it is taken as {SAMPLE_RATE} Hz.")
    if start.parameters_cut:
        found.append(f"{start.parameters_cut} custom parameters were too many or too long, and were cut.")
    return found


def key_pressed(digit: str, *, during: str, heard: bool, ignored: bool) -> str:
    """A sentence about one key."""
    where = f" during “{during}”" if during else ""
    how = ", heard as a tone" if heard else ""
    after = "; we had begun to hang up, so it was ignored" if ignored else ""
    return f"{digit} pressed{where}{how}{after}."
