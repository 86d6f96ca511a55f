"""The same sentence is synthesised once, and the directory stays bounded."""

import os
import time
from pathlib import Path

import pytest

from calls.audio.pcm import silence
from calls.speech.disk_cache import CachedVoice
from calls.speech.voice import SpeechError


class CountingVoice:
    """Silence, one millisecond a letter; counts how often it is asked."""

    def __init__(self, identity: str = "test 1") -> None:
        self.identity = identity
        self.asked: list[tuple[str, str]] = []

    def synthesise(self, text: str, language: str) -> bytes:
        self.asked.append((text, language))
        if text == "unspeakable":
            raise SpeechError("No.")
        return silence(len(text))


def test_a_second_asking_does_not_reach_the_voice(tmp_path: Path) -> None:
    voice = CountingVoice()
    first = CachedVoice(voice, tmp_path).synthesise("hello", "en")
    assert CachedVoice(voice, tmp_path).synthesise("hello", "en") == first == silence(5)
    assert voice.asked == [("hello", "en")]


def test_text_language_and_voice_all_matter(tmp_path: Path) -> None:
    one, two = CountingVoice("one"), CountingVoice("two")
    for voice, text, language in ((one, "a", "hi"), (one, "a", "mr"), (one, "b", "hi"), (two, "a", "hi")):
        CachedVoice(voice, tmp_path).synthesise(text, language)
    assert len(one.asked) == 3
    assert len(two.asked) == 1


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    voice = CountingVoice()
    cached = CachedVoice(voice, tmp_path)
    cached.synthesise("hello", "en")
    (path,) = tmp_path.glob("*/*.wav")
    path.write_bytes(b"RIFF")
    assert cached.synthesise("hello", "en") == silence(5)
    assert cached.synthesise("hello", "en") == silence(5)
    assert len(voice.asked) == 2


def test_a_hit_counts_as_use(tmp_path: Path) -> None:
    cached = CachedVoice(CountingVoice(), tmp_path)
    cached.synthesise("hello", "en")
    (path,) = tmp_path.glob("*/*.wav")
    os.utime(path, (1, 1))
    cached.synthesise("hello", "en")
    assert path.stat().st_mtime > 1_000_000


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    voice = CountingVoice()
    cached = CachedVoice(voice, tmp_path)
    for _ in range(2):
        with pytest.raises(SpeechError):
            cached.synthesise("unspeakable", "en")
    assert len(voice.asked) == 2
    assert list(tmp_path.glob("*/*")) == []


def test_a_directory_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    voice = CountingVoice()
    assert CachedVoice(voice, blocked).synthesise("hello", "en") == silence(5)


def test_what_was_unused_for_longest_goes_first(tmp_path: Path) -> None:
    cached = CachedVoice(CountingVoice(), tmp_path, most_bytes=10_000)
    for number, text in enumerate("abcdefgh"):
        cached.synthesise(text * 100, "en")  # 1,644 bytes each
        for path in tmp_path.glob("*/*.wav"):
            if path.stat().st_mtime > 1_000:
                os.utime(path, (number, number))
    cached.prune()
    kept = list(tmp_path.glob("*/*.wav"))
    assert sum(path.stat().st_size for path in kept) <= 8_000
    assert sorted(path.stat().st_mtime for path in kept) == [4, 5, 6, 7]


def test_what_is_unused_for_too_long_goes_where_a_process_speaks(tmp_path: Path) -> None:
    cached = CachedVoice(CountingVoice(), tmp_path, most_seconds=86_400)
    cached.synthesise("Namaste Meena", "hi")
    (first,) = tmp_path.glob("*/*.wav")
    long_ago = time.time() - 2 * 86_400
    os.utime(first, (long_ago, long_ago))
    CachedVoice(CountingVoice(), tmp_path, most_seconds=86_400).synthesise("Namaste Asha", "hi")
    assert not first.exists()
    assert len(list(tmp_path.glob("*/*.wav"))) == 1
