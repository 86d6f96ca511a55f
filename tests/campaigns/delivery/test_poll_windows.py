"""What is asked at once: neighbours together, stragglers apart."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.delivery.poll_windows import GAP, LONGEST, from_place, most_pages, windows
from tests.campaigns.world import NOON


@dataclass(frozen=True)
class Call:
    send_on: datetime


def calls(*seconds: float) -> list[Call]:
    return [Call(NOON + timedelta(seconds=second)) for second in seconds]


def sizes(found: list[Call]) -> list[int]:
    return [len(window) for window in windows(found)]


def test_two_stragglers_at_opposite_ends_are_two_windows() -> None:
    assert sizes(calls(0, 86_400)) == [1, 1]


def test_neighbours_are_one_window_of_bounded_length() -> None:
    assert sizes(calls(*range(150))) == [61, 61, 28]


def test_all_of_one_second_stay_together_so_that_no_list_is_read_twice() -> None:
    assert sizes(calls(*[0] * 5000)) == [5000]


def test_none_is_no_window() -> None:
    assert sizes([]) == []


def test_it_goes_on_behind_its_place_and_comes_round() -> None:
    ordered = calls(0, 100, 200)
    assert from_place(ordered, ordered[0].send_on) == [ordered[1], ordered[2], ordered[0]]
    assert from_place(ordered, ordered[2].send_on) == ordered
    assert from_place(ordered, None) == ordered


def test_a_list_costs_no_more_pages_than_its_messages_are_worth() -> None:
    assert most_pages(2) <= 2
    assert most_pages(5000) * 20 >= 5000


@given(st.lists(st.integers(0, 100_000), max_size=60), st.integers(-1, 100_001))
def test_every_message_is_in_one_window_and_no_window_is_wide(seconds: list[int], place: int) -> None:
    ordered = calls(*sorted(seconds))
    found = list(windows(from_place(ordered, NOON + timedelta(seconds=place))))
    assert sorted(call.send_on for window in found for call in window) == [call.send_on for call in ordered]
    for window in found:
        times = [call.send_on for call in window]
        assert max(times) - min(times) <= max(LONGEST, GAP)
