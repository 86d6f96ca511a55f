"""Our own consumer, served by Daphne as it is in production, passes the report it is measured by."""

import json
from pathlib import Path

import pytest

from tests.calls.servers import Server, serving
from tests.sandbox.processes import manage

FURNISH = """
import json
from pathlib import Path
import calls.agents
from campaigns.models import Account, Agent, PhoneNumber

example = json.loads((Path(calls.agents.__file__).parent / "examples" / "emi-reminder.json").read_text())
account = Account.objects.create(
    name="Office", base_url="http://127.0.0.1:9000", tenant="demo", email="a@b.in", password="x"
)
agent = Agent.objects.create(name="Reminder", kind="menu", configuration=example)
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
    assert set(in_wav.values()) == {"pass"}
    assert set(in_raw.values()) == {"pass", "not-tried"}


def report(folder: Path, server: Server, path: str, container: str, *more: str) -> dict[str, str]:
    """How each requirement was kept."""
    known = [word for pair in KNOWN for word in ("--param", pair)]
    to = ["--to", server.url(path), "--container", container, "--json", "-"]
    done = manage(folder, "sandbox_call", *to, *known, *more)
    assert done.returncode == 0, done.stdout + done.stderr + server.output
    return {check["check"]: check["status"] for check in json.loads(done.stdout)["checks"]}
