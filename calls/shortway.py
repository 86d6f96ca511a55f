"""A short way for audio through the server: whole text frames go from the transport straight to the call.

Under Daphne a frame of audio passes autobahn's general machine (logging, timing, signals, a UTF-8 automaton,
a Deferred), Daphne's dictionary, a queue and a task before it is ours; under uvicorn the general machine of
`websockets`, a dictionary, a queue, a task, and two changes of what the kernel watches. That is most of what
a plain ASGI callable spends on it (docs/bench.md). Nearly every frame of a call is as simple as RFC 6455
allows: text, whole, masked, short. Those are read here. Anything else (control frames, fragments, binary,
text that is no UTF-8, whatever breaks the rules) is handed to the server as it came, and in its turn, so that
the rules of WebSockets stay in the server's hands.

Both ways reach into the server's protocol object, which pins its version (requirements.txt); where one has
not what is looked for, and under any other server, calls take the long way and nothing is missed but speed.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled part for this machine
    from websockets.utils import apply_mask

from websockets.protocol import OPEN

from calls.sending import MOST_UNSENT_BYTES, Send, unsent_by

Hear = Callable[[str], None]
LongWay = Callable[[bytes], None]

# RFC 6455 §5.2
_WHOLE_TEXT: Final = 0x81
_FIN, _MASKED = 0x80, 0x80
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_LENGTH_16, _LENGTH_64 = 126, 127
_LIKE_AUDIO: Final = bytes((_WHOLE_TEXT, _MASKED | _LENGTH_16))
_LONG_HEAD: Final = 8
"""Bytes before the payload of a masked frame with a length in 16 bits."""


class Splitter:
    """PURE: a client's bytes into texts of simple frames, and other frames as they came.

    An unfinished frame waits for its rest. After a frame over `most_bytes` (under 64 KiB), one that breaks
    the rules, and one that closes, all that comes is passed on as it comes: the server has to deal with it.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._rest = b""
        self._in_message = False
        self._given_up = False

    def push(self, data: bytes) -> list[str | bytes]:
        """What is whole now, in order: a text, or the bytes of frames for the server."""
        if self._given_up:
            return [data]
        if self._rest:
            data, self._rest = self._rest + data, b""
        elif (text := self._read_lone(data)) is not None:
            return [text]
        found: list[str | bytes] = []
        at, size = 0, len(data)
        while at < size:
            end, body = self._bounds(data, at)
            if end < 0:
                self._given_up = True
                return [*found, data[at:]]
            if end == 0 or end > size:
                self._rest = data[at:]
                break
            found.append(self._read(data, at, body, end))
            at = end
        return found

    def give_up(self) -> bytes:
        """All that comes from now on is the server's; what waits for the rest of its frame, too."""
        self._given_up = True
        rest, self._rest = self._rest, b""
        return rest

    def _read_lone(self, data: bytes) -> str | None:
        """The text, if `data` is just one frame of caller audio: most of all there is to read."""
        if self._in_message or not data.startswith(_LIKE_AUDIO):
            return None
        length = len(data) - _LONG_HEAD
        if not _LENGTH_16 <= length <= self._most_bytes or int.from_bytes(data[2:4]) != length:
            return None
        try:
            return apply_mask(data[_LONG_HEAD:], data[4:_LONG_HEAD]).decode()
        except UnicodeDecodeError:
            return None

    def _bounds(self, data: bytes, at: int) -> tuple[int, int]:
        """Where the frame at `at` ends and its payload begins; (0, 0): not to be known yet; (-1, 0): no."""
        if len(data) - at < 2:
            return 0, 0
        first, length = data[at], data[at + 1] ^ _MASKED
        body = at + 6
        if length == _LENGTH_16:
            if len(data) - at < 4:
                return 0, 0
            length, body = int.from_bytes(data[at + 2 : at + 4]), at + 8
            if length < _LENGTH_16:
                return -1, 0
        elif length > _LENGTH_16:  # longer than may be, or not masked
            return -1, 0
        if first != _WHOLE_TEXT and not self._is_in_order(first, length):
            return -1, 0
        return (-1, 0) if length > self._most_bytes else (body + length, body)

    def _is_in_order(self, first: int, length: int) -> bool:
        """A frame after which another may come, so that it is worth knowing where."""
        opcode = first & ~_FIN
        if opcode in (_PING, _PONG):
            return bool(first & _FIN) and length < _LENGTH_16
        return opcode == _CONTINUED if self._in_message else opcode in (_TEXT, _BINARY)

    def _read(self, data: bytes, at: int, body: int, end: int) -> str | bytes:
        first = data[at]
        if first == _WHOLE_TEXT and not self._in_message:
            try:
                return apply_mask(data[body:end], data[body - 4 : body]).decode()
            except UnicodeDecodeError:
                return data[at:end]
        if first & ~_FIN in (_CONTINUED, _TEXT, _BINARY):
            self._in_message = not first & _FIN
        return data[at:end]


