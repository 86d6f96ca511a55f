"""One call's stream from either end: order, identifiers and counters round the codec.

`AgentStream` is our end of a real call, `PlatformStream` the platform's end as the sandbox
plays it. Neither does I/O or knows the time: texts in, messages out, and the reverse.
"""

import msgspec

from calls.protocol import codec
from calls.protocol.errors import OrderError
from calls.protocol.fields import clean
from calls.protocol.messages import (
    BYTES_PER_MS,
    DEFAULT_LIMITS,
    Clear,
    Connected,
    Container,
    Dtmf,
    FromAgent,
    FromPlatform,
    Limits,
    Malformed,
    Mark,
    Media,
    Problem,
    Start,
    Stop,
)
from calls.protocol.state import AGENT_SENDS, PLATFORM_SENDS, Row, State, Table


class _Stream:
    """What both ends keep: the state, the identifier, and the counters of what they send."""

    def __init__(self, *, sends: Table, receives: Table, limits: Limits) -> None:
        self._sends, self._receives, self._limits = sends, receives, limits
        self._stream_sid: str | None = None
        self._media_middle = ""
        self._sequence_number = 0
        self._chunk = 0
        self._sent_bytes = 0
        self._enter(State.WAITING)

    @property
    def state(self) -> State:
        """Return how far the stream has come."""
        return self._state

    def _enter(self, state: State) -> None:
        self._state = state
        self._may_send: Row = self._sends[state]
        self._may_receive: Row = self._receives[state]

    def _identify(self, stream_sid: str) -> None:
        self._stream_sid = stream_sid
        sid = msgspec.json.encode(stream_sid).decode()
        self._media_middle = f',"stream_sid":{sid},"media":{{"chunk":'

    def _refuse(self, message: FromPlatform | FromAgent, stream_sid: str | None) -> Malformed | None:
        """Why `message` does not belong here, or None, and then the state has followed it."""
        outcome = self._may_receive[type(message)]
        event = type(message).__name__.lower()
        if isinstance(outcome, Problem):
            return Malformed(outcome, f"{event} does not belong here", event)
        if self._stream_sid and stream_sid and clean(stream_sid) != self._stream_sid:
            return Malformed(Problem.WRONG_STREAM, "frame names another stream", event)
        self._enter(outcome)
        return None

    def _check_sending(self, kind: type) -> State:
        outcome = self._may_send[kind]
        if isinstance(outcome, Problem):
            raise OrderError(f"{kind.__name__.lower()}: {outcome}")
        return outcome

    def _next(self) -> int:
        self._sequence_number += 1
        return self._sequence_number

    def _send_media(self, pcm: bytes, container: Container) -> str:
        """The hot path of sending: one template, one base64, no dictionary.

        `timestamp` is the length in ms of the audio sent before this piece.
        """
        if self._may_send[Media] is not self._state:
            self._check_sending(Media)
        payload = codec.encode_payload(pcm, container=container, limit=self._limits.payload_bytes)
        timestamp = self._sent_bytes // BYTES_PER_MS
        self._sent_bytes += len(pcm)
        self._sequence_number += 1
        self._chunk += 1
        return (
            f'{{"event":"media","sequence_number":{self._sequence_number}{self._media_middle}'
            f'{self._chunk},"timestamp":"{timestamp}","payload":"{payload}"}}}}'
        )

    def _send_mark(self, name: str) -> str:
        self._check_sending(Mark)
        frame = codec.encode_mark(
            Mark(name), stream_sid=self._sid(), sequence_number=self._sequence_number + 1
        )
        self._next()
        return frame

    def _sid(self) -> str:
        if self._stream_sid is None:
            raise OrderError("the stream has no identifier before start")
        return self._stream_sid


