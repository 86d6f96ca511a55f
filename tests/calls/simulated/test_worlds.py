"""What the world tells a simulated call."""

from calls.agents.requests import Failed, FindSlots, HoldSlot, Request, SlotGone, SlotHeld, SlotsFound
from calls.simulated.script import speaking_ms
from calls.simulated.worlds import KeptWorld, others, read_reply

FIND, HOLD = FindSlots("branch"), HoldSlot("branch", 1)


class Strange(Request, frozen=True):
    """A request that no test knows."""


def test_everyday_replies_come_where_a_test_names_none() -> None:
    world = KeptWorld()
    found = world.reply("when", FIND)
    assert isinstance(found, SlotsFound)
    assert len(found.slots) == 3
    assert isinstance(world.reply("when", HOLD), SlotHeld)
    assert isinstance(world.reply("when", Strange()), Failed)
    assert world.asked == {"FindSlots", "HoldSlot", "Strange"}


def test_replies_of_a_test_come_in_order_and_the_last_again() -> None:
    gone, held = (
        {"reply": "SlotGone"},
        {"reply": "SlotHeld", "slot": {"id": 1, "place": "P", "begins": "2026"}},
    )
    world = KeptWorld(replies={"HoldSlot": [gone, held]})
    replies = [type(world.reply("when", HOLD)) for _ in range(3)]
    assert replies == [SlotGone, SlotHeld, SlotHeld]


def test_a_reply_may_be_meant_for_one_request_by_its_name() -> None:
    world = KeptWorld(replies={"first": [{"reply": "SlotGone"}]})
    assert isinstance(world.reply("first", HOLD), SlotGone)
    assert isinstance(world.reply("second", HOLD), SlotHeld)


def test_what_is_no_reply_is_a_failure_with_the_reason() -> None:
    assert read_reply({"reply": "Request"}) == Failed("There is no reply of the kind “Request”.")
    wrong = read_reply({"reply": "SlotsFound", "slots": 3})
    assert isinstance(wrong, Failed)
    assert "This is no SlotsFound" in wrong.reason


def test_each_request_may_fail_and_a_service_may_have_other_values() -> None:
    assert [replies[0]["reply"] for replies in others("HoldSlot", [])] == ["Failed", "SlotGone", "SlotGone"]
    assert others("Fetch", [{"paid": "yes"}])[1] == [{"reply": "Fetched", "values": {"paid": "yes"}}]


def test_lengths_of_a_test_come_in_order_then_by_the_text() -> None:
    world = KeptWorld({"Hello": [700, 0, None]})
    assert [world.length_ms("Hello", "x" * 40, "en") for _ in range(4)] == [
        700,
        speaking_ms("x" * 40, "en"),
        None,
        speaking_ms("x" * 40, "en"),
    ]
