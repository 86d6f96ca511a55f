"""The folder that is a broker."""

import base64
import errno
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from awaaz_project import celery_app
from awaaz_project.broker import LARGEST
from awaaz_project.launch.processes import ROOT


def message(**changes: Any) -> bytes:
    """A task's message as the worker takes it, but for the changes."""
    body = base64.b64encode(b"[[], {}, {}]").decode()
    properties = {"delivery_tag": "a", "delivery_info": {}, "body_encoding": "base64"}
    whole = {"body": body, "properties": properties, "headers": {"task": "t", "id": "1"}, **changes}
    return json.dumps(whole).encode()


DAMAGED = {
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "cut off": message()[:-20],
    "no object": b"[1, 2]",
    "deep": b"[" * 100_000,
    "no properties": message(properties=None),
    "no headers": message(headers="x"),
    "no tag": message(properties={"delivery_info": {}, "body_encoding": "base64"}),
    "no delivery": message(properties={"delivery_tag": "a", "body_encoding": "base64"}),
    "body no base64": message(body="%%%"),
    "body no JSON": message(body=base64.b64encode(b"{").decode()),
    "body no arguments": message(body=base64.b64encode(b"[1]").decode()),
    "too large": b" " * (LARGEST + 1),
}


def folders(path: Path) -> dict[str, Any]:
    """Everything in one folder, looked at often."""
    names = ("data_folder_in", "data_folder_out", "control_folder")
    return {"polling_interval": 0.02, **{name: str(path) for name in names}}


def test_messages_arrive_whole_and_survive_the_connection(tmp_path: Path) -> None:
    assert celery_app.main == "awaaz"
    options = folders(tmp_path)
    for number in range(3):
        with Connection("folder://localhost/", transport_options=options) as connection:
            connection.SimpleQueue("nudges").put({"number": number})
    with Connection("folder://localhost/", transport_options=options) as connection:
        queue = connection.SimpleQueue("nudges")
        assert {queue.get(timeout=5).payload["number"] for _ in range(3)} == {0, 1, 2}


def test_a_message_half_written_is_not_seen(tmp_path: Path) -> None:
    options = folders(tmp_path)
    (tmp_path / "1_x.others.msg.part").write_text("")
    with Connection("folder://localhost/", transport_options=options) as connection:
        queue = connection.SimpleQueue("others")
        queue.put({"number": 1})
        assert queue.get(timeout=5).payload == {"number": 1}
        assert queue.qsize() == 0


def damage(folder: Path, queue: str) -> None:
    for number, content in enumerate(DAMAGED.values()):
        (folder / f"0_{number}.{queue}.msg").write_bytes(content)
    (folder / f"0_folder.{queue}.msg").mkdir()


def test_damaged_files_are_set_aside_by_name_and_the_next_message_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "queue"
    folder.mkdir()
    damage(folder, "damaged-files")
    with Connection("folder://localhost/", transport_options=folders(folder)) as connection:
        queue = connection.SimpleQueue("damaged-files")
        queue.put({"number": 1})
        with caplog.at_level(logging.ERROR):
            assert queue.get(timeout=5).payload == {"number": 1}
    assert len(list((tmp_path / "damaged").iterdir())) == len(DAMAGED) + 1
    assert not list(folder.glob("*.taken"))
    assert all(f"0_{number}.damaged-files.msg of the" in caplog.text for number in range(len(DAMAGED)))


def test_damaged_bindings_are_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    folder.mkdir()
    (folder / "damaged-bindings.exchange").write_bytes(b"{")
    with Connection("folder://localhost/", transport_options=folders(folder)) as connection:
        queue = connection.SimpleQueue("damaged-bindings")
        queue.put({"number": 1})
        assert queue.get(timeout=5).payload == {"number": 1}
    assert (tmp_path / "damaged" / "damaged-bindings.exchange").exists()


def test_a_full_disk_is_said_and_leaves_nothing_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Connection("folder://localhost/", transport_options=folders(tmp_path)) as connection:
        queue = connection.SimpleQueue("full-disk")
        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(ChannelError, match="No space left"):
            queue.put({"number": 1})
    assert not list(tmp_path.glob("*.part"))
    assert "No space left on device" in caplog.text


def test_a_worker_lives_on_beside_damaged_files(tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "REDIS_URL": "", "DATABASE_URL": ""}
    env = {name: value for name, value in env.items() if name not in ("REDIS_URL", "DATABASE_URL") or value}
    queue = tmp_path / "broker" / "queue"
    queue.mkdir(parents=True)
    damage(queue, "celery")
    (queue / "99_9.celery.msg").write_bytes(message(headers={"task": "unknown", "id": "1", "lang": "py"}))
    command = [sys.executable, "-m", "celery", "-A", "awaaz_project", "worker", "--pool", "solo"]
    worker = subprocess.Popen([*command, "--queues", "celery"], env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        while worker.poll() is None and any(queue.iterdir()):
            time.sleep(0.1)
        assert worker.poll() is None, "the worker ended"
        assert len(list((tmp_path / "broker" / "damaged").iterdir())) == len(DAMAGED) + 1
    finally:
        worker.terminate()
        worker.wait()