class AgentStream(_Stream):
    """Our end of one call. `container` is how our audio is packed: a setting of the number."""

    def __init__(self, *, container: Container = "wav", limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(sends=AGENT_SENDS, receives=PLATFORM_SENDS, limits=limits)
        self._container: Container = container
        self._start: Start | None = None

    @property
    def start(self) -> Start | None:
        """Return the start message; None before it has come."""
        return self._start

    def receive(self, text: str | bytes) -> FromPlatform | Malformed:
        """Return the message in a frame of the platform; `Malformed` out of order too. Never raises."""
        message, stream_sid = codec.read_platform_frame(text, self._limits)
        if isinstance(message, Malformed):
            return message
        in_place = self._may_receive[type(message)] is self._state
        if in_place and (stream_sid is None or stream_sid == self._stream_sid):
            return message
        if refused := self._refuse(message, stream_sid):
            return refused
        if isinstance(message, Start):
            self._start = message
            self._identify(message.stream_sid)
        return message

    def send_media(self, pcm: bytes) -> str:
        """Return a frame of audio (s16le, 8 kHz, mono). Raise AudioError if empty, odd or too large.

        OrderError before start and after stop, as from all of these.
        """
        return self._send_media(pcm, self._container)

    def send_mark(self, name: str) -> str:
        """Return a frame that asks for `name` back once the audio before it has been played or cleared."""
        return self._send_mark(name)

    def send_clear(self) -> str:
        """Return a frame that drops what has been sent and not yet played."""
        self._check_sending(Clear)
        return codec.encode_clear(stream_sid=self._sid())


class PlatformStream(_Stream):
    """The platform's end of one call, written only from awaaz-platform.md §2."""

    def __init__(self, stream_sid: str, call_sid: str, *, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(sends=PLATFORM_SENDS, receives=AGENT_SENDS, limits=limits)
        self._call_sid = call_sid
        self._identify(codec.sendable(stream_sid, "stream_sid"))

    def receive(self, text: str | bytes) -> FromAgent | Malformed:
        """Return the message in a frame of the agent; `Malformed` out of order too. Never raises.

        Audio comes unwrapped; `Media.container` says how it was packed.
        """
        message, stream_sid = codec.read_agent_frame(text, self._limits)
        if isinstance(message, Malformed):
            return message
        in_place = self._may_receive[type(message)] is self._state
        if in_place and (stream_sid is None or stream_sid == self._stream_sid):
            return message
        return self._refuse(message, stream_sid) or message

    def connected(self) -> str:
        """Return the frame `connected`. Raise OrderError where it does not belong, as all of these."""
        self._check_sending(Connected)
        return codec.encode_connected()

    def start(self, custom_parameters: dict[str, str]) -> str:
        """Return the frame `start`; from now on audio, keys and marks may be sent."""
        state = self._check_sending(Start)
        start = Start(self._sid(), self._call_sid, custom_parameters=custom_parameters)
        numbered = msgspec.structs.replace(start, sequence_number=self._sequence_number + 1)
        frame = codec.encode_start(numbered)
        self._next()
        self._enter(state)
        return frame

    def media(self, pcm: bytes) -> str:
        """Return a frame of caller audio, always bare PCM; 320 bytes on the real platform."""
        return self._send_media(pcm, "raw")

    def dtmf(self, digit: str, *, duration_ms: int | None = None) -> str:
        """Return the frame of a key press. Raise FieldError for what is no key."""
        self._check_sending(Dtmf)
        number = self._sequence_number + 1
        frame = codec.encode_dtmf(Dtmf(digit, duration_ms), stream_sid=self._sid(), sequence_number=number)
        self._next()
        return frame

    def mark(self, name: str) -> str:
        """Return the agent's mark, sent back once its audio has been played or cleared."""
        return self._send_mark(name)

    def stop(self, reason: str = "") -> str:
        """Return the frame `stop`; nothing may be sent after it."""
        state = self._check_sending(Stop)
        frame = codec.encode_stop(
            Stop(reason),
            stream_sid=self._sid(),
            sequence_number=self._sequence_number + 1,
            call_sid=self._call_sid,
        )
        self._next()
        self._enter(state)
        return frame
