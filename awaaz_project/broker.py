"""A broker that is a folder: kombu's file system transport, made safe against damage and a full disk.

kombu 5.6 opens a message's file first and writes into it afterwards; a worker that looks in between reads an
empty message and fails. Here the file gets its name when it is complete. In kombu a file that is no message
ends the worker; here it is put into the folder `damaged`, the log names it, and the next is taken.
Work is found again by query at the next tick, so what such a file held is not lost (`campaigns.tasks`).
"""

import logging
import uuid
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)

#: No message of ours is larger: a task's arguments are a few numbers.
LARGEST = 1 << 20


class DamagedMessage(Exception):
    """A file of the queue is no message. The text says why."""


def read_message(content: bytes) -> dict[str, Any]:
    """Return the message that a file holds. Raises `DamagedMessage`, with a sentence, if it holds none."""
    try:
        message = loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise DamagedMessage("It is not JSON.") from error
    if not isinstance(message, dict):
        raise DamagedMessage("It is no JSON object.")
    properties, headers = message.get("properties"), message.get("headers")
    if not isinstance(properties, dict) or not isinstance(headers, dict):
        raise DamagedMessage("It has no properties or no headers.")
    if not isinstance(properties.get("delivery_tag"), str) or not isinstance(
        properties.get("delivery_info"), dict
    ):
        raise DamagedMessage("It does not say how it was delivered.")
    body = message.get("body")
    if not isinstance(body, str) or properties.get("body_encoding") != "base64":
        raise DamagedMessage("It has no body in base64.")
    try:
        arguments = loads(b64decode(body, validate=True).decode())
    except (ValueError, RecursionError) as error:
        raise DamagedMessage("Its body is not JSON in base64.") from error
    if "task" in headers and not (isinstance(arguments, list) and len(arguments) == 3):
        raise DamagedMessage("It names a task and has no arguments for it.")
    return message


class Channel(filesystem.Channel):
    """The file system channel with an atomic put, and a get that survives damaged files."""

    # The types of kombu differ between these methods and those it overrides itself.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        try:
            unfinished.write_text(dumps(payload))
            unfinished.replace(folder / name)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            log.error("The broker's folder takes no message (%s); the next tick tries again.", error.strerror)
            raise ChannelError(f"the broker's folder takes no message: {error.strerror}") from error

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """Return the oldest message of a queue. Raises `Empty` if there is none."""
        for file in sorted(Path(self.data_folder_in).iterdir(), key=lambda file: file.name):
            if file.name.partition(".")[2] != f"{queue}.msg":
                continue
            ours = file.with_name(f"{file.name}.{uuid.uuid4()}.taken")
            try:
                file.rename(ours)
            except OSError:
                continue  # another worker was first
            try:
                if ours.stat().st_size > LARGEST:
                    raise DamagedMessage(f"It is larger than {LARGEST} bytes.")
                message = read_message(ours.read_bytes())
            except (DamagedMessage, OSError) as error:
                reason = f"It can't be read: {error.strerror}." if isinstance(error, OSError) else str(error)
                self._set_aside(ours, file.name, reason)
                continue
            ours.unlink(missing_ok=True)
            return message
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """Return the bindings of an exchange; none, and the file is set aside, if they can't be read."""
        try:
            return list(super().get_table(exchange))
        except (ValueError, TypeError, RecursionError):
            table = Path(self.control_folder) / f"{exchange}.exchange"
            self._set_aside(table, table.name, "It holds no bindings.")
            return []

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        self.get_table(exchange)  # sets a damaged file aside, in whose place a new one is made
        super()._queue_bind(exchange, routing_key or "", pattern, queue or "")

    def _set_aside(self, file: Path, name: str, reason: str) -> None:
        folder = Path(self.data_folder_in).parent / "damaged"
        try:
            folder.mkdir(exist_ok=True)
            file.rename(folder / name)
        except OSError as error:
            log.error("%s can't be put aside (%s); it stays as %s.", name, error.strerror, file.name)
        log.error("The file %s of the broker's queue was set aside: %s", name, reason)


class Transport(filesystem.Transport):
    """`folder://`, registered in `awaaz_project.celery`."""

    Channel = Channel
