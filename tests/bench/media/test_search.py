"""The search finds how many calls a core carries."""

import pytest

from bench.media.search import Search


def search_for(capacity: int, search: Search) -> list[int]:
    """The tries it makes when so many calls are carried."""
    tries = []
    while calls := search.next_calls:
        tries.append(calls)
        search.tell(calls, carried=calls <= capacity)
    return tries


@pytest.mark.parametrize("capacity", [1, 7, 40, 97, 155, 640])
def test_it_comes_within_its_tolerance(capacity: int) -> None:
    search = Search(40, most_tries=40, tolerance=1.05)
    search_for(capacity, search)
    assert search.passed <= capacity < search.failed
    assert search.failed <= max(search.passed * 1.05, search.passed + 1)


def test_it_goes_up_in_strides_then_halves_what_is_between() -> None:
    tries = search_for(110, Search(70, most_tries=40, stride=1.2))
    assert tries[:5] == [70, 84, 100, 120, 110]


def test_where_a_stride_is_near_enough_two_tries_end_it() -> None:
    for start in range(5, 200):
        assert len(search_for(start, Search(start, most_tries=40, tolerance=1.2, stride=1.2))) == 2
        assert len(search_for(start - 1, Search(start, most_tries=40, tolerance=1.2, stride=1.2))) == 2


def test_a_hint_saves_tries() -> None:
    hinted = Search(40, most_tries=40)
    hinted.tell(40, carried=True)
    hinted.hint(300)
    assert hinted.next_calls == 300
    assert len(search_for(310, hinted)) < len(search_for(310, Search(40, most_tries=40)))


def test_a_hint_below_the_next_stride_changes_nothing() -> None:
    search = Search(40, most_tries=40, stride=1.2)
    search.tell(40, carried=True)
    search.hint(44)
    assert search.next_calls == 48


def test_after_a_hint_that_was_too_high_it_goes_down_in_strides() -> None:
    search = Search(40, most_tries=40, stride=1.25)
    search.tell(40, carried=True)
    search.hint(500)
    search.tell(500, carried=False)
    assert search.next_calls == 400


def test_it_goes_below_its_start() -> None:
    search = Search(40, most_tries=40)
    search_for(3, search)
    assert search.passed == 3


def test_it_ends_after_so_many_tries() -> None:
    assert len(search_for(10_000, Search(40, most_tries=4))) == 4


def test_it_ends_where_nothing_is_carried() -> None:
    search = Search(40, most_tries=40)
    search_for(0, search)
    assert search.passed == 0
    assert search.next_calls is None
