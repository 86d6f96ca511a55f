"""The fast path of audio: whole text frames go from the transport straight to the call, and back.

Under Daphne a frame of audio passes autobahn's general state machine (logging, timing, signals, a UTF-8
automaton, a Deferred), Daphne's dictionary, a queue and a task before it is ours; under uvicorn that of
`websockets`, a dictionary, a queue, a task, and two changes of what the kernel watches. That is most of what
a plain ASGI callable spends on it (docs/bench.md). Nearly every frame of a call is as simple as RFC 6455
allows: text, whole, masked, short. Those are read here. Anything else (control frames, fragments, binary,
text that is no UTF-8, whatever breaks the rules) is handed to the server as it came, and in its turn, so that
the rules of WebSockets stay in the server's hands.
"""

from calls.media.servers.interface import OnText, Server
from calls.media.servers.websocket_frames import Splitter, masked, text_frame


class FastPath:
    """The fast path of one connection, in both directions."""

    def __init__(self, server: Server, on_text: OnText, most_bytes: int) -> None:
        self._server, self._on_text = server, on_text
        self._splitter = Splitter(most_bytes)
        self._split = self._splitter.push
        self._keeps_texts = False

    def receive(self, data: bytes) -> None:
        """Take bytes of the transport, in order: texts to the call, everything else to the server."""
        server = self._server
        heard = False
        for piece in self._split(data):
            if isinstance(piece, bytes):
                server.server_receive(piece)
            elif self._keeps_texts or server.is_free():
                heard = True
                self._on_text(piece)
            else:
                server.server_receive(masked(piece))
        if heard:
            server.note_life()

    def keep_texts(self) -> None:
        """Give texts to the call also while the server closes: it would drop them, or queue them unread."""
        self._keeps_texts = True

    def end(self) -> None:
        """Leave what still comes to the server: the call is over.

        Also cuts the reference cycle of connection and call. Left to the garbage collector, hundreds of ended
        calls would wait in memory for a full collection, in which all calls stutter.
        """
        self._server.detach()
        if rest := self._splitter.give_up():
            self._server.server_receive(rest)
        self._on_text = lambda _: None

    def send(self, text: str) -> bool:
        """Give a frame to the transport now; False if it must go by ASGI's `send`: the peer is behind."""
        return self._server.write(text_frame(text))


def take_fast_path(server: Server, on_text: OnText, *, most_bytes: int) -> FastPath | None:
    """Have this connection's texts of up to `most_bytes` come to `on_text`; None if its server can't.

    To be called before the connection is accepted. ASGI's `receive` goes on to bring whatever else comes:
    binary and fragmented messages, and the end.
    """
    fast_path = FastPath(server, on_text, most_bytes)
    return fast_path if server.attach(fast_path.receive) else None
