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

from calls.media.servers.daphne import Daphne
from calls.media.servers.interface import OnText, Send, Server
from calls.media.servers.uvicorn import Uvicorn
from calls.media.servers.websocket_frames import Splitter, masked, text_frame


class FastPath:
    """Of one connection, in both directions."""

    def __init__(self, server: Server, hear: OnText, most_bytes: int) -> None:
        self._server, self._on_text = server, hear
        self._splitter = Splitter(most_bytes)
        self._split = self._splitter.push

    def receive(self, data: bytes) -> None:
        """Bytes from the transport, in order."""
        server = self._server
        heard = False
        for piece in self._split(data):
            if isinstance(piece, bytes):
                server.server_receive(piece)
            elif server.is_free():
                heard = True
                self._on_text(piece)
            else:
                server.server_receive(masked(piece))
        if heard:
            server.note_life()

    def end(self) -> None:
        """The call is over: what still comes is the server's alone.

        Also takes apart what holds the connection and the call in a circle. Left to the garbage collector,
        hundreds of ended calls would wait in memory for a full collection, in which all calls stutter.
        """
        self._server.detach()
        if rest := self._splitter.give_up():
            self._server.server_receive(rest)
        self._on_text = _ignore

    def send(self, text: str) -> bool:
        """Give a frame to the transport now; False where it must take the long way: the peer is behind."""
        return self._server.write(text_frame(text))


def _ignore(text: str) -> None:
    """Nobody listens any more."""


def take_fast_path(send: Send, hear: OnText, *, most_bytes: int) -> FastPath | None:
    """Let this connection's frames come to `hear` directly, where its server is known; None elsewhere.

    To be called before the connection is accepted. ASGI's `receive` goes on to bring whatever else comes:
    binary and fragmented messages, and the end.
    """
    server: Server | None = Daphne.find(send) or Uvicorn.find(send)
    if server is None:
        return None
    way = FastPath(server, hear, most_bytes)
    server.attach(way.receive)
    return way
