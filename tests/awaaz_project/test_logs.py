"""No log line shows the secret of a stream's address, whoever writes it."""

import datetime
import io
import logging

from daphne.access import AccessLogGenerator

from awaaz_project import asgi
from awaaz_project.logs import MaskSecrets, masked

PATH = "/stream/abcdefghij-secretsecretsecret/"


def test_everything_behind_stream_is_hidden() -> None:
    assert masked(f'"WebSocket {PATH}" [accepted]') == '"WebSocket /stream/•••/" [accepted]'
    assert masked("GET /static/stream.css") == "GET /static/stream.css"


def test_a_record_is_masked_with_its_arguments() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "closed %s after %d s", (PATH, 3), None)
    assert MaskSecrets().filter(record)
    assert record.getMessage() == "closed /stream/•••/ after 3 s"


def test_daphnes_access_log_is_masked_once_the_application_is_loaded() -> None:
    assert asgi.application
    stream = io.StringIO()
    log = AccessLogGenerator(stream)
    log.write_entry("127.0.0.1:1", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), f"WSCONNECT {PATH}")
    assert "secret" not in stream.getvalue()
    assert "WSCONNECT /stream/•••/" in stream.getvalue()
