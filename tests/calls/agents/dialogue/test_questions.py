"""What waits for the person: digits, and slots that are offered by keys."""

from calls.agents.base import Collect
from calls.agents.dialogue import document as doc
from calls.agents.dialogue.questions import Collection, Offer
from calls.agents.dialogue.voice import Voice
from calls.agents.requests import FindSlots, OfferedSlot
from tests.calls.agents.dialogue.documents import dialogue

STEP = doc.Slot(calendar="visits", others="0")
SLOTS = [
    OfferedSlot(7, "Pune", "2026-12-03T10:30:00+05:30"),
    OfferedSlot(9, "Pune", "2026-12-04T15:00:00+05:30"),
]


def test_each_attempt_counts_and_forgets_what_was_pressed() -> None:
    collection = Collection("pin", doc.Digits(least=6, most=6, first_digit_seconds=5), pressed="411001")
    expected = Collect(name="pin", least=6, most=6, first_digit_s=5, inter_digit_s=3)
    assert collection.begin() == expected
    assert (collection.attempts, collection.pressed) == (1, "")
    assert collection.begin() == expected
    assert collection.attempts == 2


def test_a_value_is_confirmed_by_1_and_refused_by_2() -> None:
    question = Collection("pin", doc.Digits(most=6, first_digit_seconds=5)).confirmation()
    assert {key: answer.exit for key, answer in question.answers.items()} == {"1": "yes", "2": "no"}
    assert (question.step_id, question.role, question.step.answer_seconds) == ("pin", "confirm", 5)


def test_slots_that_were_offered_are_passed_over() -> None:
    offer = Offer()
    assert offer.search(STEP, "2026-12-03") == FindSlots("visits", "2026-12-03", (), STEP.most)
    offer.slots = SLOTS
    assert offer.search(STEP, "") == FindSlots("visits", "", (7, 9), STEP.most)


def test_each_slot_has_a_key_and_words() -> None:
    steps = {"when": {"kind": "slot", "calendar": "visits", "others": "0", "exits": {"none": "bye"}}}
    words = {"when": {"ask": "When?", "option": "{day} at {time}: press {key}."}}
    offer, voice = Offer(), Voice(dialogue(steps, words))
    question = offer.question("when", STEP, SLOTS, voice=voice)
    assert {key: (answer.exit, answer.value) for key, answer in question.answers.items()} == {
        "1": ("match", "7"),
        "2": ("match", "9"),
        "0": ("none", ""),
    }
    assert question.answers["1"].label == "3 Dec 2026, 10:30 AM, Pune"
    assert [word.role for word in question.options] == ["option", "option"]
    assert "press two" in str(question.options[1].pieces)
    assert offer.slots == SLOTS
