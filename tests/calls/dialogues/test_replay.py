"""Real past calls against a draft, and rows that have the form of real ones."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls.conversation.outputs import Entry, EntryKind
from calls.dialogues.replay import run
from calls.simulated.comparison import DifferenceKind
from calls.simulated.kept_tests import KeptTest, hold
from calls.simulated.past_calls import read_log
from calls.simulated.script import Person
from campaigns.models import Campaign, Recipient
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.dialogues.stored import called, log_of, reminding
from tests.calls.simulated.documents import ASHA, MENU, QUESTION, during, press, reminder
from tests.calls.simulated.real_calls import RealCall

pytestmark = pytest.mark.django_db
DOCUMENT = reminder()
DRAFT = reminder(choices=MENU["choices"] | {"2": {"outcome": "refuses", "label": "Refuses"}})
VISITOR = Person(language="en", name="Asha")
OPTING_OUT = survey(
    steps=SURVEY["steps"]
    | {
        "happy": SURVEY["steps"]["happy"] | {"exits": {"yes": "score", "no": "stop"}},
        "stop": {"kind": "opt_out", "exits": {"next": "bye"}},
    }
)


@pytest.fixture
def campaign() -> Campaign:
    return reminding(DOCUMENT)


def test_calls_replayed_with_their_own_version_do_not_differ(campaign: Campaign) -> None:
    ids = [called(campaign, DOCUMENT, ASHA, press(key)) for key in "1279"]
    report = run(DOCUMENT, ids)
    assert (report.calls, report.same, report.differ) == (4, 4, 0)
    assert [*report.sentences()] == ["Of 4 calls 4 go the same way and 0 differ."]


def test_what_a_draft_would_change_is_told_and_what_cannot_be_known(
    campaign: Campaign,
) -> None:
    ids = [called(campaign, DOCUMENT, ASHA, press(key)) for key in "122"]
    open_end = called(campaign, DOCUMENT, ASHA, press("2"), press("9", **during("Reply", 500)))
    report = run(DRAFT, [*ids, open_end])
    assert (report.same, report.differ, report.unknown) == (1, 3, 1)
    assert report.moved == {("needs_time", "refuses"): 2}
    found = report.kinds[DifferenceKind.OUTCOME]
    assert found.count == 3
    first, second, *more = report.sentences()
    assert first == "Of 4 calls 1 go the same way and 3 differ."
    assert second.startswith("Another outcome: 3. Call ")
    assert "+91 98••• ••001" in second
    assert f"At “{QUESTION}”, after key 2: the outcome “needs_time” came" in second
    assert more == [
        "Outcome “needs_time” becomes “refuses”: 2.",
        "In 1 calls the person did something after the first difference; what they would have done instead"
        " cannot be known.",
    ]


def test_an_opt_out_that_would_be_missed_is_listed(campaign: Campaign) -> None:
    call_id = called(campaign, OPTING_OUT, VISITOR, press("2"))
    report = run(survey(), [call_id])
    assert (report.opt_outs, [*report.kinds]) == ([call_id], [DifferenceKind.OPT_OUT_MISSED])


def test_a_call_of_an_unknown_person_is_left_out(campaign: Campaign) -> None:
    call_id = called(campaign, DOCUMENT, ASHA, press("1"))
    Recipient.objects.all().delete()
    report = run(DOCUMENT, [call_id])
    assert (report.calls, report.left_out) == (0, 1)
    assert "1 calls were left out" in [*report.sentences()][1]


def test_progress_is_told_and_the_queries_do_not_grow_with_the_calls(campaign: Campaign) -> None:
    ids = [called(campaign, DOCUMENT, ASHA, press("1")) for _ in range(100)]
    told: list[int] = []
    with CaptureQueriesContext(connection) as queries:
        run(DOCUMENT, ids, on_progress=told.append)
    assert told == [100]
    assert len(queries) == 2


def form(log: list[Entry]) -> list[tuple[str, list[str]]]:
    """Kind and names of the data of each entry, but for those that only a line brings."""
    only_real = (EntryKind.STATS, EntryKind.FIRST_AUDIO, EntryKind.CONNECTED, EntryKind.START)
    return [(entry.kind.value, sorted(entry.data)) for entry in log if entry.kind not in only_real]


@pytest.mark.parametrize("script", [(31.0, "1"), (2.0, "9"), (31.0, "7", 12.0, "4", 9.0, "2")], ids=str)
def test_stored_simulated_calls_have_the_form_of_real_ones(
    campaign: Campaign, script: tuple[float | str, ...]
) -> None:
    real = RealCall(DOCUMENT, ASHA.context()).does(*script)
    inputs = read_log(real).inputs
    made, _ = hold(DOCUMENT, KeptTest(person=ASHA, inputs=inputs))
    assert sorted(form(made.entries)) == sorted(form(real))
    stored = log_of(called(campaign, DOCUMENT, ASHA, *inputs))
    assert form(stored) == form(made.entries)
