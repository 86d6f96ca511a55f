"""`make first-audio` in short: what lies ready is heard, nothing is made in the call; and it can miss."""

import pytest

from bench.crowd.callers import Fate
from bench.first_audio.run import figures, first_audio_ms
from tests.bench.test_words import run

LINE = ["calls", "first_audio_p99_ms", "clip_p99_ms", "ratio", "synthesised_in_media"]


def test_time_counts_from_the_start_message() -> None:
    heard = Fate("a", answered_s=0.5, accepted=True, started_s=0.4)
    silent = Fate("b", accepted=True, started_s=0.4)
    assert first_audio_ms([heard, silent]) == [pytest.approx(100)]
    found = figures([heard], [Fate("c", answered_s=0.2, started_s=0.15)], calls=1, synthesised=0)
    assert (found["first_audio_p99_ms"], found["clip_p99_ms"], found["ratio"]) == (100, 50, 2)


@pytest.mark.system
def test_words_that_lie_ready_are_heard_and_none_is_made_in_a_call() -> None:
    """How fast depends on who else uses the machine: here it is bounded by the round."""
    code, said, found = run("bench.first_audio.run", "--calls=5", "--rounds=1", "--most-ms=5000")
    assert list(found) == LINE
    assert code == 0, said
    assert found["synthesised_in_media"] == 0, said


@pytest.mark.system
def test_words_that_were_not_spoken_ahead_are_found_out() -> None:
    code, said, found = run("bench.first_audio.run", "--calls=2", "--rounds=1", "--most-ms=5000", "--cold")
    assert code == 1, said
    assert found["synthesised_in_media"] > 0, said
