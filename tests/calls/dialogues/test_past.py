"""Past calls are read as they were stored, and become tests."""

import uuid

import pytest

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.dialogues.past import NoTestError, ids_of, kept_test_of, read
from calls.models import Call
from calls.simulated.kept_tests import run
from calls.simulated.script import Do, Input
from campaigns.models import Campaign, Recipient
from tests.calls.dialogues.stored import called, dialogue_of, reminding
from tests.calls.simulated.documents import ASHA, MENU, QUESTION, during, press, reminder

pytestmark = pytest.mark.django_db
DOCUMENT = reminder()


@pytest.fixture
def campaign() -> Campaign:
    return reminding(DOCUMENT)


def test_a_call_is_read_with_its_person_and_a_masked_number(campaign: Campaign) -> None:
    call_id = called(campaign, DOCUMENT, ASHA, press("1"))
    [found] = read([call_id])
    assert (found.call_id, found.person) == (call_id, ASHA)
    assert found.phone == "+91 98••• ••000"
    assert found.entries[0].text == "The platform connected."


def test_the_latest_calls_that_an_agent_served_and_that_are_over(campaign: Campaign) -> None:
    first, second, unserved = (called(campaign, DOCUMENT, ASHA, press("1")) for _ in range(3))
    Call.objects.filter(pk=unserved).update(disposition="failed")
    assert ids_of(dialogue_of(campaign), 10) == [second, first]
    assert ids_of(dialogue_of(campaign), 1) == [second]


def test_a_call_in_which_a_person_rang_back_is_not_replayed_and_has_its_person(campaign: Campaign) -> None:
    call_id = called(campaign, DOCUMENT, ASHA, press("1"))
    Call.objects.update(direction="inbound", campaign=campaign)
    assert ids_of(dialogue_of(campaign), 10) == []
    assert [found.person for found in read([call_id])] == [ASHA]
    Call.objects.update(campaign=None)
    assert ids_of(dialogue_of(campaign), 10) == [call_id]


def test_a_call_becomes_a_test_that_holds(campaign: Campaign) -> None:
    test = kept_test_of(called(campaign, DOCUMENT, ASHA, press("7", **during(QUESTION, 900)), press("2")))
    assert test.person == ASHA
    assert [given.keys for given in test.inputs] == ["7", "2"]
    assert test.expect.outcome == "needs_time"
    assert run(DOCUMENT, test).holds


def test_a_call_that_the_person_ended_becomes_a_test_that_holds(campaign: Campaign) -> None:
    hang_up = Input(do=Do.HANG_UP, **during("Reply", 700))
    test = kept_test_of(called(campaign, DOCUMENT, ASHA, press("1"), hang_up))
    assert test.expect.end == "caller"
    assert run(DOCUMENT, test).holds


def test_a_test_of_a_call_fails_when_the_dialogue_changes(campaign: Campaign) -> None:
    test = kept_test_of(called(campaign, DOCUMENT, ASHA, press("2")))
    difference = run(renamed(), test).difference
    assert difference == "At “Reply”: expected the outcome “needs_time”, came the outcome “refuses”."


def renamed() -> DialogueConfiguration:
    """The reminder, in which key 2 means another thing."""
    return reminder(choices=MENU["choices"] | {"2": {"outcome": "refuses", "label": "Refuses"}})


def test_a_call_of_a_person_who_was_erased_is_no_test(campaign: Campaign) -> None:
    call_id = called(campaign, DOCUMENT, ASHA, press("1"))
    Recipient.objects.all().delete()
    assert next(read([call_id])).person is None
    with pytest.raises(NoTestError, match="is not known any more"):
        kept_test_of(call_id)


def test_a_call_without_a_log_is_no_test() -> None:
    with pytest.raises(NoTestError, match="There is no log of that call"):
        kept_test_of(uuid.uuid4())
