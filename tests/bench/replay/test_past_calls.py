"""The calls that `make bench-replay` makes are many ways through the dialogue, and differ from none of
themselves."""

from collections import Counter
from itertools import islice

import pytest

from bench.replay import past_calls
from calls.dialogues import past, replay
from calls.models import Call
from tests.calls.simulated.documents import reminder

DOCUMENT = reminder()


@pytest.mark.django_db
def test_calls_made_for_the_bench_do_not_differ_from_themselves() -> None:
    dialogue = past_calls.published("EMI reminder", DOCUMENT)
    past_calls.store(dialogue, DOCUMENT, count=60)
    report = replay.run(DOCUMENT, past.ids_of(dialogue, 100))
    assert (report.calls, report.differ) == (60, 0)
    outcomes = Counter(Call.objects.values_list("outcome", flat=True))
    assert {"will_pay", "needs_time", "already_paid", "call_back", "opted_out", ""} <= outcomes.keys()


def test_the_same_seed_makes_the_same_people() -> None:
    first, again, other = ([*islice(past_calls.scripts(DOCUMENT, seed=seed), 20)] for seed in (1, 1, 2))
    assert first == again != other
