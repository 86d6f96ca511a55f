"""The fast path past the server hears exactly what the server would hear, in whatever pieces it comes."""

import asyncio
import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from daphne.ws_protocol import WebSocketFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.utils import apply_mask

from calls.media.servers.asgi import find_server
from calls.media.servers.fast_path import FastPath, take_fast_path
from calls.media.servers.websocket_frames import Splitter

MOST = 2000
MASK = b"\x11\xf2\x03\xd4"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, long: bool = False) -> bytes:
    """A frame by RFC 6455 §5.2; `long`: a 16 bit length though a short one would do."""
    first = bytes([0x80 * fin | opcode])
    size = len(payload)
    bit = 0x80 if masked else 0
    if size < 126 and not long:
        head = bytes([bit | size])
    elif size < 2**16:
        head = bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head = bytes([bit | 127]) + struct.pack("!Q", size)
    return first + head + (MASK + apply_mask(payload, MASK) if masked else payload)


def split(*pieces: bytes) -> list[str | bytes]:
    splitter = Splitter(MOST)
    return [found for piece in pieces for found in splitter.push(piece)]


def test_texts_are_read_and_other_frames_come_as_they_are_in_their_turn() -> None:
    others = [frame(PING, b""), frame(BINARY, b"x" * 200), frame(TEXT, b"\xff\xfe"), frame(PONG, b"y")]
    data = frame(TEXT, b"one") + b"".join(others) + frame(TEXT, "zwölf".encode() * 60)
    wanted = ["one", *others, "zwölf" * 60]
    assert split(data) == wanted
    assert split(*(data[at : at + 1] for at in range(len(data)))) == wanted


def test_a_message_in_fragments_is_left_to_the_server_with_what_comes_between() -> None:
    parts = [frame(TEXT, b"a", fin=False), frame(PING, b""), frame(CONTINUED, b"b", fin=False)]
    last = frame(CONTINUED, b"c")
    assert split(*parts, last, frame(TEXT, b"whole")) == [*parts, last, "whole"]


@pytest.mark.parametrize(
    "bad",
    [
        frame(TEXT, b"x", masked=False),
        frame(TEXT, b"short", long=True),
        frame(TEXT, b"x" * (MOST + 1)),
        frame(TEXT, b"x" * 70_000),
        frame(CLOSE, b"\x03\xe8"),
        frame(CONTINUED, b"of nothing"),
        frame(PING, b"", fin=False),
        b"\xc1" + frame(TEXT, b"compressed")[1:],
    ],
)
def test_after_what_the_server_must_deal_with_everything_is_its(bad: bytes) -> None:
    assert split(frame(TEXT, b"one") + bad, frame(TEXT, b"two")) == ["one", bad, frame(TEXT, b"two")]


def test_an_announced_giant_is_not_waited_for() -> None:
    head = frame(TEXT, b"x" * 65_000)[:8]
    assert split(head) == [head]


# --- Against the real protocols ---------------------------------------------------------------------


class Server:
    """As much of Daphne's server as its protocol asks for."""

    root_path = ""
    proxy_forwarded_address_header = None

    def __init__(self) -> None:
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> "asyncio.Queue[dict[str, Any]]":
        return self.queue

    def protocol_connected(self, protocol: Any) -> None: ...

    def protocol_disconnected(self, protocol: Any) -> None: ...

    def log_action(self, *args: object) -> None: ...

    async def reply(self, protocol: Any, message: dict[str, Any]) -> None: ...


class Transport(StringTransport):
    """It forgives a producer that never was, as a TCP connection does."""

    def unregisterProducer(self) -> None: ...


class Line:
    """A connection to a server's protocol, after the handshake, and what came out of it."""

    def __init__(self, *, short: bool) -> None:
        self.heard: list[object] = []
        self.short_ones = 0
        self.way: FastPath | None = None
        self.open(short=short)

    def open(self, *, short: bool) -> None:
        raise NotImplementedError

    def hear(self, text: str) -> None:
        self.short_ones += 1
        self.heard.append(text)

    def take(self, message: Mapping[str, Any]) -> None:
        found = message.get("text", message.get("bytes", message.get("code")))
        if not (isinstance(found, int) and found in self.heard):  # uvicorn may tell of an end twice
            self.heard.append(found)

    def receive(self, data: bytes) -> None:
        """Some bytes; then the application reads what is queued, as it does between two of them."""
        raise NotImplementedError

    def sent(self) -> bytes:
        """What went out since the handshake."""
        raise NotImplementedError

    def send(self, text: str) -> None:
        """By the server's own way."""
        raise NotImplementedError

    def close(self) -> None: ...


class DaphneLine(Line):
    def open(self, *, short: bool) -> None:
        server = self.server = Server()
        self.protocol = WebSocketFactory(server, server="").buildProtocol(None)
        self.protocol._raw_query_string = b""
        self.protocol.factory.setProtocolOptions(maxMessagePayloadSize=MOST, failByDrop=False)
        self.protocol.maxMessagePayloadSize = MOST
        self.transport = Transport()
        self.protocol.makeConnection(self.transport)
        self.protocol.dataReceived(HANDSHAKE)
        if short:
            reply = partial(server.reply, self.protocol)
            self.way = take_fast_path(find_server(reply), self.hear, most_bytes=MOST)
            assert self.way
        self.protocol.serverAccept()
        self.transport.clear()
        assert server.queue.get_nowait()["type"] == "websocket.connect"

    def receive(self, data: bytes) -> None:
        self.protocol.dataReceived(data)
        while not self.server.queue.empty():
            self.take(self.server.queue.get_nowait())

    def sent(self) -> bytes:
        return bytes(self.transport.value())

    def send(self, text: str) -> None:
        self.protocol.maxMessagePayloadSize = 0
        self.protocol.serverSend(text)


