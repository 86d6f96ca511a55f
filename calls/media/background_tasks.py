"""Tasks that run beside the media loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class BackgroundTasks:
    """The tasks of one call or connection. Each is kept until it is done; its error is not lost."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many run."""
        return len(self._tasks)

    def start(
        self, work: Coroutine[Any, Any, None], on_error: Callable[[BaseException], None]
    ) -> asyncio.Task[None]:
        """Run `work` and return its task. `on_error` is called in the loop if it raises; not if cancelled."""

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()):
                on_error(error)

        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(done)
        return task

    def cancel(self) -> None:
        """Cancel all that run."""
        for task in self._tasks:
            task.cancel()

    async def wait(self, seconds: float) -> None:
        """Return when none runs any more, or after `seconds`."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
