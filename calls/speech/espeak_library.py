"""Run the espeak-ng library in a process of its own: a crash or a hang of it must not reach a call.

Run as a script, with nothing but the standard library: `python espeak_library.py LIBRARY DATA RATE`. Takes
JSON lines `{"text", "voice"}` on stdin, and answers each on stdout with one JSON line `{"rate", "size"}`
followed by `size` bytes of s16le mono, or `{"error": "…"}`. Ends with its stdin.
"""

import ctypes
import json
import sys
from collections.abc import Iterator
from typing import BinaryIO

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_RATE = 1
_POSITION_CHARACTER = 1

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakRefused(Exception):
    """The library returned an error. The text says which, without a full stop."""


class Library:
    """espeak-ng by ctypes, as its `speak_lib.h` describes it; without `data` it looks where it was installed.

    Raises `EspeakRefused` without voice data.
    """

    def __init__(self, library: str, data: str, words_a_minute: int) -> None:
        self._lib = ctypes.CDLL(library)
        self._audio = bytearray()
        self.rate = int(self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data.encode() or None, _DO_NOT_EXIT))
        if self.rate <= 0:
            raise EspeakRefused("the library found no voice data")

        def receive(samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: int | None) -> int:
            if samples and count > 0:
                self._audio += ctypes.string_at(samples, count * 2)
            return 0

        self._callback = _Callback(receive)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._words_a_minute = words_a_minute

    def speak(self, text: str, voice: str) -> bytes:
        """Return s16le mono at `self.rate` Hz. Raises `EspeakRefused` for an unknown voice or a bad text."""
        self._audio.clear()
        if self._lib.espeak_SetVoiceByName(voice.encode()):
            raise EspeakRefused(f"there is no voice {voice}")
        self._lib.espeak_SetParameter(_RATE, self._words_a_minute, 0)
        data = text.encode() + b"\0"
        refused = self._lib.espeak_Synth(data, len(data), 0, _POSITION_CHARACTER, 0, _UTF8, None, None)
        if refused or self._lib.espeak_Synchronize():
            raise EspeakRefused("the library refused the text")
        return bytes(self._audio)


def answers(library: Library, requests: BinaryIO) -> Iterator[bytes]:
    """Yield the answer to each request line, head and audio in one."""
    for line in requests:
        request = json.loads(line)
        try:
            audio = library.speak(request["text"], request["voice"])
        except EspeakRefused as refused:
            yield json.dumps({"error": str(refused)}).encode() + b"\n"
        else:
            yield json.dumps({"rate": library.rate, "size": len(audio)}).encode() + b"\n" + audio


def main() -> None:
    """Answer requests until stdin ends. Raises `EspeakRefused` if the library finds no voice data."""
    library_path, data_path, words_a_minute = sys.argv[1:4]
    library = Library(library_path, data_path, int(words_a_minute))
    for answer in answers(library, sys.stdin.buffer):
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
