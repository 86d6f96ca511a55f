"""Kept tests in the database: made by hand, of a call, by the machine; run against a draft."""

import pytest

from calls.dialogues import testing
from calls.simulated.kept_tests import Expectation
from calls.simulated.kept_tests import KeptTest as Body
from campaigns.errors import NotAllowed
from campaigns.models import Campaign, Dialogue, KeptTest
from tests.calls.dialogues.stored import called, dialogue_of, reminding
from tests.calls.simulated.documents import ASHA, MENU, press, reminder

pytestmark = pytest.mark.django_db
DOCUMENT = reminder()
PAYS = Body(person=ASHA, inputs=[press("1")], expect=Expectation(outcome="will_pay"))


@pytest.fixture
def campaign() -> Campaign:
    return reminding(DOCUMENT)


@pytest.fixture
def dialogue(campaign: Campaign) -> Dialogue:
    return dialogue_of(campaign)


def test_a_test_is_kept_and_run(dialogue: Dialogue) -> None:
    testing.keep(dialogue, " Pays ", PAYS, by=None)
    found = testing.run_all(dialogue, DOCUMENT)
    assert [(result.test.name, result.difference) for result in found.results] == [("Pays", "")]
    assert ("question", "1") not in found.uncovered
    assert ("question", "2") in found.uncovered


@pytest.mark.parametrize("name", ["", "Pays"])
def test_a_name_that_is_taken_or_empty_is_refused(dialogue: Dialogue, name: str) -> None:
    testing.keep(dialogue, "Pays", PAYS, by=None)
    with pytest.raises(NotAllowed):
        testing.keep(dialogue, name, PAYS, by=None)
    assert KeptTest.objects.count() == 1


def test_tests_that_a_draft_breaks_say_the_first_step_that_differs(dialogue: Dialogue) -> None:
    testing.keep(dialogue, "Pays", PAYS, by=None)
    draft = reminder(choices=MENU["choices"] | {"1": {"outcome": "paid", "label": "Paid"}})
    [failed] = testing.run_all(dialogue, draft).failed
    assert failed.difference == "At “Reply”: expected the outcome “will_pay”, came the outcome “paid”."


def test_a_stored_body_that_is_no_test_fails_with_a_sentence(dialogue: Dialogue) -> None:
    KeptTest.objects.create(dialogue=dialogue, name="Broken", body={"person": 3})
    [failed] = testing.run_all(dialogue, DOCUMENT).failed
    assert failed.verdict is None
    assert failed.difference.startswith("This is no kept test: ")


def test_a_call_is_kept_as_a_test(campaign: Campaign, dialogue: Dialogue) -> None:
    call_id = called(campaign, DOCUMENT, ASHA, press("2"))
    made_up = {"name": "Gita", "amount": "8450", "due_date": "28/11/2026"}
    kept = testing.keep_call(dialogue, call_id, by=None, made_up=made_up)
    assert (kept.name, kept.origin) == (f"Call {str(call_id)[:8]}", testing.CALL)
    assert kept.body["person"]["name"] == "Gita"
    assert kept.body["person"]["values"] == {"amount": "8450", "due_date": "28/11/2026"}
    assert testing.run_all(dialogue, DOCUMENT).failed == []


def test_a_value_that_decides_stays_in_the_test_of_a_call(campaign: Campaign, dialogue: Dialogue) -> None:
    case = {"exit": "much", "when": [{"value": "amount", "relation": "more_than", "to": "5000"}]}
    dialogue.draft["steps"]["decides"] = {"kind": "branch", "cases": [case]}
    dialogue.save()
    call_id = called(campaign, DOCUMENT, ASHA, press("2"))
    made_up = {"name": "Gita", "amount": "1", "due_date": "28/11/2026"}
    kept = testing.keep_call(dialogue, call_id, by=None, made_up=made_up)
    assert kept.body["person"]["values"]["amount"] == ASHA.values["amount"]


def test_the_machines_tests_pass_every_exit_and_replace_those_before(
    dialogue: Dialogue,
) -> None:
    testing.keep(dialogue, "Pays", PAYS, by=None)
    for _ in range(2):
        made = testing.keep_cover(dialogue, DOCUMENT, by=None)
    found = testing.run_all(dialogue, DOCUMENT)
    assert (found.failed, found.uncovered) == ([], [])
    assert len(found.results) == len(made.tests) + 1
    assert KeptTest.objects.filter(origin=testing.MACHINE).count() == len(made.tests)
