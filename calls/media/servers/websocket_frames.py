"""PURE: RFC 6455 frames, as far as caller audio and our answers need them."""

from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled part for this machine
    from websockets.utils import apply_mask


# RFC 6455 §5.2
_WHOLE_TEXT: Final = 0x81
_FIN, _MASKED = 0x80, 0x80
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_LENGTH_16, _LENGTH_64 = 126, 127
_LIKE_AUDIO: Final = bytes((_WHOLE_TEXT, _MASKED | _LENGTH_16))
_LONG_HEAD: Final = 8
"""Bytes before the payload of a masked frame with a length in 16 bits."""


class Splitter:
    """Splits a client's bytes into the texts of simple frames, and other frames as they came.

    An unfinished frame waits for its rest. After a frame over `most_bytes` (under 64 KiB), one that breaks
    the rules, and one that closes, all that comes is passed on as it comes: the server has to deal with it.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._rest = b""
        self._in_message = False
        self._given_up = False

    def push(self, data: bytes) -> list[str | bytes]:
        """Return what is whole now, in order: a text, or the bytes of frames for the server."""
        if self._given_up:
            return [data]
        if self._rest:
            data, self._rest = self._rest + data, b""
        elif not self._in_message and data.startswith(_LIKE_AUDIO):
            # One frame of caller audio and nothing else: most of all there is to read.
            length = len(data) - _LONG_HEAD
            if _LENGTH_16 <= length <= self._most_bytes and int.from_bytes(data[2:4]) == length:
                try:
                    return [apply_mask(data[_LONG_HEAD:], data[4:_LONG_HEAD]).decode()]
                except UnicodeDecodeError:
                    return [data]
        return self._split(data)

    def give_up(self) -> bytes:
        """Pass on all that comes from now on. Returns what waited for the rest of its frame, or nothing."""
        self._given_up = True
        rest, self._rest = self._rest, b""
        return rest

    def _split(self, data: bytes) -> list[str | bytes]:
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
            first, piece = data[at], data[at:end]
            if first == _WHOLE_TEXT and not self._in_message:
                try:
                    found.append(apply_mask(data[body:end], data[body - 4 : body]).decode())
                except UnicodeDecodeError:
                    found.append(piece)
            else:
                found.append(piece)
                if first & ~_FIN in (_CONTINUED, _TEXT, _BINARY):
                    self._in_message = not first & _FIN
            at = end
        return found

    def _bounds(self, data: bytes, at: int) -> tuple[int, int]:
        """Return where the frame at `at` ends and its payload begins; (0, 0) if that cannot be known yet;
        (-1, 0) if the server has to deal with it and all that follows."""
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
        """Whether another frame may come after this one, so that its end must be known."""
        opcode = first & ~_FIN
        if opcode in (_PING, _PONG):
            return bool(first & _FIN) and length < _LENGTH_16
        return opcode == _CONTINUED if self._in_message else opcode in (_TEXT, _BINARY)


def text_frame(text: str) -> bytes:
    """Return a whole text frame as a server sends it: not masked."""
    payload = text.encode()
    size = len(payload)
    if size < _LENGTH_16:
        return bytes((_WHOLE_TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((_WHOLE_TEXT, _LENGTH_16, size >> 8, size & 0xFF)) + payload
    return bytes((_WHOLE_TEXT, _LENGTH_64)) + size.to_bytes(8) + payload


def masked(text: str) -> bytes:
    """Return a whole text frame as a client sends it, with a mask of zeros: only our own server reads it."""
    plain = text_frame(text)
    head = len(plain) - len(text.encode())
    return bytes((plain[0], plain[1] | _MASKED)) + plain[2:head] + bytes(4) + plain[head:]
