"""The command: what it refuses, what it writes, and its exit code."""

import io
import json
import wave
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.sandbox.processes import manage, program

NOBODY = "ws://127.0.0.1:1/s3cret"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--person", "nobody"], "no person 'nobody'"),
        (["--person", "busy"], "never picks up"),
        (["--quirks", "nice"], "no quirk 'nice'"),
        (["--fault", "melt"], "no fault 'melt'"),
        (["--fault", "loss=much"], "A number from 0"),
        (["--param", "x"], "not NAME=VALUE"),
        (["--timeout", "0"], "must be positive"),
        (["--calls", "-1"], "must be positive"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(options: list[str], word: str) -> None:
    with pytest.raises(CommandError, match=word) as refused:
        call_command("sandbox_call", "--to", NOBODY, *options)
    assert refused.value.returncode == 2


def test_an_agent_that_is_not_there_is_a_report_and_exit_code_1(tmp_path: Path) -> None:
    told = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "sandbox_call",
            "--to",
            NOBODY,
            "--person",
            "silent",
            "--json",
            str(tmp_path / "r.json"),
            stdout=told,
        )
    assert ended.value.code == 1
    assert "FAIL  connects" in told.getvalue()
    assert "s3cret" not in told.getvalue()
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "fail"


def test_many_calls_at_once_as_a_program_with_one_recording(tmp_path: Path) -> None:
    with program("tests/sandbox/vendor_sample.py") as url:
        done = manage(
            tmp_path, "sandbox_call", "--to", url, "--person", "impatient", "--calls", "12",
            "--quirks", "exotel", "--wav", str(tmp_path / "heard.wav"),
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures = dict(pair.split("=") for pair in done.stdout.splitlines()[-1].split())
    assert (figures["calls"], figures["fail"]) == ("12", "0")
    assert {"first_audio_p99_ms", "reaction_p99_ms", "within_5ms_percent"} <= set(figures)
    assert [path.name for path in tmp_path.glob("*.wav")] == ["heard.wav"]
    with wave.open(str(tmp_path / "heard.wav")) as recorded:
        assert (recorded.getnchannels(), recorded.getframerate()) == (2, 8000)
        assert recorded.getnframes() > 8000
    assert not list(tmp_path.glob("*.sqlite3"))


def test_a_bad_line_is_rung_with(tmp_path: Path) -> None:
    with program("tests/sandbox/vendor_sample.py") as url:
        done = manage(
            tmp_path, "sandbox_call", "--to", url, "--person", "impatient", "--json", "-",
            "--fault", "loss=20", "--fault", "cut=0.5",
        )  # fmt: skip
    [call] = json.loads(done.stdout)["calls"]
    assert "line was cut by a fault" in json.dumps(call), done.stderr