def text_frame(text: str) -> bytes:
    """A whole text frame as a server sends it: not masked."""
    payload = text.encode()
    size = len(payload)
    if size < _LENGTH_16:
        return bytes((_WHOLE_TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((_WHOLE_TEXT, _LENGTH_16, size >> 8, size & 0xFF)) + payload
    return bytes((_WHOLE_TEXT, _LENGTH_64)) + size.to_bytes(8) + payload


class Server(Protocol):
    """What differs between servers: one connection of one of them."""

    long_way: LongWay

    def stand_before(self, receive: LongWay) -> None:
        """Bytes of the transport come to `receive` from now on."""

    def stand_aside(self) -> None:
        """Bytes of the transport may go to the server again; until it asks anew they come as before."""

    def is_free(self) -> bool:
        """Whether the connection is open and nothing that came before waits for the application."""

    def note_life(self) -> None:
        """The peer has sent something that the server did not see."""

    def write(self, data: bytes) -> bool:
        """Give bytes to the transport; False if it is closing, or has too many already."""


class Daphne:
    """A `daphne.ws_protocol.WebSocketProtocol`, which is autobahn's on a Twisted transport."""

    NEEDED: Final = (
        *("STATE_OPEN", "application_queue", "data", "dataReceived"),
        *("failedByMe", "last_ping", "muted", "state", "transport"),
    )

    def __init__(self, protocol: Any) -> None:
        self._protocol, self._open = protocol, protocol.STATE_OPEN
        self.long_way: LongWay = protocol.dataReceived

    @staticmethod
    def find(send: Send) -> "Daphne | None":
        """`send` is `partial(Server.handle_reply, protocol)`."""
        protocol: Any = send.args[0] if isinstance(send, partial) and send.args else None
        has_all = all(hasattr(protocol, name) for name in Daphne.NEEDED)
        return Daphne(protocol) if has_all and not protocol.data else None

    def stand_before(self, receive: LongWay) -> None:
        self._protocol.dataReceived = receive

    def stand_aside(self) -> None:
        vars(self._protocol).pop("dataReceived", None)

    def is_free(self) -> bool:
        protocol = self._protocol
        is_open = protocol.state == self._open and not (protocol.failedByMe or protocol.muted)
        return is_open and protocol.application_queue.empty()

    def note_life(self) -> None:
        self._protocol.last_ping = time.time()  # Daphne pings who has sent nothing for a while

    def write(self, data: bytes) -> bool:
        protocol = self._protocol
        if protocol.state != self._open or unsent_by(protocol) > MOST_UNSENT_BYTES:
            return False
        protocol.transport.write(data)
        return True


class Uvicorn:
    """A `uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol`."""

    NEEDED: Final = (
        *("close_sent", "conn", "data_received", "disconnected", "handshake_complete"),
        *("queue", "transport", "writable"),
    )

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self.long_way: LongWay = protocol.data_received

    @staticmethod
    def find(send: Send) -> "Uvicorn | None":
        """`send` is a method of the protocol."""
        protocol: Any = getattr(send, "__self__", None)
        has_all = all(hasattr(protocol, name) for name in Uvicorn.NEEDED)
        return Uvicorn(protocol) if has_all and not protocol.conn.reader.buffer else None

    def stand_before(self, receive: LongWay) -> None:
        self._protocol.data_received = receive
        self._protocol.transport.set_protocol(self._protocol)  # uvloop keeps the method it found there

    def stand_aside(self) -> None:
        vars(self._protocol).pop("data_received", None)

    def is_free(self) -> bool:
        protocol = self._protocol
        return self._is_open() and protocol.queue.empty()

    def _is_open(self) -> bool:
        protocol = self._protocol
        ended = protocol.close_sent or protocol.disconnected or protocol.transport.is_closing()
        return protocol.handshake_complete and not ended and protocol.conn.state is OPEN

    def note_life(self) -> None:
        """uvicorn pings whoever it is, and waits for the pong."""

    def write(self, data: bytes) -> bool:
        transport: asyncio.Transport = self._protocol.transport
        if not (self._is_open() and self._protocol.writable.is_set()):
            return False
        transport.write(data)
        return True


class ShortWay:
    """Of one connection, in both directions."""

    def __init__(self, server: Server, hear: Hear, most_bytes: int) -> None:
        self._server, self._hear = server, hear
        self._splitter = Splitter(most_bytes)
        self._split = self._splitter.push

    def receive(self, data: bytes) -> None:
        """Bytes from the transport, in order."""
        server = self._server
        heard = False
        for piece in self._split(data):
            if isinstance(piece, bytes):
                server.long_way(piece)
            elif server.is_free():
                heard = True
                self._hear(piece)
            else:
                server.long_way(_masked(piece))
        if heard:
            server.note_life()

    def end(self) -> None:
        """The call is over: what still comes is the server's alone.

        Also takes apart what holds the connection and the call in a circle. Left to the garbage collector,
        hundreds of ended calls would wait in memory for a full collection, in which all calls stutter.
        """
        self._server.stand_aside()
        if rest := self._splitter.give_up():
            self._server.long_way(rest)
        self._hear = _hear_nothing

    def send(self, text: str) -> bool:
        """Give a frame to the transport now; False where it must take the long way: the peer is behind."""
        return self._server.write(text_frame(text))


def _hear_nothing(text: str) -> None:
    """Nobody listens any more."""


def _masked(text: str) -> bytes:
    """A client's frame again. A mask of zeros is as good as any between us and ourselves."""
    plain = text_frame(text)
    head = len(plain) - len(text.encode())
    return bytes((plain[0], plain[1] | _MASKED)) + plain[2:head] + bytes(4) + plain[head:]


def take_short_way(send: Send, hear: Hear, *, most_bytes: int) -> ShortWay | None:
    """Let this connection's frames come to `hear` directly, where its server is known; None elsewhere.

    To be called before the connection is accepted. ASGI's `receive` goes on to bring whatever else comes:
    binary and fragmented messages, and the end.
    """
    server: Server | None = Daphne.find(send) or Uvicorn.find(send)
    if server is None:
        return None
    way = ShortWay(server, hear, most_bytes)
    server.stand_before(way.receive)
    return way
