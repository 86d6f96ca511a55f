"""`make speech-ahead` in short: one dialogue, few people; its last line, and that it can miss."""

import pytest

from tests.bench.test_words import run

LINE = ["people", "synthesised_a_person", "seconds_common", "seconds_core", "seconds_whole", "ratio"]


@pytest.mark.system
def test_people_are_prepared_for_less_than_their_words_whole() -> None:
    """The bound is for 40 people; of two, few hear the same."""
    code, said, found = run("bench.speech_ahead.run", "--people=2", "--only=survey", "--most-ratio=5")
    assert list(found) == LINE, said
    assert code == 0, said
    assert found["people"] == 4
    assert 0 < found["synthesised_a_person"] <= 2, said
    code, said, _ = run("bench.speech_ahead.run", "--people=2", "--only=survey", "--most-ratio=0")
    assert code == 1, said
