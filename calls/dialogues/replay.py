"""Replay past calls with a draft: how many end the same, how the others would differ, what can't be known."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.dialogues.past import StoredCall, read
from calls.simulated.comparison import Difference, DifferenceKind, replay

_MOST_LISTED = 20


@dataclass(slots=True)
class Kind:
    """The calls whose first difference is of one kind; the first such call is the example."""

    count: int
    example: Difference
    call_id: UUID
    phone: str
    """Masked."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of a replay."""

    calls: int = 0
    same: int = 0
    differ: int = 0
    unknown: int = 0
    """Of those that differ: the person did something after the first difference, so the rest is open."""
    left_out: int = 0
    """Who they were for is not known any more."""
    kinds: dict[DifferenceKind, Kind] = field(default_factory=dict)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Outcome there was, outcome there would be, where that is known and another."""
    opt_outs: list[UUID] = field(default_factory=list)
    """Calls whose opt-out would be missed, or new; at most 20."""

    def add(self, call: StoredCall, difference: Difference | None) -> None:
        """Count a call that was replayed."""
        self.calls += 1
        if difference is None:
            self.same += 1
            return
        self.differ += 1
        self.unknown += not difference.is_known
        if found := self.kinds.get(difference.kind):
            found.count += 1
        else:
            self.kinds[difference.kind] = Kind(1, difference, call.call_id, call.phone)
        if difference.is_known and difference.before != difference.after:
            self.moved[difference.before, difference.after] += 1
        is_opt_out = difference.kind in (DifferenceKind.OPT_OUT_MISSED, DifferenceKind.OPT_OUT_NEW)
        if is_opt_out and len(self.opt_outs) < _MOST_LISTED:
            self.opt_outs.append(call.call_id)

    def sentences(self) -> Iterator[str]:
        """Yield the report in sentences, for screens and terminals."""
        yield f"Of {self.calls:,} calls {self.same:,} go the same way and {self.differ:,} differ."
        if self.left_out:
            yield f"{self.left_out:,} calls were left out: who they were for is not known any more."
        for kind, found in sorted(self.kinds.items(), key=lambda item: -item[1].count):
            whose = f" ({found.phone})" if found.phone else ""
            example = f"Call {found.call_id}{whose}: {found.example.sentence}"
            yield f"{kind.value.capitalize()}: {found.count:,}. {example}"
        for (before, after), count in self.moved.most_common():
            yield f"Outcome “{before or 'none'}” becomes “{after or 'none'}”: {count:,}."
        if self.unknown:
            yield (
                f"In {self.unknown:,} calls the person did something after the first difference; what they"
                " would have done instead cannot be known."
            )


def run(
    document: DialogueConfiguration,
    call_ids: Sequence[UUID],
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Return how past calls would go with a dialogue without problems. `on_progress`: calls done so far."""
    report = Report()
    for number, call in enumerate(read(call_ids), 1):
        if call.person is None:
            report.left_out += 1
        else:
            report.add(call, replay(document, call.person, call.entries))
        if on_progress and number % 100 == 0:
            on_progress(number)
    return report
