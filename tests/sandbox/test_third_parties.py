"""Agents of others, rung unmodified: each is a program that knows nothing of this project."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.processes import manage, program

PIPECAT_PYTHON = os.environ.get("PIPECAT_PYTHON", sys.executable)
PEOPLE = ["--person", "impatient", "--person", "presses_one", "--person", "hangs_up_mid_prompt"]


def has_pipecat() -> bool:
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pipecat') is None)"
    return subprocess.run([PIPECAT_PYTHON, "-c", look], check=False).returncode == 0


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["status"] for check in report["checks"]}


def rung(folder: Path, url: str, *more: str) -> dict[str, Any]:
    done = manage(folder, "sandbox_call", "--to", url, *PEOPLE, "--json", "-", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_an_agent_in_the_shape_of_the_vendors_sample_keeps_everything(tmp_path: Path) -> None:
    with program("tests/sandbox/vendor_sample.py") as url:
        report = rung(tmp_path, url, "--container", "wav", "--wav", str(tmp_path / "heard.wav"))
    # It sends each prompt at once, so that no rate can be heard in it.
    assert {name: what for name, what in statuses(report).items() if what != "pass"} == {"rate": "not-tried"}
    assert [call["how"] for call in report["calls"]] == ["agent_ended", "agent_ended", "person_hung_up"]
    assert (tmp_path / "heard.wav").stat().st_size > 50_000
    assert (tmp_path / "heard-3.wav").exists()


@pytest.mark.skipif(not has_pipecat(), reason="pipecat-ai is not installed; `make test-pipecat` installs it")
def test_an_agent_on_pipecat_keeps_everything(tmp_path: Path) -> None:
    with program("tests/sandbox/pipecat_bot.py", PIPECAT_PYTHON) as url:
        report = rung(tmp_path, url, "--container", "raw")
    assert "fail" not in statuses(report).values()
    assert statuses(report)["clear"] == statuses(report)["marks"] == statuses(report)["closes"] == "pass"
    assert [call["how"] for call in report["calls"]] == ["agent_ended", "agent_ended", "person_hung_up"]
