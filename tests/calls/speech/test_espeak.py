"""The voice really speaks: measured audio of the real engine."""

import io
import json
import shutil
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from calls.audio import pcm, wav
from calls.speech import espeak
from calls.speech.espeak import EspeakVoice, LibraryEngine, ProgramEngine, pronounceable, speak_lines
from calls.speech.helper_process import Child
from calls.speech.voice import SpeechError

SENTENCES = {
    "hi": "आपकी किस्त देय है।",
    "gu": "તમારો હપ્તો ભરવાનો છે.",
    "ta": "உங்கள் தவணைத் தொகை.",
    "mr": "आपला हप्ता भरायचा आहे.",
    "te": "మీ వాయిదా చెల్లించాలి.",
    "kn": "ನಿಮ್ಮ ಕಂತು ಪಾವತಿಸಬೇಕು.",
    "ml": "നിങ്ങളുടെ തവണ അടയ്ക്കണം.",
    "bn": "আপনার কিস্তি বাকি আছে।",
    "pa": "ਤੁਹਾਡੀ ਕਿਸ਼ਤ ਬਾਕੀ ਹੈ।",
    "or": "ଆପଣଙ୍କ କିସ୍ତି ବାକି ଅଛି।",
    "as": "আপোনাৰ কিস্তি বাকী আছে।",
    "ur": "آپ کی قسط باقی ہے۔",
    "en": "Your instalment is due.",
}


@pytest.fixture(scope="module")
def voice() -> Iterator[EspeakVoice]:
    made = EspeakVoice(LibraryEngine())
    yield made
    made.close()


def test_what_is_installed_speaks_as_its_program_does() -> None:
    found = espeak.find_engine()
    if not isinstance(found, LibraryEngine) or not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed with its library")
    program = ProgramEngine(shutil.which("espeak-ng") or "")
    made = EspeakVoice(found)
    try:
        assert found.version == f"{program.version} library"
        for language in ("hi", "en"):
            ours = made.synthesise(SENTENCES[language], language)
            its = EspeakVoice(program).synthesise(SENTENCES[language], language)
            assert pcm.duration_ms(ours) == pytest.approx(pcm.duration_ms(its), abs=20)
    finally:
        made.close()


@pytest.mark.parametrize("language", SENTENCES)
def test_every_language_is_spoken_at_the_common_level(voice: EspeakVoice, language: str) -> None:
    audio = voice.synthesise(SENTENCES[language], language)
    assert 700 < pcm.duration_ms(audio) < 5000
    assert pcm.dbfs(audio) == pytest.approx(-16, abs=0.5)
    assert abs(pcm.to_array(audio).astype(int)).max() < 32_400


def test_a_longer_text_takes_longer_and_the_region_does_not_matter(voice: EspeakVoice) -> None:
    short = voice.synthesise("नमस्ते", "hi")
    long = voice.synthesise("नमस्ते, आपकी एक लाख पच्चीस हज़ार रुपये की किस्त देय है", "hi-IN")
    assert pcm.duration_ms(long) > 3 * pcm.duration_ms(short)


@pytest.mark.parametrize(
    ("language", "word"),
    [("as", "দ্বিতীয়"), ("as", "সন্ধিয়া"), ("as", "ছয়চল্লিশ"), ("bn", "জানুয়ারি"), ("bn", "কুড়ি"), ("bn", "বিয়াল্লিশ")],
)
def test_a_dotted_letter_sounds_the_same_however_it_is_written(
    voice: EspeakVoice, language: str, word: str
) -> None:
    apart = unicodedata.normalize("NFC", word)  # these letters are composition exclusions
    one = apart.replace("\u09af\u09bc", "\u09df").replace("\u09a1\u09bc", "\u09dc")
    assert apart != one
    assert pronounceable(apart, language) == pronounceable(one, language)
    assert pcm.duration_ms(voice.synthesise(apart, language)) < 2000  # spelt out it takes 4.5 s


def test_nine_in_assamese_is_not_the_name_of_a_letter(voice: EspeakVoice) -> None:
    assert pronounceable("ন আঠ, ন", "as") == "নঅ আঠ, নঅ"
    assert pronounceable("নগৰ আন নিৰানব্বৈ", "as") == "নগৰ আন নিৰানব্বৈ"
    assert pcm.duration_ms(voice.synthesise("ন", "as")) < 600


def test_a_final_y_in_bengali_has_no_vowel_behind_it() -> None:
    assert pronounceable("ছ\u09df ছ\u09dfশো", "bn") == "ছ\u09af\u09bc ছ\u09af\u09bcশো"
    assert pronounceable("ਫ਼ छह 6", "pa") == "ਫ਼ छह 6"


