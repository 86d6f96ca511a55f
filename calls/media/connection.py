"""One WebSocket of a call: reads its frames, and sends in order, bounded in number and in time.

A call has one of these at a time. When it breaks, a second one may go on with the same call.
"""

import asyncio
import logging
from typing import Protocol

from django.conf import settings

from calls.media.background_tasks import BackgroundTasks
from calls.media.servers.asgi import abort_if_behind, send_within
from calls.media.servers.fast_path import FastPath, take_fast_path
from calls.media.servers.interface import Receive, Server
from calls.protocol.messages import DEFAULT_LIMITS

log = logging.getLogger(__name__)

CLOSING_SECONDS = 2.0
MOST_MESSAGE_BYTES = 2 * DEFAULT_LIMITS.text_size
"""A frame the codec refuses as too large is an event; one beyond this is not even received."""
MOST_UNSENT_FRAMES = 500
_LOOK_SECONDS = 0.02
NO_CODE = 1005
"""RFC 6455: what a server reports when no close frame, or one without a code, came."""
SERVER_GOES = 1012
"""The code of a `websocket.disconnect` when our server shuts down ("service restart", RFC 6455 registry)."""
BINARY = "(binary)"
"""Stands for a binary frame: the stream is JSON text (awaaz-platform.md §2), so that is malformed too."""


class Holder(Protocol):
    """The call, as far as its connection knows it."""

    def on_frame(self, text: str) -> None:
        """Take a frame."""

    def on_disconnect(self, connection: "Connection", code: int) -> None:
        """The platform is gone, with this close code; `SERVER_GOES` if our own server shuts down."""

    def on_stall(self, connection: "Connection") -> None:
        """The platform takes nothing any more."""

    def on_error(self, error: BaseException) -> None:
        """A task of the connection failed by an error of our own."""

    def detach(self, connection: "Connection") -> None:
        """Forget the connection: it is closed."""


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
        self._tasks = BackgroundTasks()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Accept, and begin to send. Raises OSError if the peer is gone already."""
        self._fast_path = take_fast_path(self._server, self._on_text, most_bytes=MOST_MESSAGE_BYTES)
        await self._server.send({"type": "websocket.accept"})
        self._writer = self._tasks.start(self._write_frames(), self._on_error)

    def listen(self) -> None:
        """Begin to read."""
        self._tasks.start(self._read_frames(), self._on_error)

    def put(self, frame: str) -> None:
        """Send a frame after those before it; a full queue counts as a stalled peer."""
        is_free = not self._writing and self._outbox.empty()
        if self._fast_path and is_free and self._fast_path.send(frame):
            return
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self.call.on_stall(self)

    @property
    def depth(self) -> int:
        """Return how many frames wait to be sent."""
        return self._outbox.qsize()

    def end(self, code: int | None, *, keys_count: bool = False) -> None:
        """Have `finish` send what is left and close with `code`, if one is given.

        With `keys_count` frames go on to the call until the socket is closed: the platform may have sent a
        key before it read our close. Otherwise no more is read.
        """
        if not self.over.is_set():
            self._code, self._ended = code, not keys_count
            self.over.set()

    async def finish(self) -> None:
        """Send what is left and close the socket, or abort it if the peer does not take what is left.

        Bounded by a few times `CLOSING_SECONDS`; raises nothing.
        """
        if self._writer and not self._outbox.full():
            self._outbox.put_nowait(None)
            await asyncio.wait({self._writer}, timeout=CLOSING_SECONDS)
        is_closed = True
        if self._code:
            if self._fast_path:
                self._fast_path.keep_texts()
            try:
                async with asyncio.timeout(CLOSING_SECONDS):
                    # A plain int: autobahn, under Daphne, raises for a member of an IntEnum.
                    await self._server.send({"type": "websocket.close", "code": int(self._code)})
            except (TimeoutError, OSError) as error:
                log.info("A close frame was not sent (%s).", type(error).__name__)
                is_closed = False
            if is_closed:
                await self._wait_for_last_keys()
        self._ended = True
        self._tasks.cancel()
        await self._tasks.wait(CLOSING_SECONDS)
        self._writer = None  # its error holds frames that hold us
        if self._fast_path:
            self._fast_path.end()
            self._fast_path = None
        if await abort_if_behind(self._server, CLOSING_SECONDS if is_closed else 0):
            log.info("A peer that does not take what is left was cut off.")

    async def _wait_for_last_keys(self) -> None:
        """Wait until the peer has acknowledged our close, at most `CLOSING_SECONDS`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + CLOSING_SECONDS
        while not (self._ended or self._server.is_closed()) and loop.time() < until:
            await asyncio.sleep(_LOOK_SECONDS)

    async def _read_frames(self) -> None:
        """Give every frame of the platform to the call, until it is gone. It waits for the next frame only.

        Most of them come by the fast path (`servers.fast_path`) where the server has one.
        """
        while not self._ended:
            message = await self._receive()
            if message["type"] == "websocket.receive":
                self._on_text(message.get("text") or BINARY)
                continue
            if self.over.is_set():
                return
            code = int(message.get("code") or NO_CODE)
            if code == SERVER_GOES and not self._server.is_own_close(message):
                code = NO_CODE  # a platform that restarts, not we
            self.call.on_disconnect(self, code)

    def _on_text(self, text: str) -> None:
        if not self._ended:
            self.call.on_frame(text)

    async def _write_frames(self) -> None:
        """Send what is queued, each frame within `SEND_SECONDS`, until the queue says None."""
        while (frame := await self._outbox.get()) is not None:
            self._writing = True
            try:
                message = {"type": "websocket.send", "text": frame}
                await send_within(settings.SEND_SECONDS, self._server, message)
            except TimeoutError:
                self.call.on_stall(self)
                return
            except OSError:  # gone between two frames; `receive` says so too
                return
            self._writing = False

    def _on_error(self, error: BaseException) -> None:
        """End the call, which may be another than at the start of the task."""
        self.call.on_error(error)
