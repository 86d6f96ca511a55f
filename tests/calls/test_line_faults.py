"""Our consumer on a real server survives every fault of the line: a closed row with a true reason, no
exception in the log, and the other call beside it is as good as ever.

The real sandbox rings. That each fault really happens on the wire: tests/sandbox/test_line_faults.py.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from calls.models import Call
from campaigns.models import PhoneNumber
from sandbox.line.faults import LineFault
from tests.calls.rows import kinds_of, wait_for_closed
from tests.calls.servers import Server, serving
from tests.sandbox.processes import free_port, sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system]
FAULTY, CLEAN = "+919876543210", "+919876500000"


class PromptResult(NamedTuple):
    """Who ended the call, as what it counts, words of the reason, and whether problems are in the log."""

    ended_by: str
    disposition: str
    words: str
    problems: bool = False


HUNG_UP = PromptResult("caller", "answered", "hung up")
NOTICED = HUNG_UP._replace(problems=True)
SURVIVED: dict[LineFault, PromptResult] = {
    LineFault.JITTER: HUNG_UP,
    LineFault.BURSTS: HUNG_UP,
    LineFault.LOSS: HUNG_UP,
    LineFault.CUT: PromptResult("connection", "dropped", "broke without a stop"),
    LineFault.STOP_THEN_CUT: PromptResult("caller", "answered", "hung up"),
    LineFault.CLOSE_WITHOUT_STOP: PromptResult("connection", "dropped", "broke without a stop"),
    LineFault.NOT_JSON: NOTICED,
    LineFault.WRONG_TYPES: NOTICED,
    LineFault.HUGE_NUMBERS: NOTICED,
    LineFault.BINARY: NOTICED,
    LineFault.MEDIA_BEFORE_START: NOTICED,
    LineFault.SECOND_START: NOTICED,
    LineFault.STOP_TWICE: HUNG_UP,
    LineFault.READS_NOTHING: PromptResult("connection", "dropped", "took no audio"),
}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    port = free_port()
    with (
        sandbox(tmp_path_factory.mktemp("sandbox"), port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        client.post("/sandbox/tenants", json={"tenant": "demo", "email": "a@b.in", "password": "x"})
        yield client


@pytest.fixture
def server(tmp_path: Path, number: PhoneNumber, http: httpx.Client) -> Iterator[Server]:
    """The number's Daphne, known to the sandbox."""
    with serving(tmp_path, SEND_SECONDS="0.5") as server:
        known = {"tenant": "demo", "phone_number": number.e164, "stream_url": server.url(number.stream_path)}
        http.post("/sandbox/numbers", json=known).raise_for_status()
        yield server


def ring(http: httpx.Client, number: PhoneNumber, to: str, **call: Any) -> str:
    given = {"from": number.e164, "to": to, "person": "hangs_up_early", **call}
    return str(http.post("/sandbox/call", json=given).raise_for_status().json()["id"])


def ended(http: httpx.Client, call: str) -> dict[str, Any]:
    until = time.monotonic() + 70
    while (record := http.get(f"/sandbox/calls/{call}").json())["state"] != "ended":
        assert time.monotonic() < until
        time.sleep(0.05)
    return dict(record)


def test_every_fault_has_been_survived() -> None:
    assert set(SURVIVED) == set(LineFault)


@pytest.mark.parametrize("fault", LineFault)
def test_a_call_survives(http: httpx.Client, server: Server, number: PhoneNumber, fault: LineFault) -> None:
    person = "presses_one" if fault is LineFault.READS_NOTHING else "hangs_up_early"
    faulty = ended_of(http, number, person, fault)
    rows = {call.stream_sid: call for call in wait_for_closed(2, seconds=30)}
    spoilt, clean = rows[faulty[0]], rows[faulty[1]]
    fate = SURVIVED[fault]
    assert (spoilt.ended_by, spoilt.disposition) == (fate.ended_by, fate.disposition)
    assert fate.words in spoilt.reason
    assert ("problem" in kinds_of(spoilt)) == fate.problems
    assert (clean.ended_by, clean.disposition) == ("caller", "answered")
    assert "problem" not in kinds_of(clean)
    assert clean.heard_ms > 1000
    assert "Traceback" not in server.output, server.output[-6000:]
    assert Call.objects.exclude(state=Call.State.ENDED).count() == 0


def ended_of(http: httpx.Client, number: PhoneNumber, person: str, fault: LineFault) -> tuple[str, str]:
    """The stream ids of a call with the fault and of one without, made at once, both over."""
    made = (ring(http, number, FAULTY, faults=fault.value, person=person), ring(http, number, CLEAN))
    records = [ended(http, call) for call in made]
    return (records[0]["stream_sid"], records[1]["stream_sid"])
