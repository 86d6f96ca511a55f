"""The report in words and as data."""

import json

import pytest

from sandbox.conformance.report import (
    Rung,
    as_data,
    as_text,
    failed,
    figures,
    results,
    shown_address,
    within_percent,
)
from sandbox.conformance.requirements import Finding, Status
from sandbox.line.observations import Frame

SHOWN = Frame("agent", 7, 1234, '{"event":"media"}')


def rung(number: int, status: Status, *, first_audio_s: float | None = None, late: int = 0) -> Rung:
    found = [
        Finding("pacing", "Not too far ahead.", status, f"of call {number}", SHOWN),
        Finding("marks", "Marks are asked for.", Status.NOT_TRIED, ""),
    ]
    return Rung(
        number,
        "impatient",
        "agent_ended",
        "It closed.",
        2.0,
        found,
        first_audio_s,
        [0.1],
        slots=100,
        slots_late=late,
    )


CALLS = [rung(1, Status.PASS), rung(2, Status.FAIL), rung(3, Status.FAIL), rung(4, Status.WARN)]


def test_the_worst_call_stands_for_a_requirement() -> None:
    [pacing, marks] = results(CALLS)
    assert (pacing.call, pacing.worst.detail, pacing.counted[Status.FAIL]) == (2, "of call 2", 2)
    assert marks.worst.status is Status.NOT_TRIED
    assert failed(CALLS)
    assert not failed([CALLS[0], CALLS[3]])


def test_the_text_shows_the_frame_and_ends_with_the_figures() -> None:
    text = as_text(CALLS, "ws://user:pass@host:8000/stream/s3cret/")
    assert "Seen: call 2, frame 7 of the agent, 1.234 s after start" in text
    assert "s3cret" not in text
    assert "pass@" not in text
    last = text.splitlines()[-1]
    assert last.startswith("calls=4 not_tried=1 pass=0 warn=0 fail=1 ")
    assert "within_5ms_percent=100.0" in last


def test_a_late_machine_says_so() -> None:
    assert "were late" in as_text([rung(1, Status.PASS, late=1)], "ws://host/")
    assert "were late" not in as_text([rung(1, Status.PASS)], "ws://host/")


def test_percentiles_are_ranks_of_what_was_measured() -> None:
    calls = [rung(n, Status.PASS, first_audio_s=n / 1000) for n in range(1, 201)]
    made = figures(calls)
    assert [made[f"first_audio_p{p}_ms"] for p in (50, 95, 99)] == [100, 190, 198]
    assert made["reaction_p99_ms"] == 100
    assert "first_audio_p50_ms" not in figures(CALLS)


def test_a_share_is_never_rounded_up() -> None:
    assert within_percent(100_000, 101) == 99.89
    assert within_percent(100_000, 100) == 99.9
    assert within_percent(0, 0) == 0.0


def test_the_data_can_be_written_as_json() -> None:
    data = json.loads(json.dumps(as_data(CALLS, "wss://host/x")))
    assert (data["verdict"], data["to"]) == ("fail", "wss://host/…")
    assert data["checks"][0]["frame"] == {
        "sender": "agent", "number": 7, "at_ms": 1234, "excerpt": '{"event":"media"}'
    }  # fmt: skip
    assert data["checks"][0]["calls"] == {"not-tried": 0, "pass": 1, "warn": 1, "fail": 2}
    assert len(data["calls"]) == 4
    assert as_data(CALLS[:1], "ws://x")["verdict"] == "pass"


@pytest.mark.parametrize("url", ["ws://h:1/a/b?c=d", "ws://u:p@h:1/", "ws://h:1"])
def test_an_address_is_shown_without_its_secrets(url: str) -> None:
    assert shown_address(url) == "ws://h:1/…"
