"""A broker that is a folder: kombu's file system transport, with an atomic put.

kombu 5.6 opens a message's file first and writes into it afterwards; a worker that looks in between reads
an empty message and fails. Here the file gets its name when it is complete.
"""

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """The file system channel with an atomic put."""

    # The types of kombu differ between this method and the one it overrides itself.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_text(dumps(payload))
        unfinished.replace(folder / name)


class Transport(filesystem.Transport):
    """`folder://`, registered in `awaaz_project.celery`."""

    Channel = Channel
