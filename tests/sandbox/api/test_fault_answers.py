"""Answers that are well-formed and wrong."""

import pytest

from sandbox.api.fault_answers import falsified
from sandbox.api.fault_scripts import ApiFault

RESULTS = [{"id": 1, "tag5": "m-1"}, {"id": 2, "tag5": "m-2"}, {"id": 3, "tag5": "m-3"}]
ROWS = [{"id": n, "tags": ["b-1", f"m-{n}"]} for n in range(6)]


@pytest.mark.parametrize(
    ("fault", "ids", "references"),
    [
        (ApiFault.FEWER_RESULTS, [1, 2], ["m-1", "m-2"]),
        (ApiFault.MORE_RESULTS, [1, 2, 3, 3], ["m-1", "m-2", "m-3", "m-3"]),
        (ApiFault.SAME_IDS, [1, 1, 3], ["m-1", "m-2", "m-3"]),
        (ApiFault.SWAPPED_REFERENCES, [1, 2, 3], ["m-2", "m-1", "m-3"]),
        (ApiFault.DRIP, [1, 2, 3], ["m-1", "m-2", "m-3"]),
    ],
)
def test_results_of_a_creation_are_changed(fault: ApiFault, ids: list[int], references: list[str]) -> None:
    changed = falsified(fault, RESULTS)
    assert [row["id"] for row in changed] == ids
    assert [row["tag5"] for row in changed] == references


def test_one_result_may_be_nothing() -> None:
    assert falsified(ApiFault.ODD_RESULT, RESULTS) == [*RESULTS[:2], None]


@pytest.mark.parametrize(
    ("fault", "page", "ids", "following"),
    [
        (ApiFault.WITHOUT_NEXT, 1, [0, 1, 2, 3, 4, 5], None),
        (ApiFault.CUT_LIST, 1, [0, 1, 2], None),
        (ApiFault.SHIFTED_PAGES, 1, [0, 1, 2, 3, 4, 5], "more"),
        (ApiFault.SHIFTED_PAGES, 2, [3, 4, 5], "more"),
    ],
)
def test_pages_of_a_list_are_changed(
    fault: ApiFault, page: int, ids: list[int], following: str | None
) -> None:
    changed = falsified(fault, {"results": ROWS, "next": "more"}, page=page)
    assert ([row["id"] for row in changed["results"]], changed["next"]) == (ids, following)


def test_a_list_may_hold_a_row_that_is_nothing_and_tags_in_capitals() -> None:
    page = {"results": ROWS, "next": None}
    assert falsified(ApiFault.ODD_ROW, page)["results"][-1] is None
    assert falsified(ApiFault.CAPITALS, page)["results"][1]["tags"] == ["B-1", "M-1"]


@pytest.mark.parametrize("body", [{"token": "x"}, {}, None, [], [None, 1]])
def test_an_answer_of_another_shape_stays_as_it_is(body: object) -> None:
    assert falsified(ApiFault.SAME_IDS, body) == body
