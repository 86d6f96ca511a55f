"""Kept tests: what must come of a call, and the first step that differs in a sentence."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from calls.simulated.kept_tests import (
    Expectation,
    KeptTest,
    NotATestError,
    brought,
    hold,
    read_test,
    run,
    written,
)
from tests.calls.simulated.documents import ASHA, QUESTION, press, reminder

PAYS = KeptTest(person=ASHA, inputs=[press("1")])


def expecting(**expect: Any) -> KeptTest:
    return structs.replace(PAYS, expect=Expectation(**expect))


def test_what_a_call_brought_is_expected_from_then_on() -> None:
    course, _ = hold(reminder(), PAYS)
    expect = brought(course)
    assert expect.prompts == ["Opening", "Message", QUESTION, "Reply"]
    verdict = run(reminder(), structs.replace(PAYS, expect=expect))
    assert verdict.holds
    assert ("question", "1") in verdict.passed


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ({}, ""),
        ({"outcome": "will_pay", "end": "agent", "opted_out": False, "answers": {"payment": "1"}}, ""),
        (
            {"outcome": "needs_time"},
            "At “Reply”: expected the outcome “needs_time”, came the outcome “will_pay”.",
        ),
        ({"outcome": ""}, "At “Reply”: expected no outcome, came the outcome “will_pay”."),
        ({"opted_out": True}, "At “Reply”: expected an opt-out, came no opt-out."),
        ({"call_back": "at 18:00"}, "At “Reply”: expected a call back “at 18:00”, came no call back."),
        (
            {"answers": {"payment": "2"}},
            f"At “{QUESTION}”: expected the answer “2” to “payment”, came the answer “1”.",
        ),
        ({"answers": {}}, f"At “{QUESTION}”: expected no answer to “payment”, came the answer “1”."),
        (
            {"prompts": ["Opening", QUESTION]},
            f"At “Opening”: expected “{QUESTION}” to be said, came “Message”.",
        ),
        ({"prompts": ["Hello"]}, "At the beginning: expected “Hello” to be said, came “Opening”."),
        (
            {"prompts": ["Opening", "Message", QUESTION]},
            f"At “{QUESTION}”: expected nothing more to be said, came “Reply”.",
        ),
        ({"end": "caller"}, "At “Reply”: expected the call to be ended by the person, it was by us."),
        (
            {"end": "caller", "answers": {"payment": "3"}, "outcome": "x"},
            f"At “{QUESTION}”: expected the answer “3” to “payment”, came the answer “1”.",
        ),
    ],
)
def test_the_first_step_that_differs(expect: dict[str, Any], difference: str) -> None:
    assert run(reminder(), expecting(**expect)).difference == difference


def test_an_input_that_found_no_moment_is_a_difference() -> None:
    test = structs.replace(PAYS, inputs=[press("1"), press("2")])
    assert (
        run(reminder(), test).difference == "At “Reply”: the call was over before the moment to press 2 came."
    )


def test_a_test_is_stored_and_read() -> None:
    body = written(expecting(outcome="will_pay"))
    assert body == {
        "person": {"language": "hi", "name": "Asha", "values": {"amount": "1250", "due_date": "28/11/2026"}},
        "inputs": [{"do": "press", "keys": "1"}],
        "expect": {"outcome": "will_pay"},
    }
    assert read_test(body) == expecting(outcome="will_pay")


@pytest.mark.parametrize("body", [{}, {"person": {"language": "hi"}, "input": []}, {"person": 1}])
def test_what_is_no_test_is_refused_with_a_sentence(body: dict[str, Any]) -> None:
    with pytest.raises(NotATestError, match="This is no kept test: "):
        read_test(body)


MISSES = KeptTest(person=ASHA, inputs=[press("7"), press("4"), press("2")])
MOST_LOOPS = 60
"""A call costs as much as some 9 loops of 2,000 rounds; six times that means something went wrong."""


def fastest(do: Callable[[], object]) -> float:
    """The least processor time of twenty runs: what others do on the machine does not count."""
    found = []
    for _ in range(20):
        began = time.process_time()
        do()
        found.append(time.process_time() - began)
    return min(found)


def loop() -> int:
    total = 0
    for number in range(2000):
        total += number % 7
    return total


def test_a_kept_test_costs_no_more_than_some_plain_loops() -> None:
    document = reminder()
    ratio = fastest(lambda: run(document, MISSES)) / fastest(loop)
    assert ratio < MOST_LOOPS
