"""Logging: the addresses of our streams hold a secret, so no log line shows them whole."""

import logging
import re
from typing import Any

from daphne.access import AccessLogGenerator

_STREAM_PATH = re.compile(r"/stream/[^\s\"'/]+")


def masked(text: str) -> str:
    """`text` with everything behind `/stream/` hidden."""
    return _STREAM_PATH.sub("/stream/•••", text)


class MaskSecrets(logging.Filter):
    """For handlers, and for the loggers of servers that bring their own handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a line that names a stream; let all of them pass."""
        message = record.getMessage()
        if "/stream/" in message:
            record.msg, record.args = masked(message), ()
        return True


def mask_daphnes_access_log() -> None:
    """Daphne writes its access log past `logging`, straight to a file or stdout, with the whole path.

    There is no setting for its form; so its one method that writes is wrapped.
    """
    write_entry = AccessLogGenerator.write_entry

    def write_masked_entry(log: Any, host: str, date: Any, request: str, *rest: Any, **named: Any) -> None:
        write_entry(log, host, date, masked(request), *rest, **named)

    AccessLogGenerator.write_entry = write_masked_entry
