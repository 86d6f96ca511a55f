"""Range requests as RFC 9110, section 14, has them."""

from pathlib import Path

import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from calls.recordings.http_range import PIECE, Span, file_response, requested_span


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", Span(0, 99)),
        ("bytes=0-9", Span(0, 9)),
        ("bytes=90-", Span(90, 99)),
        ("bytes=-10", Span(90, 99)),
        ("bytes=-500", Span(0, 99)),
        ("bytes=50-5000", Span(50, 99)),
        ("bytes=100-", None),
        ("bytes=-0", None),
        # Not understood, and so not heeded (section 14.2).
        ("bytes=9-5", Span(0, 99)),
        ("bytes=0-1,5-6", Span(0, 99)),
        ("lines=1-2", Span(0, 99)),
        ("bytes=-", Span(0, 99)),
        ("bytes=" + "9" * 40 + "-", Span(0, 99)),
    ],
)
def test_what_a_header_asks_for(header: str, span: Span | None) -> None:
    assert requested_span(header, 100) == span


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recording.wav"
    path.write_bytes(bytes(range(256)) * 1024)
    return path


def test_a_part_is_sent_with_its_place(file: Path) -> None:
    request = RequestFactory().get("/", headers={"range": "bytes=256-511"})
    response = file_response(request, file, content_type="audio/wav")
    assert isinstance(response, StreamingHttpResponse)
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes 256-511/{256 * 1024}"
    assert response.headers["Content-Length"] == "256"
    assert response.getvalue() == bytes(range(256))


def test_the_whole_file_comes_in_pieces_and_says_that_parts_can_be_had(file: Path) -> None:
    response = file_response(RequestFactory().get("/"), file, content_type="audio/wav")
    assert isinstance(response, StreamingHttpResponse)
    pieces = list(response)
    assert (response.status_code, response.headers["Accept-Ranges"]) == (200, "bytes")
    assert b"".join(pieces) == file.read_bytes()
    assert max(map(len, pieces)) == PIECE


async def test_under_asgi_it_is_read_without_a_warning(file: Path) -> None:
    response = file_response(RequestFactory().get("/"), file, content_type="audio/wav")
    assert isinstance(response, StreamingHttpResponse)
    assert b"".join([piece async for piece in response]) == file.read_bytes()


def test_a_place_after_the_end_is_refused_with_the_size(file: Path) -> None:
    request = RequestFactory().get("/", headers={"range": "bytes=999999999-"})
    response = file_response(request, file, content_type="audio/wav")
    assert (response.status_code, response.headers["Content-Range"]) == (416, f"bytes */{256 * 1024}")
