"""What is known of a contender so far."""

from dataclasses import dataclass, field

from bench.media.contenders import Contender
from bench.media.step import Result
from bench.shared import figures

NEAR = 1.3
"""A search that ran out of time counts if what failed is at most this many times what was carried."""


@dataclass(slots=True)
class Standing:
    """What is known of a contender: the answer of each search, and every step."""

    contender: Contender
    answers: list[int] = field(default_factory=list)
    brackets: list[tuple[int, int]] = field(default_factory=list)
    steps: list[Result] = field(default_factory=list)
    half: Result | None = None
    unfinished: bool = False
    """Whether time ran out before a search was done: then it carries this many at least."""

    @property
    def calls(self) -> int:
        """Calls a core: the median of the searches."""
        return round(figures.median(self.answers)) if self.answers else 0

    @property
    def is_baseline(self) -> bool:
        """Whether others are compared with it."""
        return not self.contender.kind.database

    @property
    def disagreement(self) -> float:
        """How far the searches differ, as a share of their median."""
        return (max(self.answers) - min(self.answers)) / max(self.calls, 1)

    @property
    def is_known(self) -> bool:
        """Whether some search came near its answer from above too; else `calls` says little."""
        return any(passed and failed and failed <= passed * NEAR for passed, failed in self.brackets)

    @property
    def best(self) -> Result | None:
        """The highest step at or below the answer that was carried."""
        carried = [result for result in self.steps if result.is_carried and result.calls <= self.calls * 1.05]
        return max(carried, key=lambda result: result.calls, default=None)