def test_a_sentence_in_the_wrong_script_is_not_silence(voice: EspeakVoice) -> None:
    assert pcm.duration_ms(voice.synthesise("Asha Patel", "gu")) > 300


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("hello", "xx", "There is no voice for the language “xx”."),
        ("  ", "hi", "There is nothing to say"),
        ("x" * 2001, "en", "longer than 2000"),
    ],
)
def test_what_cannot_be_spoken_is_said_in_a_sentence(
    voice: EspeakVoice, text: str, language: str, words: str
) -> None:
    with pytest.raises(SpeechError, match=words):
        voice.synthesise(text, language)


def test_control_characters_are_spaces(voice: EspeakVoice) -> None:
    plain = pcm.duration_ms(voice.synthesise("one two", "en"))
    for text in ("one\0two", "one\ntwo", " one   two "):
        # The engine's own audio differs by a few samples from one asking to the next.
        assert pcm.duration_ms(voice.synthesise(text, "en")) == pytest.approx(plain, abs=30)


def test_a_hanging_process_is_given_up_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = LibraryEngine()
    hanging = [sys.executable, "-c", "input(); input()"]
    monkeypatch.setattr(espeak, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(espeak, "Child", lambda _: Child(hanging))
    began = time.monotonic()
    with pytest.raises(SpeechError, match="it did not answer in time"):
        engine.speak("hello", "en")
    assert time.monotonic() - began < 5
    monkeypatch.setattr(espeak, "TIMEOUT_S", 8.0)
    monkeypatch.setattr(espeak, "Child", Child)
    audio, rate = engine.speak("hello", "en")
    assert rate == 22050
    assert len(audio) > 10_000
    engine.close()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise SystemExit(1)", "it ended|it is gone"),
        ("input(); print('nonsense', flush=True); input()", "not readable"),
        ("input(); print('[]', flush=True); input()", "not readable"),
        ("input(); print('{\"size\": 1e30}', flush=True); input()", "too large"),
        ('input(); print(\'{"error": "no voice"}\', flush=True); input()', "could not be spoken: no voice"),
    ],
)
def test_a_broken_process_is_an_error_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    monkeypatch.setattr(espeak, "Child", lambda _: Child([sys.executable, "-c", program]))
    engine = LibraryEngine()
    with pytest.raises(SpeechError, match=words):
        engine.speak("hello", "en")
    engine.close()


def program(tmp_path: Path, body: str) -> ProgramEngine:
    path = tmp_path / "espeak-ng"
    path.write_text(f"#!{sys.executable}\nimport sys\ntext = sys.stdin.buffer.read()\n{body}\n")
    path.chmod(0o755)
    return ProgramEngine(str(path))


def test_the_program_is_used_where_it_is_installed(tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(wav.wrap(pcm.to_bytes(pcm.to_array(b"\x00\x10" * 22050)), 22050))
    engine = program(tmp_path, f"sys.stdout.buffer.write(open({str(clip)!r}, 'rb').read())")
    audio = EspeakVoice(engine).synthesise("hello", "en")
    assert pcm.duration_ms(audio) == pytest.approx(1000, abs=5)


@pytest.mark.parametrize("body", ["sys.exit(2)", "sys.stdout.write('no sound')"])
def test_a_failing_program_is_an_error(tmp_path: Path, body: str) -> None:
    with pytest.raises(SpeechError, match="program failed"):
        program(tmp_path, body).speak("hello", "en")


def test_a_hanging_program_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "TIMEOUT_S", 0.3)
    with pytest.raises(SpeechError, match="did not answer"):
        program(tmp_path, "import time; time.sleep(30)").speak("hello", "en")


def test_lines_become_files(voice: EspeakVoice, tmp_path: Path) -> None:
    path = tmp_path / "haan.wav"
    lines = io.StringIO(json.dumps({"text": "हाँ जी", "language": "hi", "path": str(path)}) + "\n")
    assert speak_lines(lines, voice) == 1
    found = wav.unwrap(path.read_bytes())
    assert (found.rate, found.channels) == (8000, 1)
    assert pcm.duration_ms(found.pcm) > 200


def test_as_a_command_for_others(tmp_path: Path) -> None:
    line = json.dumps({"text": "hello", "language": "en", "path": str(tmp_path / "a.wav")})
    bad = json.dumps({"text": "hello", "language": "xx", "path": str(tmp_path / "b.wav")})
    done = subprocess.run(
        [sys.executable, "-m", "calls.speech.espeak"],
        input=f"{line}\n{bad}\n",
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "There is no voice for the language “xx”."
    assert pcm.duration_ms(wav.unwrap((tmp_path / "a.wav").read_bytes()).pcm) > 200
