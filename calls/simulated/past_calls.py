"""PURE: a real call's log as a script: what was pressed and said when, and how long each prompt took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from calls.conversation import hold
from calls.conversation.outputs import Ending, Entry, EntryKind
from calls.simulated.script import At, Do, Input


@dataclass(slots=True, kw_only=True)
class PastCall:
    """A script made of a log."""

    inputs: list[Input] = field(default_factory=list)
    lengths: dict[str, list[int | None]] = field(default_factory=dict)
    """By the name of a prompt, how long it was each time, in ms; None: it could not be spoken."""


@dataclass(slots=True)
class _Play:
    name: str
    began_ms: int
    over_ms: int | None = None


@dataclass(slots=True)
class _Reader:
    """Reads a log from beginning to end. Times in ms of the log."""

    past: PastCall = field(default_factory=PastCall)
    plays: list[_Play] = field(default_factory=list)
    over: list[tuple[str, int]] = field(default_factory=list)
    last_ms: int = 0
    """When the input before was."""
    begun_from: int = 0
    over_from: int = 0
    has_agent: bool = False
    is_closed: bool = False
    speech: tuple[int, int] | None = None
    """The input that is speech which is not over, and when it began."""

    def read(self, entry: Entry) -> None:
        """Take the next entry of the log."""
        data = entry.data
        match entry.kind:
            case EntryKind.IDENTIFIED:
                self.has_agent, self.last_ms = True, entry.at_ms
            case EntryKind.PROMPT if data["name"] != hold.NAME:
                self.plays.append(_Play(str(data["name"]), _int(data, "began_ms")))
            case EntryKind.HEARD if data["name"] != hold.NAME:
                self.note_over(str(data["name"]), entry.at_ms, _int(data, "total_ms"))
            case EntryKind.PROBLEM if "name" in data and "could not be played" in entry.text:
                self.past.lengths.setdefault(str(data["name"]), []).append(None)
            case EntryKind.KEY if "digit" in data:
                self._input(Input(do=Do.PRESS, keys=str(data["digit"])), entry.at_ms)
            case EntryKind.SPEECH | EntryKind.CLEAR:
                self.note_speech(entry)
            case EntryKind.STOP | EntryKind.END if not self.is_closed:
                self.note_end(entry)

    def note_over(self, name: str, at_ms: int, total_ms: int) -> None:
        """Note that a prompt was over, and how long it was."""
        self.past.lengths.setdefault(name, []).append(total_ms)
        self.over.append((name, at_ms))
        play = next((play for play in self.plays if play.over_ms is None and play.name == name), None)
        if play:
            play.over_ms = at_ms

    def note_speech(self, entry: Entry) -> None:
        """Note that the person began to speak, cut a prompt with it, or stopped."""
        if entry.kind is EntryKind.CLEAR:
            if self.speech and entry.data.get("by") == "speech":
                at = self.speech[0]
                self.past.inputs[at] = structs.replace(self.past.inputs[at], cuts=True)
        elif "duration_ms" not in entry.data:
            self._input(Input(do=Do.SAY, cuts=False), entry.at_ms)
            self.speech = len(self.past.inputs) - 1, entry.at_ms
        elif self.speech:
            self._stop_speaking(entry.at_ms)

    def _stop_speaking(self, at_ms: int) -> None:
        if self.speech:
            at, began_ms = self.speech
            self.past.inputs[at] = structs.replace(self.past.inputs[at], speech_ms=at_ms - began_ms)
            self.speech = None

    def note_end(self, entry: Entry) -> None:
        """Note that the call ended; if not by us, the person hung up."""
        self.is_closed = True
        self._stop_speaking(entry.at_ms + 1)
        if entry.data.get("ended_by") != Ending.AGENT.value:
            self._input(Input(do=Do.HANG_UP), entry.at_ms)
        self.last_ms = entry.at_ms

    # --- when ----------------------------------------------------------------------------------------

    def _input(self, given: Input, at_ms: int) -> None:
        """Add an input, its moment told relative to what was heard then."""
        self.past.inputs.append(structs.replace(given, **self.moment_of(given, at_ms)))
        self.last_ms = at_ms
        self.begun_from = sum(1 for play in self.plays if play.began_ms <= at_ms)
        self.over_from = len(self.over)

    def moment_of(self, given: Input, at_ms: int) -> dict[str, object]:
        """Return the fields of an input that say when it came, by what was heard then."""
        if not self.has_agent:
            return {"at": At.START, "after_ms": 0}
        if self.is_closed and given.do is Do.PRESS:
            return {"at": At.END, "after_ms": at_ms - self.last_ms}
        before = self.begun_from - 1  # its end may have been the input itself
        if before >= 0 and (self.plays[before].over_ms or at_ms) > self.last_ms:
            self.begun_from = before
        for at, play in enumerate(self.plays):
            if play.over_ms is None and play.began_ms <= at_ms:
                return self.moment_during(at, at_ms)
        over = [(name, ms) for name, ms in self.over[self.over_from :] if ms > self.last_ms]
        if over:
            name, over_ms = over[-1]
            time = sum(1 for other, _ in over if other == name)
            return {"at": At.AFTER, "prompt": name, "time": time, "after_ms": at_ms - over_ms}
        return {"at": At.THEN, "after_ms": at_ms - self.last_ms}

    def moment_during(self, at: int, at_ms: int) -> dict[str, object]:
        """Return the same for an input that came while the prompt of this position played."""
        play = self.plays[at]
        if play.began_ms < self.last_ms:
            return {"at": At.THEN, "after_ms": at_ms - self.last_ms}
        time = sum(1 for other in self.plays[self.begun_from : at + 1] if other.name == play.name)
        return {"at": At.DURING, "prompt": play.name, "time": time, "after_ms": at_ms - play.began_ms}


def read_log(entries: Sequence[Entry]) -> PastCall:
    """Return the script of a call's log, in the order of its sequence."""
    reader = _Reader()
    for entry in entries:
        reader.read(entry)
    return reader.past


def _int(data: Mapping[str, object], name: str) -> int:
    value = data.get(name, 0)
    return value if isinstance(value, int) else 0
