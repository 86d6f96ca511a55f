"""A sentence is kept once, under a name that tells nothing, and the directory stays bounded."""

import os
import time
from pathlib import Path

import pytest

from calls.audio.pcm import silence
from calls.speech.disk_cache import SpeechCache, folder_of, forget, people_of

MEENA, ASHA = "x0123456789abcde", "xfedcba987654321"


def cache_in(directory: Path, **limits: float) -> SpeechCache:
    return SpeechCache(
        directory,
        secret="of the test",
        most_bytes=int(limits.get("most_bytes", 10**9)),
        most_seconds=limits.get("most_seconds", float("inf")),
    )


def kept(cache: SpeechCache, text: str, *, whose: str = "") -> Path:
    path = cache.path("voice 1", text, "en", whose=whose)
    cache.keep(path, silence(len(text)))
    return path


def files(directory: Path) -> list[Path]:
    """All files; one that lies at several places once, at the last of them (`people` before `pieces`)."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return sorted({path.stat().st_ino: path for path in reversed(found)}.values())


def test_what_one_process_keeps_another_finds(tmp_path: Path) -> None:
    path = kept(cache_in(tmp_path), "hello")
    other = cache_in(tmp_path)
    assert other.path("voice 1", "hello", "en") == path
    assert other.find(path) == silence(5)
    assert other.holds(path)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    path = cache.path("voice 1", "hello", "en")
    assert cache.find(path) is None
    assert not cache.holds(path)


def test_voice_text_language_secret_and_person_all_matter(tmp_path: Path) -> None:
    cache, other = cache_in(tmp_path), SpeechCache(tmp_path, secret="another")
    paths = {
        cache.path("one", "a", "hi"),
        cache.path("two", "a", "hi"),
        cache.path("one", "b", "hi"),
        cache.path("one", "a", "mr"),
        cache.path("one", "a", "hi", whose=MEENA),
        cache.path("one", "a", "hi", whose=ASHA),
        other.path("one", "a", "hi"),
    }
    assert len(paths) == 7


def test_a_name_tells_neither_the_text_nor_the_language(tmp_path: Path) -> None:
    path = cache_in(tmp_path).path("voice 1", "Meena", "hi", whose=MEENA)
    assert path.parts[-4:-1] == ("people", "de", MEENA)
    assert len(path.stem) == 64
    assert set(path.stem) <= set("0123456789abcdef")


def test_a_pseudonym_is_no_path(tmp_path: Path) -> None:
    for name in ("../../etc", "", "a/b"):
        with pytest.raises(ValueError, match="letters and digits"):
            folder_of(tmp_path, name)


def test_a_damaged_file_is_absent(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    path = kept(cache, "hello")
    path.write_bytes(b"RIFF")
    assert cache.find(path) is None


@pytest.mark.parametrize("look", [SpeechCache.find, SpeechCache.holds])
def test_a_hit_counts_as_use(tmp_path: Path, look: object) -> None:
    cache = cache_in(tmp_path)
    path = kept(cache, "hello")
    os.utime(path, (1, 1))
    assert callable(look)
    look(cache, path)
    assert path.stat().st_mtime > 1_000_000


def test_a_directory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    cache = cache_in(blocked)
    path = cache.path("voice 1", "hello", "en")
    cache.keep(path, silence(5))
    assert cache.find(path) is None


def test_what_was_unused_for_longest_goes_first(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, most_bytes=10_000)
    for number, text in enumerate("abcdefgh"):
        path = kept(cache, text * 100, whose=MEENA if number % 2 else "")  # 1,644 bytes each
        os.utime(path, (number, number))
    cache.prune()
    left = files(tmp_path)
    assert sum(path.stat().st_size for path in left) <= 8_000
    assert sorted(path.stat().st_mtime for path in left) == [4, 5, 6, 7]


def test_what_is_unused_for_too_long_goes_where_a_process_speaks(tmp_path: Path) -> None:
    first = kept(cache_in(tmp_path), "Namaste Meena", whose=MEENA)
    long_ago = time.time() - 2 * 86_400
    os.utime(first, (long_ago, long_ago))
    second = kept(cache_in(tmp_path, most_seconds=86_400), "Namaste Asha", whose=ASHA)
    assert files(tmp_path) == [second]
    assert people_of(tmp_path) == [ASHA]


def test_files_of_the_layout_before_go_by_the_same_clock(tmp_path: Path) -> None:
    old = tmp_path / "ab" / "abc.wav"
    old.parent.mkdir()
    old.write_bytes(b"RIFF")
    os.utime(old, (1, 1))
    cache_in(tmp_path, most_seconds=86_400).prune()
    assert not old.exists()


def test_people_who_hear_the_same_share_one_file_until_the_last_is_forgotten(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    hers = kept(cache, "Hello Asha.", whose=ASHA)
    his = cache.path("voice 1", "Hello Asha.", "en", whose=MEENA)
    assert cache.share(his)
    assert cache.find(his) == cache.find(hers)
    assert his.stat().st_ino == hers.stat().st_ino
    forget(tmp_path, ASHA)
    assert cache.holds(his)
    forget(tmp_path, MEENA)
    assert files(tmp_path) == []
    assert not cache.share(his)


def test_a_piece_that_no_person_has_is_deleted_with_the_next_look(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    kept(cache, "Hello Asha.", whose=ASHA).unlink()
    assert len(files(tmp_path)) == 1
    cache.prune()
    assert files(tmp_path) == []


def test_what_is_said_to_all_is_not_shared(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    assert not cache.share(cache.path("voice 1", "Hello.", "en"))
    assert cache.share(kept(cache, "Hello."))
    assert not (tmp_path / "pieces").exists()


def test_forgetting_one_person_leaves_the_others(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    for text, whose in (("one", MEENA), ("two", MEENA), ("one", ASHA), ("all", "")):
        kept(cache, text, whose=whose)
    assert forget(tmp_path, MEENA) == 2
    assert forget(tmp_path, MEENA) == 0
    assert people_of(tmp_path) == [ASHA]
    assert len(files(tmp_path)) == 2
