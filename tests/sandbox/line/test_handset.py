"""A person at the page: microphone and keys become what a script would do."""

from itertools import islice

import pytest

from calls.audio.pcm import FRAME_BYTES
from sandbox.line.handset import MOST_WAITING, Handset
from sandbox.line.leg import SILENT_FRAME
from sandbox.people.people import HangUp, Heard, Press


def handset() -> Handset:
    return Handset(lambda _frame: None)


def test_the_microphone_comes_in_frames_and_silence_when_it_is_late() -> None:
    held = handset()
    held.speak(b"\x01\x00" * 240)
    voice = held.voice()
    assert [*islice(voice, 2)] == [b"\x01\x00" * 160, SILENT_FRAME]
    held.speak(b"\x01\x00" * 80)
    assert next(voice) == b"\x01\x00" * 160


def test_who_sends_too_much_is_heard_from_here_on() -> None:
    held = handset()
    for n in range(MOST_WAITING * 2):
        held.speak(bytes([n, 0]) * 160)
    assert next(held.voice())[0] == MOST_WAITING
    held.speak(b"\0" * FRAME_BYTES * 1000)
    assert len([frame for frame in islice(held.voice(), 500) if frame is not SILENT_FRAME]) == MOST_WAITING


def test_keys_are_pressed_once_and_in_order() -> None:
    held = handset()
    for key in ("1", "#", "x", "", "11"):
        held.press(key)
    assert held.hears(Heard.NOTHING, 0.0) == [Press("1"), Press("#")]
    assert held.hears(Heard.NOTHING, 0.02) == []


def test_a_key_and_then_the_hook() -> None:
    held = handset()
    held.press("5")
    held.hang_up()
    assert held.hears(Heard.NOTHING, 0.0) == [Press("5"), HangUp("hung up at the page")]


@pytest.mark.parametrize("count", [1, 1000])
def test_hammered_keys_are_bounded(count: int) -> None:
    held = handset()
    for _ in range(count):
        held.press("5")
    assert len(held.hears(Heard.NOTHING, 0.0)) == min(count, 32)
