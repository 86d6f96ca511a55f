"""Speak in a process of its own: synthesis, resampling and levelling must not take time from calls.

Run as `python -m calls.speech.speaker`. Takes JSON lines `{"voice", "text", "language"}` on stdin, `voice` as
`kinds.voice_of` takes it. Answers each on stdout with `{"size"}` and so many bytes of audio, or with
`{"error": "…", "passing": …}`. Ends with its stdin.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

from calls.speech import kinds
from calls.speech.voice import SpeechError, VoiceUnavailable, levelled

_NICE: Final = 5
"""Calls on the same core go first."""


def answers(requests: BinaryIO) -> Iterator[bytes]:
    """Yield the answer to each request line, head and audio in one."""
    for line in requests:
        request = json.loads(line)
        try:
            voice = kinds.voice_of(request["voice"])
            audio = levelled(voice.synthesise(request["text"], request["language"]))
        except SpeechError as error:
            head = {"error": str(error), "passing": isinstance(error, VoiceUnavailable)}
            yield json.dumps(head).encode() + b"\n"
        else:
            yield json.dumps({"size": len(audio)}).encode() + b"\n" + audio


def main() -> None:
    """Answer requests until stdin ends."""
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    for answer in answers(sys.stdin.buffer):
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
