"""Answers with a file or a part of it (RFC 9110, section 14), so that a browser can seek in a recording."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

PIECE = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `first` to `last` of a file, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return self.last - self.first + 1


def requested_span(header: str, size: int) -> Span | None:
    """Return the part that a `Range` header asks for, cut to the file of `size` bytes.

    The whole file for a header that is none; None when no byte of the file is in the range (answer 416).
    """
    asked = _RANGE.fullmatch(header.strip())
    if asked is None or asked.groups() == ("", ""):
        return Span(0, size - 1)
    first, last = asked.groups()
    if not first:
        return Span(max(0, size - int(last)), size - 1) if int(last) else None
    span = Span(int(first), min(int(last) if last else size - 1, size - 1))
    if last and int(last) < int(first):
        return Span(0, size - 1)
    return span if span.first < size else None


class FileSpan(StreamingHttpResponse):
    """A part of a file in pieces, read in a thread under ASGI and directly under WSGI."""

    def __init__(self, path: Path, span: Span, *, status: int, content_type: str) -> None:
        self._pieces = _pieces(path, span)
        super().__init__(self._pieces, status=status, content_type=content_type)
        self.headers["Content-Length"] = str(span.size)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces, read in a thread, so that the event loop does not wait."""
        read = sync_to_async(partial(next, self._pieces, b""), thread_sensitive=False)
        while piece := await read():
            yield piece


def _pieces(path: Path, span: Span) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(span.first)
        left = span.size
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def file_response(request: HttpRequest, path: Path, *, content_type: str) -> HttpResponseBase:
    """Return the file, or the one range that was asked for: 200, 206 or 416. Raises `OSError`."""
    size = path.stat().st_size
    header = request.headers.get("Range", "")
    span = requested_span(header, size)
    if span is None or size == 0:
        response: HttpResponseBase = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        partial = span.size < size or header.startswith("bytes=0-")
        response = FileSpan(path, span, status=206 if partial else 200, content_type=content_type)
        if partial:
            response.headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    response.headers["Accept-Ranges"] = "bytes"
    return response
