"""Hostile frames: the texts of `tests/data/stream`, changed, joined and enlarged."""

from collections.abc import Callable
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "data" / "stream"
LARGEST = 4096
"""Bytes of an ordinary bent frame; one in `GIANT_EVERY` is larger than the stream may carry."""
GIANT_EVERY = 20_000
_GIANT_BYTES = 300_000

VALUES = (
    b"null true false 0 -1 -0 1e400 -1e400 NaN Infinity 9007199254740993 99999999999999999999999 0.5 5.0 "
    b'"" "0" "-1" "1e3" "media" "start" "stop" "mark" "clear" "dtmf" "connected" "RIFF" "\\u0000" '
    b'"\\ud800" "\\udfff\\ud800" "\xe0\xa5\xae" "%" "AAAA" "AAA" "=" "UklGRg==" [] {} [[]] [{}] {"a":{}}'
).split()
"""JSON texts put in the place of a value."""
STRUCTURE = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"\\",
    b"\\u",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xed\xa0\x80",
]

Bend = Callable[[Random, bytes], bytes]


def seeds() -> list[bytes]:
    """Return every line of the corpus, both directions, good ones and hostile ones."""
    files = sorted([*CORPUS.glob("*.jsonl"), *CORPUS.glob("*.txt")])
    return [line for file in files for line in file.read_bytes().splitlines() if line]


def _flip(random: Random, frame: bytes) -> bytes:
    bent = bytearray(frame)
    for _ in range(random.randint(1, 4)):
        bent[random.randrange(len(bent))] = random.randrange(256)
    return bytes(bent)


def _cut(random: Random, frame: bytes) -> bytes:
    begin, end = _span(random, frame)
    return frame[:begin] + frame[end:]


def _repeat(random: Random, frame: bytes) -> bytes:
    begin, end = _span(random, frame)
    return frame[:end] + frame[begin:end] * random.randint(1, 8) + frame[end:]


def _insert(random: Random, frame: bytes) -> bytes:
    at = random.randrange(len(frame) + 1)
    return frame[:at] + random.choice(STRUCTURE) * random.choice((1, 1, 2, 500)) + frame[at:]


def _value(random: Random, frame: bytes) -> bytes:
    """Put another value behind one of the colons."""
    at = frame.find(b":", random.randrange(len(frame)))
    ends = [end for end in (frame.find(b",", at), frame.find(b"}", at)) if end > 0]
    if at < 0 or not ends:
        return frame
    return frame[: at + 1] + random.choice(VALUES) + frame[min(ends) :]


def _nest(random: Random, frame: bytes) -> bytes:
    depth = random.choice((1, 2, 100, 1500))
    return b'{"event":' * depth + frame + b"}" * depth


def _span(random: Random, frame: bytes) -> tuple[int, int]:
    begin = random.randrange(len(frame))
    return begin, min(len(frame), begin + random.randint(1, 40))


BENDS: tuple[Bend, ...] = (_flip, _flip, _cut, _repeat, _insert, _value, _value, _value, _nest)


class Mutator:
    """An endless, repeatable supply of hostile frames."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._seeds = seeds()

    def frame(self) -> bytes:
        """Return one frame; most are malformed, some are good, some not even text."""
        random = self._random
        frame = random.choice(self._seeds)
        if random.randrange(GIANT_EVERY) == 0:
            return frame.ljust(_GIANT_BYTES, random.choice((b" ", b"[", b"1")))
        for _ in range(random.randint(1, 3)):
            frame = random.choice(BENDS)(random, frame) or b"{"
        return frame[:LARGEST]
