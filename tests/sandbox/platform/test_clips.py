"""The people's voices: made by another program, read through μ-law, and tones where they are missing."""

import logging
import sys
from pathlib import Path

import pytest

from calls.audio import pcm, wav
from calls.audio.dtmf import beep
from sandbox.line.leg import SILENT_FRAME
from sandbox.people import people
from sandbox.platform import clips
from sandbox.platform.clips import MACHINES, TEXTS, Library

SYNTHESISER = """
import json, sys
from calls.audio import wav
for line in sys.stdin:
    request = json.loads(line)
    open(request["path"], "wb").write(wav.wrap(b"\\x10\\x20" * 8000))
"""


def test_every_clip_of_the_cast_has_a_text_in_every_language() -> None:
    said = {step.value for person in people.cast().values() for step in person.script if step.kind == "say"}
    assert said <= TEXTS.keys() | MACHINES.keys()
    assert len({tuple(sorted(texts)) for texts in TEXTS.values()}) == 1


def test_clips_are_made_once_by_the_program(tmp_path: Path) -> None:
    assert clips.make(tmp_path, [sys.executable, "-c", SYNTHESISER]) == []
    made = sorted(tmp_path.rglob("*.wav"))
    assert len(made) == len(list(clips.wanted(tmp_path)))
    assert clips.make(tmp_path, ["/no/such/program"]) == []


def test_without_the_program_it_is_said_and_nothing_breaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = clips.make(tmp_path, ["/no/such/program"])
    assert "hi/haan_ji" in missing
    assert caplog.text.count("Speech synthesis did not run") == 1


def test_a_program_that_fails_is_reported_with_its_last_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clips.make(tmp_path, [sys.executable, "-c", "import sys; sys.exit('no voice for hi')"])
    assert "no voice for hi" in caplog.text


def save(folder: Path, language: str, name: str, sound: bytes) -> None:
    path = clips.path_of(folder, name, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound)


def test_a_clip_is_heard_through_mu_law(tmp_path: Path) -> None:
    sound = beep(200)
    save(tmp_path, "gu", "hello", wav.wrap(sound))
    heard = Library(tmp_path).sound("hello", "gu")
    assert heard == pcm.decode_ulaw(pcm.encode_ulaw(sound))
    assert heard != sound


def test_other_rates_and_stereo_become_8_khz_mono(tmp_path: Path) -> None:
    save(tmp_path, "hi", "hello", wav.wrap(b"\0\1" * 2 * 16_000, 16_000, channels=2))
    assert pcm.duration_ms(Library(tmp_path).sound("hello", "hi")) == pytest.approx(1000, abs=5)


def test_a_missing_language_falls_back_to_hindi(tmp_path: Path) -> None:
    save(tmp_path, "hi", "hello", wav.wrap(beep(200)))
    library = Library(tmp_path)
    assert library.sound("hello", "ta") == library.sound("hello", "hi")


@pytest.mark.parametrize("language", ["hi", "../../etc", ""])
def test_without_clips_people_use_tones_and_one_line_says_so(
    tmp_path: Path, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library(tmp_path)
    with caplog.at_level(logging.WARNING):
        first, second = library.sound("hello", language), library.sound("haan_ji", language)
    assert pcm.dbfs(first) > -20
    assert first == second
    assert caplog.text.count("people use tones") == 1


def test_a_broken_clip_is_named_and_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path, "hi", "hello", b"not a wav")
    assert Library(tmp_path).sound("hello", "hi")
    assert "hi/hello cannot be read" in caplog.text


def test_the_noise_of_a_line_has_its_level_and_goes_round_in_whole_frames(tmp_path: Path) -> None:
    library = Library(tmp_path)
    frames = library.background(-32)
    assert {len(frame) for frame in frames} == {pcm.FRAME_BYTES}
    assert pcm.dbfs(b"".join(frames)) == pytest.approx(-32, abs=0.5)
    assert library.background(-32) is frames
    assert library.background(None) == (SILENT_FRAME,)


def test_a_fax_sounds_the_same_in_every_language(tmp_path: Path) -> None:
    library = Library(tmp_path)
    assert library.sound("fax_tone", "hi") == library.sound("fax_tone", "ta")
    assert pcm.duration_ms(library.sound("fax_tone", "hi")) == 3000
