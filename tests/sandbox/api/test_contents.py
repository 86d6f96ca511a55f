"""Recorded clips over multipart."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from calls.audio import wav
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db
CLIP = wav.wrap(b"\0\0" * 800)


def send(office: Office, method: str, where: str, fields: dict[str, Any]) -> Any:
    data = encode_multipart(BOUNDARY, fields)
    return office.call(method, where, data=data, content_type=MULTIPART_CONTENT)


def test_content_round() -> None:
    office = Office()
    fields = {"type": "audio", "name": "greeting", "file": SimpleUploadedFile("a.wav", CLIP)}
    made = send(office, "POST", "content", fields)
    assert made.status_code == 201
    where = f"content/{made.json()['id']}"
    assert office.call("GET", f"{where}/file").content == CLIP
    longer = wav.wrap(b"\1\0" * 1600)
    changed = send(office, "PATCH", where, {"file": SimpleUploadedFile("b.wav", longer)})
    assert changed.json()["name"] == "greeting"
    assert office.call("GET", f"{where}/file").content == longer
    assert office.call("PUT", where, {"name": "second"}).json()["name"] == "second"
    assert [c["name"] for c in office.call("GET", "content").json()["results"]] == ["second"]
    assert office.call("DELETE", where).status_code == 204
    assert office.call("GET", where).status_code == 404


def test_only_wav_is_taken() -> None:
    fields = {"name": "x", "file": SimpleUploadedFile("a.wav", b"ID3 not a wav file")}
    assert send(Office(), "POST", "content", fields).json() == {"file": ["A WAV file was expected here."]}


def test_a_name_is_needed() -> None:
    assert send(Office(), "POST", "content", {"type": "audio"}).status_code == 400


def test_a_broken_form_is_400() -> None:
    office = Office()
    made = send(office, "POST", "content", {"name": "x"})
    where = f"content/{made.json()['id']}"
    reply = office.call("PATCH", where, data=b"nonsense", content_type="multipart/form-data; boundary=")
    assert reply.status_code == 400
