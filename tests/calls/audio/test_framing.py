"""However the bytes come, the same frames leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.audio.framing import Framer


@given(st.lists(st.binary(max_size=50), max_size=12), st.integers(1, 40))
def test_frames_do_not_depend_on_how_the_bytes_arrive(pieces: list[bytes], size: int) -> None:
    framer = Framer(size)
    frames = [frame for piece in pieces for frame in framer.push(piece)]
    assert all(len(frame) == size for frame in frames)
    assert framer.waiting < size
    assert b"".join(frames) + framer.flush() == b"".join(pieces)


def test_flush_leaves_nothing_behind() -> None:
    framer = Framer(4)
    assert framer.push(b"abcdef") == [b"abcd"]
    assert framer.flush() == b"ef"
    assert framer.flush() == b""
    assert framer.push(b"wxyz") == [b"wxyz"]


def test_a_frame_needs_a_size() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        Framer(0)
