"""The process that speaks: requests in, audio or a sentence out."""

import io
import json

from calls.audio import pcm
from calls.speech.kinds import ESPEAK
from calls.speech.speaker import answers


def asked(**request: object) -> tuple[dict[str, object], bytes]:
    (answer,) = answers(io.BytesIO(json.dumps(request).encode() + b"\n"))
    head, _, audio = answer.partition(b"\n")
    return json.loads(head), audio


def test_a_text_becomes_audio_of_the_size_that_is_said() -> None:
    head, audio = asked(voice=ESPEAK, text="Your instalment is due.", language="en")
    assert head == {"size": len(audio)}
    assert pcm.duration_ms(audio) > 700


def test_a_text_that_no_voice_speaks_is_a_sentence() -> None:
    head, audio = asked(voice=ESPEAK, text="saluton", language="eo")
    assert head == {"error": "There is no voice for the language “eo”.", "passing": False}
    assert audio == b""
