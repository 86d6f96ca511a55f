"""The folder that is a broker."""

from pathlib import Path
from typing import Any

from kombu import Connection

from awaaz_project import celery_app


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