class Wire(asyncio.Transport):
    """As much of a transport as uvicorn's protocol asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.data, self.closing = bytearray(), False

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        self.data += data

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class UvicornLine(Line):
    def open(self, *, short: bool) -> None:
        self.short, self.loop = short, asyncio.new_event_loop()
        plain: dict[str, Any] = {"interface": "asgi3", "ws_per_message_deflate": False, "log_config": None}
        config = Config(self.application, ws_max_size=MOST, **plain)
        config.load()
        self.protocol = WebSocketsSansIOProtocol(config, ServerState(), {}, self.loop)
        self.wire = Wire()
        self.protocol.connection_made(self.wire)
        self.receive(HANDSHAKE)
        self.wire.data.clear()

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if self.short:
            self.way = take_fast_path(find_server(send), self.hear, most_bytes=MOST)
            assert self.way
        await send({"type": "websocket.accept"})
        self.asgi_send = send
        while True:
            self.take(await receive())

    def receive(self, data: bytes) -> None:
        self.protocol.data_received(data)
        for _ in range(40):
            self.loop.run_until_complete(asyncio.sleep(0))

    def sent(self) -> bytes:
        return bytes(self.wire.data)

    def send(self, text: str) -> None:
        self.loop.run_until_complete(self.asgi_send({"type": "websocket.send", "text": text}))

    def close(self) -> None:
        self.protocol.stop_keepalive()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


@contextmanager
def lines(kind: type[Line]) -> Iterator[tuple[Line, Line]]:
    """The same connection the server's way and by the fast path."""
    long, short = kind(short=False), kind(short=True)
    try:
        yield long, short
    finally:
        long.close()
        short.close()


KINDS = pytest.mark.parametrize("kind", [DaphneLine, UvicornLine])
TEXTS = st.text(max_size=150).map(str.encode)
WHOLE = st.one_of(
    st.builds(frame, st.just(TEXT), TEXTS),
    st.builds(frame, st.just(TEXT), st.integers(MOST - 1, MOST).map(lambda size: b"x" * size)),
    st.builds(frame, st.just(BINARY), st.binary(max_size=200)),
    st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=8)),
)
IN_FRAGMENTS = st.lists(st.binary(max_size=9), min_size=1, max_size=3).map(
    lambda parts: [
        frame(BINARY, b"", fin=False),
        *(piece for part in parts for piece in (frame(PING, part), frame(CONTINUED, part, fin=False))),
        frame(CONTINUED, b"end"),
    ]
)
GOOD = st.lists(WHOLE.map(lambda one: [one]) | IN_FRAGMENTS, max_size=8).map(
    lambda groups: list(itertools.chain(*groups))
)
LAST = st.sampled_from(
    [
        b"",
        frame(CLOSE, b""),
        frame(CLOSE, b"\x03\xe8"),
        frame(CLOSE, b"\x03"),
        frame(TEXT, b"\xff\xfe"),
        frame(TEXT, b"{}", masked=False),
        frame(TEXT, b"short", long=True),
        frame(TEXT, b"x" * (MOST + 1)),
        frame(CONTINUED, b"of nothing"),
        frame(3, b""),
        b"\xc1" + frame(TEXT, b"compressed")[1:],
    ]
)
"""After these a connection ends, or goes on as each server likes."""


@KINDS
@settings(max_examples=60, deadline=None)
@given(GOOD, LAST, st.lists(st.integers(0, 3000), max_size=8))
def test_both_ways_hear_and_answer_the_same(
    kind: type[Line], good: Sequence[bytes], last: bytes, cuts: Sequence[int]
) -> None:
    """Frame by frame the server's way: uvicorn forgets frames that arrive together with one it can't bear."""
    data = b"".join([*good, last])
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    with lines(kind) as (long, short):
        for whole in (*good, last):
            long.receive(whole)
        for start, end in itertools.pairwise(edges):
            short.receive(data[start:end])
        assert short.heard == long.heard
        assert short.sent() == long.sent()


@KINDS
def test_audio_does_take_the_fast_path(kind: type[Line]) -> None:
    with lines(kind) as (_, line):
        line.receive(frame(TEXT, b"one") + frame(TEXT, b"two"))
        line.receive(frame(TEXT, b"three")[:4])
        line.receive(frame(TEXT, b"three")[4:])
        assert line.heard == ["one", "two", "three"]
        assert line.short_ones == 3


def test_nothing_overtakes_what_waits() -> None:
    line = DaphneLine(short=True)
    line.protocol.dataReceived(frame(BINARY, b"waits in the queue"))
    line.receive(frame(TEXT, b"after it"))
    assert line.heard == [b"waits in the queue", "after it"]
    assert line.short_ones == 0


@KINDS
@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536])
def test_what_the_fast_path_sends_is_what_the_server_would_send(kind: type[Line], size: int) -> None:
    text = ("zwölf" * size)[:size]
    with lines(kind) as (long, short):
        long.send(text)
        assert short.way
        assert short.way.send(text)
        assert short.sent() == long.sent()


@KINDS
def test_the_fast_path_sends_nothing_once_the_line_closes(kind: type[Line]) -> None:
    with lines(kind) as (_, line):
        line.receive(frame(CLOSE, b"\x03\xe8"))
        before = line.sent()
        assert line.way
        assert not line.way.send("{}")
        assert line.sent() == before


def test_other_servers_have_no_fast_path() -> None:
    async def send(message: Any) -> None: ...

    assert take_fast_path(find_server(send), print, most_bytes=MOST) is None
    assert take_fast_path(find_server(partial(send, object())), print, most_bytes=MOST) is None
