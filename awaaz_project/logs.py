"""Logging: the addresses of our streams hold a secret, so no log line shows them whole."""

import logging
import re
from typing import Any

from daphne.access import AccessLogGenerator

_STREAM_PATH = re.compile(r"/stream/[^\s\"'/]+")


def masked(text: str) -> str:
    """Return `text` with everything behind `/stream/` hidden."""
    return _STREAM_PATH.sub("/stream/•••", text)


class MaskSecrets(logging.Filter):
    """Hide stream secrets in log lines: on handlers, and on loggers of servers with handlers of their own."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a line that names a stream. Returns True always: no line is dropped."""
        message = record.getMessage()
        if "/stream/" in message:
            record.msg, record.args = masked(message), ()
        return True


def mask_daphnes_access_log() -> None:
    """Hide stream secrets in Daphne's access log.

    Daphne writes it past `logging`, straight to a file or stdout, with the whole path, and has no setting
    for its form; so its one method that writes is wrapped.
    """
    write_entry = AccessLogGenerator.write_entry

    def write_masked_entry(log: Any, host: str, date: Any, request: str, *rest: Any, **named: Any) -> None:
        write_entry(log, host, date, masked(request), *rest, **named)

    AccessLogGenerator.write_entry = write_masked_entry
