"""All we know of how Daphne takes a request's body: Twisted stores it before the application is called.

Daphne then puts the whole of it into the memory of a queue, and Twisted parses forms in memory before that:
400 MB from any client were 400 MB in the process that holds the calls. Here the length is judged when the
headers are there, and what is taken is read from Twisted's file piece by piece.

Its version is pinned (requirements.txt).
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Protocol, Self

from daphne import http_protocol

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
MostBytes = Callable[[str, str, list[tuple[bytes, bytes]]], Awaitable[int]]
"""Method, path and headers of a request (names in lower case) -> how many bytes it may have."""

PIECE = 64 * 1024
LINGER_SECONDS = 1.0
LINGER_BYTES = 1 << 20
"""A refused client may still send so much for so long: cut off at once, it would not see the answer."""
_SENTENCE = b"The request is larger than this address takes from you.\n"
_REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_SENTENCE), _SENTENCE)
)


def limit_bodies(most_bytes: MostBytes, *, unasked: int) -> None:
    """Have Daphne's requests in this process limited: up to `unasked` bytes each, beyond by `most_bytes`."""
    LimitedRequest.most_bytes = staticmethod(most_bytes)
    LimitedRequest.unasked = unasked
    http_protocol.WebRequest = LimitedRequest


class KeptBody(Protocol):
    """A body that was taken, on disk if it is large. Closed as a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def receive(self, receive: Receive) -> Receive:
        """Return an ASGI `receive` that yields the body in pieces, and then what `receive` brings."""


class _File:
    """A body in the file that Twisted wrote."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def receive(self, receive: Receive) -> Receive:
        begun, rest = False, True

        async def pieces() -> MutableMapping[str, Any]:
            nonlocal begun, rest
            if not rest:
                return await receive()
            if not begun:
                begun = True
                message = await receive()  # Daphne's own, which is empty; or the client is gone
                if message["type"] != "http.request":
                    return message
            piece = self._file.read(PIECE)
            rest = len(piece) == PIECE
            await asyncio.sleep(0)  # between two pieces the calls have their turn
            return {"type": "http.request", "body": piece, "more_body": rest}

        return pieces


def body_of(send: object) -> KeptBody | None:
    """Return the body of the request whose ASGI `send` this is; None if it is not one of Daphne's."""
    request = send.args[0] if isinstance(send, partial) and send.args else None
    return _File(request.kept) if isinstance(request, LimitedRequest) and request.kept is not None else None


class LimitedRequest(http_protocol.WebRequest):  # type: ignore[misc]  # Daphne has no types
    """A request whose body is refused beyond its limit, and otherwise left in its file."""

    most_bytes: MostBytes
    unasked = 0
    kept: Any = None
    content: Any
    _size = 0
    _most: int | None = None
    _asking = False
    _is_refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (Twisted's name)
        """Judge the declared length; None: chunked, to be counted as it comes."""
        super().gotLength(length)
        self._parsePOSTFormSubmission = False  # Twisted parses in memory; Django has a parser of its own
        if length is not None and length > self.unasked:
            self._ask(length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Store a piece, or drop it where the request was refused."""
        self._size += len(data)
        if self._is_refused:
            if self._size > LINGER_BYTES:
                self._close()
            return
        super().handleContentChunk(data)
        if self._most is None and self._size > self.unasked:
            self._ask(self._size)
        elif self._most is not None and self._size > self._most:
            self._refuse()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Pass the whole request on, unless it was refused."""
        if not self._is_refused:
            super().requestReceived(command, path, version)

    def process(self) -> Any:
        """Keep the body's file for the application, and give Daphne an empty one to put into its queue."""
        if not self.requestHeaders.hasHeader(b"Upgrade"):
            self.kept, self.content = self.content, io.BytesIO()
        return super().process()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Forget the request; a body that no application was called for is deleted."""
        super().connectionLost(reason)
        if self.application_queue is None and self.kept is not None:
            self.kept.close()

    def _ask(self, size: int) -> None:
        """Read no more of this connection until it is known how much its request may have."""
        if self._asking:
            return
        self._asking = True

        def answered(asked: "asyncio.Future[int]") -> None:
            channel = getattr(self, "channel", None)
            if channel is None:  # the connection ended meanwhile
                return
            is_known = not asked.cancelled() and asked.exception() is None
            self._most = asked.result() if is_known else self.unasked
            if max(size, self._size) > self._most:
                self._refuse()
            channel._networkProducer.resumeProducing()

        path = self.channel._path.partition(b"?")[0].decode("latin-1")
        headers = [
            (name.lower(), value)
            for name, values in self.requestHeaders.getAllRawHeaders()
            for value in values
        ]
        self.channel._networkProducer.pauseProducing()
        asked = asyncio.ensure_future(self.most_bytes(self.channel._command.decode("latin-1"), path, headers))
        asked.add_done_callback(answered)

    def _refuse(self) -> None:
        """Answer 413, drop what was stored, and close when the client may have read the answer."""
        self._is_refused, self._size = True, 0
        self.content.close()
        self.content = io.BytesIO()
        self.channel.transport.write(_REFUSAL)
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close)

    def _close(self) -> None:
        channel = getattr(self, "channel", None)
        if channel is not None:
            channel.loseConnection()
