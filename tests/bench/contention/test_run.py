"""What `make contention` fails for."""

import pytest

from bench.contention.run import has_failed


@pytest.mark.parametrize(
    ("lost", "reached", "failed"), [(0, 0, False), (1, 0, True), (0, 1, True), (2, 2, True)]
)
def test_what_is_lost_or_reaches_a_person_is_a_failure_and_what_is_run_again_is_none(
    lost: int, reached: int, failed: bool
) -> None:
    figures = {"rounds": 100, "deadlocks": 3, "retried": 9, "lost": lost, "reached": reached}
    assert has_failed(figures) is failed
