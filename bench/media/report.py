"""A run as a table, as JSON and as a chart."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.media.standing import Standing
from bench.media.step import LIMIT_MS, Result
from bench.shared import figures
from bench.shared.chart import bars
from bench.shared.figures import Spread

RESULTS = Path(__file__).resolve().parents[1] / "results"
IST = ZoneInfo("Asia/Kolkata")
_HEADINGS = ("", "calls", "tried and not carried", "CPU µs", "added latency", "echo round trip", "gaps")


def progress(name: str, result: Result, *, again: bool) -> str:
    """Return one step as a line of text."""
    verdict = "carried" if result.is_carried else "in doubt, once more" if again else "too many"
    late, echo = (f"{delays.p99:7.1f}" if delays else "      –" for delays in (result.late, result.echo))
    figures_ = f"late {late} ms  echo {echo} ms  core {result.core_used:4.0%}  others {result.foreign:4.0%}"
    return f"  {name:16}{result.calls:5} calls  {figures_}  {verdict}{_losses(result)}"


def _losses(result: Result) -> str:
    if not result.lost:
        return ""
    codes = ", ".join(f"{count} with {code}" for code, count in result.closed.items())
    return f"; {result.lost} calls lost ({codes or 'not connected'})"


def table(standings: Mapping[str, Standing]) -> str:
    """Return a table of calls a core and what they cost, then of the delays at half of that."""
    lines = [_row(*_HEADINGS), *(_capacity(standing) for standing in standings.values())]
    halves = [standing for standing in standings.values() if standing.half]
    if halves:
        head = _row(
            "At half of that", "calls", "", "key → clear", "key → first audio", "speech → clear", "gaps"
        )
        lines += ["", head, *(_half(standing, standing.half) for standing in halves if standing.half)]
    return "\n".join(lines)


def _row(*cells: str) -> str:
    name, calls, bracket, cpu, *rest, last = cells
    middle = "".join(f"{cell:>24}" for cell in rest)
    return f"{name:38}{calls:>6}{bracket:>23}{cpu:>21}{middle}{last:>6}".rstrip()


def _capacity(standing: Standing) -> str:
    best = standing.best
    tried = ", ".join(str(failed) if failed else "none" for _, failed in standing.brackets)
    tried += " (unfinished)" if standing.unfinished else ""
    if best is None:
        return _row(standing.contender.kind.title, str(standing.calls), tried, "–", "–", "–", "–")
    cpu = f"{best.cpu_us_a_frame:.0f}"
    return _row(
        standing.contender.kind.title,
        str(standing.calls),
        tried,
        cpu,
        _three(best.late),
        _three(best.echo),
        str(best.gaps),
    )


def _half(standing: Standing, half: Result) -> str:
    delays = [_three(half.key_to_clear), _three(half.key_to_audio), _three(half.speech_to_clear)]
    return _row(standing.contender.kind.title, str(half.calls), "", *delays, str(half.gaps))


def _three(delays: Spread | None) -> str:
    if delays is None:
        return figures.NOT_MEASURED
    return f"{delays.p50:.1f} / {delays.p95:.1f} / {delays.p99:.1f}"


def publish(
    standings: Mapping[str, Standing],
    found: Mapping[str, float | None],
    *,
    skipped: Mapping[str, str],
    quick: bool,
) -> None:
    """Print the table and the last line; write JSON and chart."""
    now = datetime.now(IST)
    print(f"\nCalls a core at a p99 of added latency of at most {LIMIT_MS:g} ms. p50 / p95 / p99 in ms.\n")
    print(table(standings))
    for name, standing in standings.items():
        for line in standing.contender.complaints:
            print(f"{name} said: {line}")
    for name, reason in skipped.items():
        print(f"{name}: skipped, because {reason}.")
    print(f"\n{noise(standings)}")
    base = RESULTS / f"media-{now:%Y-%m-%d-%H%M}{'-quick' if quick else ''}"
    RESULTS.mkdir(exist_ok=True)
    run = as_json(standings, found, skipped=skipped, quick=quick, now=now)
    base.with_suffix(".json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    titles = {standing.contender.kind.title: standing.calls for standing in standings.values()}
    title = f"Calls on one core, p99 of added latency ≤ {LIMIT_MS:g} ms ({now:%d %b %Y, %H:%M} IST)"
    base.with_suffix(".svg").write_text(bars(titles, title=title))
    print(f"Written to bench/results/{base.name}.json and .svg")
    for sentence in figures.missed(found):
        print(f"Not reached: {sentence}")
    print(figures.last_line(found))


def noise(standings: Mapping[str, Standing]) -> str:
    """Return a sentence on how much else the machine did, and how far repeated searches differ."""
    steps = [result for standing in standings.values() for result in standing.steps]
    others = [result.foreign for result in steps]
    disturbed = sum(result.is_disturbed for result in steps)
    text = f"{len(steps)} steps, {disturbed} of them disturbed by other programs"
    if others:
        text += f" (which took {figures.median(others):.0%} of the server's core in the middle, "
        text += f"{max(others):.0%} at most)"
    spreads = [standing.disagreement for standing in standings.values() if len(standing.answers) > 1]
    agreed = f"repeated searches differ by {max(spreads):.0%} at most" if spreads else "one search each"
    return f"{text}; {agreed}."


def as_json(
    standings: Mapping[str, Standing],
    found: Mapping[str, float | None],
    *,
    skipped: Mapping[str, str],
    quick: bool,
    now: datetime,
) -> dict[str, Any]:
    """Return everything that was measured."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
        "figures": dict(found),
        "missed": figures.missed(found),
        "noise": noise(standings),
        "skipped": dict(skipped),
        "contenders": {name: _contender(standing) for name, standing in standings.items()},
    }


def _contender(standing: Standing) -> dict[str, Any]:
    return {
        "title": standing.contender.kind.title,
        "calls": standing.calls,
        "vad": standing.contender.vad,
        "unfinished": standing.unfinished,
        "searches": [{"carried": passed, "failed": failed or None} for passed, failed in standing.brackets],
        "best": standing.best and asdict(standing.best),
        "half": standing.half and asdict(standing.half),
        "steps": [asdict(result) for result in standing.steps],
    }
