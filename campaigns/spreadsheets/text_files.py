"""PURE: in which encoding a list was written, and what separates its cells.

A file may hold hundreds of megabytes: it is read in pieces, and the guesses are made from its start.
"""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from charset_normalizer import from_bytes

from campaigns.errors import SheetError
from campaigns.spreadsheets.columns import heading_score

ROWS_LOOKED_AT = 30
SAVE_AS = "Save the list as CSV or as an Excel workbook and upload it again."

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_BYTES = 64 * 1024
_PIECE = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def start_of(file: BinaryIO, size: int = _PIECE) -> bytes:
    """Return the first bytes, at most `size` (a megabyte)."""
    file.seek(0)
    return file.read(size)


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield all bytes, a megabyte at a time."""
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


def encoding_of(file: BinaryIO, filename: str) -> str:
    """Return Python's name of the encoding: what a BOM says, else UTF-8 if all of it is, else a guess.

    Raises `SheetError` for what is no text.
    """
    start = start_of(file)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return encoding
    sample = start[:_SAMPLE_BYTES]
    if sample.count(0) > len(sample) // 10:
        # UTF-16 without a BOM shows as zeros in every other byte of the separators and digits.
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    return "utf-8" if is_strictly(file, "utf-8") else _guessed_encoding(start, filename)


def is_strictly(file: BinaryIO, encoding: str) -> bool:
    """Return whether every byte decodes."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in pieces_of(file):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _guessed_encoding(start: bytes, filename: str) -> str:
    """Return UTF-8 where a few spoilt bytes stand in it: ISO-8859-1 has hardly a valid sequence of it.

    Else ISO-8859-1, or Windows' variant of it where the bytes that only that one uses occur.
    """
    text = start.decode("utf-8", "replace")
    spoilt = text.count("\ufffd")
    if sum(1 for c in text if c > "\x7f") - spoilt >= 10 * spoilt:
        return "utf-8"
    lines = [line for line in start.splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE_BYTES]
    if any(byte < 9 for byte in sample):
        raise SheetError(f"The file {filename} is not a text file. {SAVE_AS}")
    guess = from_bytes(sample, cp_isolation=["cp1252", "latin_1"]).best()
    windows = guess is not None and guess.encoding == "cp1252" and any(0x80 <= b < 0xA0 for b in sample)
    return "cp1252" if windows else "iso8859-1"


def decoded_sample(file: BinaryIO, encoding: str) -> list[str]:
    """Return the lines in the first 64 KB; the last one is dropped when the sample has cut it."""
    data = start_of(file, _SAMPLE_BYTES)
    lines = data.decode(encoding, "ignore").splitlines()
    return lines[:-1] if len(data) == _SAMPLE_BYTES and len(lines) > 1 else lines


def delimiter_of(lines: Sequence[str]) -> tuple[str, bool]:
    """Return the separator, and whether Excel's `sep=` line names it."""
    first = lines[0].strip().strip('"').lower() if lines else ""
    if len(first) == 5 and first.startswith("sep=") and first[4] in _DELIMITERS:
        return first[4], True
    filled = [line for line in lines if line.strip()][:200]

    def score(delimiter: str) -> tuple[int, int]:
        """Rank by headings, then by rows of the commonest width: amounts with commas have no headings."""
        rows = list(csv.reader(filled, delimiter=delimiter, strict=False))
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            return 0, 0
        width, count = widths.most_common(1)[0]
        headed = max((heading_score(row) for row in rows[:ROWS_LOOKED_AT]), default=0)
        return (headed if headed > 1 else 0, count * width)

    return max(_DELIMITERS, key=score), False
