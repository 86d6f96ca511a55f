"""Our own consumer, served by Daphne as it is in production, passes the report it is measured by."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.calls.servers import Server, serving
from tests.sandbox.conftest import CALLER, TENANT
from tests.sandbox.processes import free_port, manage, sandbox

FURNISH = """
import json
from pathlib import Path
import calls.agents
from calls.agents.dialogue.from_menu import converted
from campaigns.models import Account, Agent, PhoneNumber

example = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
account = Account.objects.create(
    name="Office", base_url="http://127.0.0.1:9000", tenant="demo", email="a@b.in", password="x"
)
agent = Agent.objects.create(name="Reminder", kind="dialogue", configuration=converted(example))
for container in ("wav", "raw"):
    number = PhoneNumber.objects.create(
        account=account, e164="+9179613441" + ("01" if container == "wav" else "02"), inbound_agent=agent,
        max_calls=10, container=container,
    )
    print("PATH", container, number.stream_path)
"""

KNOWN = ("name=Meena", "amount=1250", "due_date=2026-12-05")
KEY = "k" * 50


def paths(folder: Path, **variables: str) -> dict[str, str]:
    """Two numbers of our own, answered by a menu; the path of each by its container."""
    assert manage(folder, "migrate", "-v", "0", **variables).returncode == 0
    made = manage(folder, "shell", "-v", "0", "-c", FURNISH, **variables)
    words = [line.split() for line in made.stdout.splitlines() if line.startswith("PATH ")]
    assert len(words) == 2, made.stderr
    return {container: path for _, container, path in words}


@pytest.mark.timeout(240)
def test_our_consumer_passes(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/app.sqlite3"
    by_container = paths(tmp_path, DATABASE_URL=database, SECRET_KEY=KEY)
    with serving(tmp_path, DATABASE_URL=database, SECRET_KEY=KEY) as server:
        everybody = ["--person", "impatient", "--person", "presses_one", "--person", "hangs_up_mid_prompt"]
        in_wav = report(tmp_path, server, by_container["wav"], "wav", *everybody, "--calls", "3")
        in_raw = report(tmp_path, server, by_container["raw"], "raw", "--person", "impatient")
    assert in_wav == dict.fromkeys(in_wav, "pass")
    assert set(in_raw.values()) == {"pass", "not-tried"}


def report(folder: Path, server: Server, path: str, container: str, *more: str) -> dict[str, str]:
    """How each requirement was kept."""
    known = [word for pair in KNOWN for word in ("--param", pair)]
    to = ["--to", server.url(path), "--container", container, "--json", "-"]
    done = manage(folder, "sandbox_call", *to, *known, *more)
    assert done.returncode == 0, done.stdout + done.stderr + server.output
    return {check["check"]: check["status"] for check in json.loads(done.stdout)["checks"]}


CALLS = """
from calls.models import Call

for call in Call.objects.all():
    print("CALL", call.direction, call.number.e164, call.agent.name, call.disposition)
"""


@pytest.mark.timeout(240)
def test_our_number_answers_somebody_who_calls_in(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/app.sqlite3"
    path = paths(tmp_path, DATABASE_URL=database, SECRET_KEY=KEY)["wav"]
    port, known = free_port(), dict(pair.split("=") for pair in KNOWN)
    with serving(tmp_path, DATABASE_URL=database, SECRET_KEY=KEY) as server, sandbox(tmp_path, port):
        call = rung(port, server.url(path), known)
        assert server.terminate() == 0
    assert (call["disposition"], call["digits"], call["problems"]) == ("agent_ended", "1", {})
    assert call["heard_ms"] > 3000
    told = manage(tmp_path, "shell", "-v", "0", "-c", CALLS, DATABASE_URL=database, SECRET_KEY=KEY)
    assert "CALL inbound +917961344101 Reminder" in told.stdout, told.stderr


def rung(port: int, stream_url: str, known: dict[str, str]) -> Any:
    """Return the sandbox's record of a call to our number by a person who presses a key into the prompt."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/sandbox", timeout=10) as platform:
        platform.post("/tenants", json=TENANT).raise_for_status()
        number = {"tenant": "demo", "phone_number": CALLER, "stream_url": stream_url}
        platform.post("/numbers", json=number).raise_for_status()
        body = {"from": "9876543210", "to": CALLER, "person": "impatient", "custom_parameters": known}
        where = f"/calls/{platform.post('/call-in', json=body).raise_for_status().json()['id']}"
        end = time.monotonic() + 90
        while (call := platform.get(where).json())["state"] != "ended":
            assert time.monotonic() < end
            time.sleep(0.2)
        return call
