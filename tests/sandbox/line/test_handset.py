"""A person at the page: microphone and keys become what a script would do."""

from itertools import islice

import pytest

from calls.audio.pcm import FRAME_BYTES
from sandbox.line.handset import MOST_WAITING, Handset
from sandbox.line.leg import SILENT_FRAME
from sandbox.people.people import HangUp, Heard, Press


def new_handset() -> Handset:
    return Handset(lambda _frame: None)


def test_the_microphone_comes_in_frames_and_silence_when_it_is_late() -> None:
    handset = new_handset()
    handset.speak(b"\x01\x00" * 240)
    voice = handset.voice()
    assert [*islice(voice, 2)] == [b"\x01\x00" * 160, SILENT_FRAME]
    handset.speak(b"\x01\x00" * 80)
    assert next(voice) == b"\x01\x00" * 160


def test_who_sends_too_much_is_heard_from_here_on() -> None:
    handset = new_handset()
    for n in range(MOST_WAITING * 2):
        handset.speak(bytes([n, 0]) * 160)
    assert next(handset.voice())[0] == MOST_WAITING
    handset.speak(b"\0" * FRAME_BYTES * 1000)
    assert len([frame for frame in islice(handset.voice(), 500) if frame is not SILENT_FRAME]) == MOST_WAITING


def test_keys_are_pressed_once_and_in_order() -> None:
    handset = new_handset()
    for key in ("1", "#", "x", "", "11"):
        handset.press(key)
    assert handset.hears(Heard.NOTHING, 0.0) == [Press("1"), Press("#")]
    assert handset.hears(Heard.NOTHING, 0.02) == []


def test_a_key_and_then_the_hook() -> None:
    handset = new_handset()
    handset.press("5")
    handset.hang_up()
    assert handset.hears(Heard.NOTHING, 0.0) == [Press("5"), HangUp("hung up at the page")]


@pytest.mark.parametrize("count", [1, 1000])
def test_hammered_keys_are_bounded(count: int) -> None:
    handset = new_handset()
    for _ in range(count):
        handset.press("5")
    assert len(handset.hears(Heard.NOTHING, 0.0)) == min(count, 32)
