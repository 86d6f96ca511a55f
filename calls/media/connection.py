"""One WebSocket of a call: reads its frames, and sends in order, bounded in number and in time.

A call has one of these at a time. When it breaks, a second one may go on with the same call.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from django.conf import settings

from calls.media.servers.asgi import abort_if_behind, send_within
from calls.media.servers.fast_path import FastPath, take_fast_path
from calls.media.servers.interface import Receive, Server
from calls.protocol.messages import DEFAULT_LIMITS

log = logging.getLogger(__name__)

CLOSING_SECONDS = 2.0
MOST_MESSAGE_BYTES = 2 * DEFAULT_LIMITS.text_size
"""A frame the codec refuses as too large is an event; one beyond this is not even received."""
MOST_UNSENT_FRAMES = 500
NO_CODE = 1005
"""RFC 6455: what a server reports when no close frame, or one without a code, came."""
SERVER_GOES = 1012
"""The code of `websocket.disconnect` when our server shuts down ("service restart", RFC 6455 registry)."""
BINARY = "(binary)"
"""Stands for a binary frame: the stream is JSON text (awaaz-platform.md §2), so that is malformed too."""


class Holder(Protocol):
    """The call, as far as its connection knows it."""

    def on_frame(self, text: str) -> None:
        """A frame came."""

    def on_disconnect(self, connection: "Connection", code: int) -> None:
        """The far end is gone, with this close code."""

    def lose_peer(self, connection: "Connection") -> None:
        """The far end takes nothing."""

    def fail(self, error: BaseException) -> None:
        """An error of our own."""

    def detach(self, connection: "Connection") -> None:
        """The connection is closed."""


class Connection:
    """From the accepted WebSocket to the closed one. `call` may change once: see `CallConsumer.resume`."""

    def __init__(self, call: Holder, receive: Receive, server: Server) -> None:
        self.call = call
        self.over = asyncio.Event()
        self._receive, self._server = receive, server
        self._code: int | None = None
        self._ended = False
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue(MOST_UNSENT_FRAMES)
        self._writing = False
        """A frame from the outbox is with the server, which may have it wait."""
        self._fast_path: FastPath | None = None
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Accept, and begin to send. OSError when the far end is gone already."""
        self._fast_path = take_fast_path(self._server, self._on_text, most_bytes=MOST_MESSAGE_BYTES)
        await self._server.send({"type": "websocket.accept"})
        self._writer = self._start(self._write_frames())

    def listen(self) -> None:
        """Begin to read."""
        self._reader = self._start(self._read_frames())

    def put(self, frame: str) -> None:
        """Frames leave in the order of the conversation, whatever made it speak."""
        is_free = not self._writing and self._outbox.empty()
        if self._fast_path and is_free and self._fast_path.send(frame):
            return
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self.call.lose_peer(self)

    @property
    def depth(self) -> int:
        """How many frames wait to be sent."""
        return self._outbox.qsize()

    def end(self, code: int | None) -> None:
        """Nothing more is read; `finish` will send what is left and close with `code`, if one is given."""
        if not self.over.is_set():
            self._code, self._ended = code, True
            self.over.set()

    async def finish(self) -> None:
        """Send what is left, close the socket; bounded, and nobody needs its success. Whoever does not take
        what is left is cut off."""
        if self._writer and not self._outbox.full():
            self._outbox.put_nowait(None)
            await asyncio.wait({self._writer}, timeout=CLOSING_SECONDS)
        is_closed = await self._close_socket(self._code) if self._code else True
        tasks = {task for task in (self._reader, self._writer) if task}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
        self._reader = self._writer = None  # their errors hold frames that hold us
        if self._fast_path:
            self._fast_path.end()
            self._fast_path = None
        if await abort_if_behind(self._server, CLOSING_SECONDS if is_closed else 0):
            log.info("A peer that does not take what is on_disconnect was cut off.")

    async def _read_frames(self) -> None:
        """Every frame of the platform, one after the other. It waits for the next frame only.

        Most of them come by the fast path (`servers.fast_path`) where the server has one.
        """
        while not self.over.is_set():
            message = await self._receive()
            if message["type"] == "websocket.receive":
                self._on_text(message.get("text") or BINARY)
            else:
                self.call.on_disconnect(self, self._code_of(message))

    def _code_of(self, message: Mapping[str, Any]) -> int:
        """A platform that restarts is no server of ours that does."""
        code = int(message.get("code") or NO_CODE)
        return NO_CODE if code == SERVER_GOES and not self._server.is_own_close(message) else code

    def _on_text(self, text: str) -> None:
        if not self._ended:
            self.call.on_frame(text)

    async def _write_frames(self) -> None:
        """Send what is queued, each frame within a bounded time, until the queue says None."""
        while (frame := await self._outbox.get()) is not None:
            self._writing = True
            try:
                message = {"type": "websocket.send", "text": frame}
                await send_within(settings.SEND_SECONDS, self._server, message)
            except TimeoutError:
                self.call.lose_peer(self)
                return
            except OSError:  # gone between two frames; `receive` says so too
                return
            self._writing = False

    async def _close_socket(self, code: int) -> bool:
        """Say good-bye; who does not listen is left. Whether it was said."""
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                # A plain int: autobahn, under Daphne, raises for a member of an IntEnum.
                await self._server.send({"type": "websocket.close", "code": int(code)})
        except (TimeoutError, OSError) as error:
            log.info("A close frame was not sent (%s).", type(error).__name__)
            return False
        return True

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        """An error in it ends the call."""
        if not task.cancelled() and (error := task.exception()):
            self.call.fail(error)
