"""Cutting a stream of bytes of any sizes into frames of one size."""

from calls.audio.pcm import FRAME_BYTES


class Framer:
    """Cut bytes into frames of `frame_bytes`; keeps less than one frame between calls."""

    def __init__(self, frame_bytes: int = FRAME_BYTES) -> None:
        if frame_bytes <= 0:
            raise ValueError("a frame has at least one byte")
        self._size = frame_bytes
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Return how many bytes are kept because they do not fill a frame yet."""
        return len(self._rest)

    def push(self, data: bytes) -> list[bytes]:
        """Return the frames completed by `data`, in order."""
        size = self._size
        if not self._rest and len(data) == size:
            return [data]
        joined = self._rest + data
        end = len(joined) - len(joined) % size
        self._rest = joined[end:]
        return [joined[at : at + size] for at in range(0, end, size)]

    def flush(self) -> bytes:
        """Return what is left, shorter than a frame and possibly empty; the framer is empty after."""
        rest, self._rest = self._rest, b""
        return rest
