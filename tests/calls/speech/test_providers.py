"""What a reply must hold to be audio."""

import base64
import json

import pytest

from calls.speech.providers import PROVIDERS, UnusableAudio, audio_of
from tests.calls.speech.service import hum


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_writer_that_streams_does_not_know_its_size(size: int) -> None:
    file = bytearray(hum(8000))
    file[4:8] = file[40:44] = size.to_bytes(4, "little")
    body = json.dumps({"audioContent": base64.b64encode(file).decode()}).encode()
    assert len(audio_of(body, PROVIDERS["google"], rate=8000).pcm) == 8000


@pytest.mark.parametrize(
    "reply", [b"", b"[]", b"null", b'{"audios": []}', b'{"audios": [1]}', b'{"audios": "x"}', b"[" * 100_000]
)
def test_a_reply_of_another_form_holds_none(reply: bytes) -> None:
    with pytest.raises(UnusableAudio):
        audio_of(reply, PROVIDERS["sarvam"], rate=8000)
