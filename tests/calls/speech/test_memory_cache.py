"""Audio kept in memory, within a bound."""

from hypothesis import given
from hypothesis import strategies as st

from calls.speech.memory_cache import Recent


def test_what_was_not_asked_for_longest_goes_first() -> None:
    recent = Recent(most_bytes=10)
    recent.put("a", b"1234")
    recent.put("b", b"1234")
    assert recent.get("a") == b"1234"
    recent.put("c", b"1234")
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (b"1234", None, b"1234")


def test_a_new_recording_under_the_same_name_replaces_the_old() -> None:
    recent = Recent(most_bytes=10)
    recent.put("a", b"12345678")
    assert recent.put("a", b"87654321") == b"87654321"
    assert recent.get("a") == b"87654321"


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=12)), max_size=40))
def test_it_never_holds_more_than_it_may_and_never_another_ones_audio(puts: list[tuple[int, bytes]]) -> None:
    recent, last = Recent(most_bytes=20), dict[int, bytes]()
    for key, audio in puts:
        recent.put(key, audio)
        last[key] = audio
        kept = {key: found for key in range(6) if (found := recent.get(key)) is not None}
        assert sum(map(len, kept.values())) <= 20
        assert all(last[key] == found for key, found in kept.items())
