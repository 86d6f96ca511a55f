"""PURE: figures of a run, and whether they reach what is asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

NOT_MEASURED: Final = "not_measured"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` (0 to 1) of the values do not exceed. Raises ValueError."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the middle value; of an even number the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of delays, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float


def spread(values: Sequence[float]) -> Spread | None:
    """Return the percentiles of `values` (milliseconds); None if there are none."""
    if not values:
        return None
    p50, p95, p99 = (round(percentile(values, share), 2) for share in (0.5, 0.95, 0.99))
    return Spread(len(values), p50, p95, p99)


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is asked for: at least or at most `bound`."""

    name: str
    bound: float
    at_least: bool = True

    def is_reached(self, value: float | None) -> bool:
        """Return whether the goal is reached; a value that was not measured (None) does not reach it."""
        if value is None:
            return False
        return value >= self.bound if self.at_least else value <= self.bound


GOALS: Final = (
    Goal("daphne_vs_stock", 2.0),
    Goal("daphne_vs_asgi", 0.8),
    Goal("uvicorn_vs_stock", 4.0),
    Goal("daphne_full_vs_stock", 1.5),
    Goal("uvicorn_full_vs_stock", 3.0),
    Goal("dialogue_vs_menu", 0.97),
    Goal("dtmf_to_audio_p99_ms", 40, at_least=False),
    Goal("speech_to_clear_p99_ms", 220, at_least=False),
    Goal("played_gaps", 0, at_least=False),
)
"""Speech to `clear`: 200 ms of audio and 20 ms of machine time."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure that compares calls a core; of several of ours the lowest counts."""

    name: str
    ours: tuple[str, ...]
    baseline: str


RATIOS: Final = (
    Ratio("daphne_vs_stock", ("ours_daphne",), "stock_daphne"),
    Ratio("daphne_vs_asgi", ("ours_daphne",), "asgi_daphne"),
    Ratio("uvicorn_vs_stock", ("ours_uvicorn",), "stock_daphne"),
    Ratio("daphne_full_vs_stock", ("full_daphne", "full_daphne_pg"), "stock_daphne"),
    Ratio("uvicorn_full_vs_stock", ("full_uvicorn", "full_uvicorn_pg"), "stock_daphne"),
)


def asked_of(name: str, baselines: Mapping[str, int]) -> int:
    """Return the calls that reach every goal of a contender, by what the baselines carry; 0 if unknown."""
    bounds = {goal.name: goal.bound for goal in GOALS}
    asked = [bounds[ratio.name] * baselines.get(ratio.baseline, 0) for ratio in RATIOS if name in ratio.ours]
    return ceil(max(asked, default=0))


def last_line(figures: Mapping[str, float | None]) -> str:
    """Return the run as one line of `name=value`, in the order of `GOALS`."""
    return " ".join(f"{goal.name}={_shown(figures.get(goal.name))}" for goal in GOALS)


def missed(figures: Mapping[str, float | None]) -> list[str]:
    """Return a sentence for each goal that is not reached."""
    goals = [goal for goal in GOALS if not goal.is_reached(figures.get(goal.name))]
    return [
        f"{goal.name} is {_shown(figures.get(goal.name))}, {_bound(goal)} is asked for." for goal in goals
    ]


def ratio(calls: float | None, of: float | None) -> float | None:
    """Return how many times as many calls; None if either was not measured."""
    return round(calls / of, 2) if calls and of else None


def _bound(goal: Goal) -> str:
    return f"{'at least' if goal.at_least else 'at most'} {goal.bound:g}"


def _shown(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:g}"
