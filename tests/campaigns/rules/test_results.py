"""What a call may bring, read from JSON that any version may have written."""

from campaigns.rules.results import Answer, Booking, CallbackAsked, OptOut, Outcome, QuestionHeard, Tell


def test_a_result_is_read_by_the_names_of_its_fields() -> None:
    assert Answer.from_json({"label": "Yes", "value": "1", "question": "q"}) == Answer("q", "1", "Yes")
    heard = {"question": "q", "heard_ms": 900, "total_ms": 2000, "finished": False}
    assert QuestionHeard.from_json(heard) == QuestionHeard("q", 900, 2000, False)
    assert Outcome.from_json({"outcome": "paid", "label": "Paid"}) == Outcome("paid", "Paid")
    asked = {"when": "in 3 days", "how": "key", "label": "In three days"}
    assert CallbackAsked.from_json(asked) == CallbackAsked("in 3 days", "In three days", "key")
    assert Booking.from_json({"calendar": "Clinic", "slot": "7"}) == Booking("Clinic", "7", "")
    assert OptOut.from_json({"how": "key", "what": "9"}) == OptOut("key", "9")
    told = {"service": "shop", "values": {"paid": "yes"}}
    assert Tell.from_json(told) == Tell("shop", {"paid": "yes"})


def test_what_is_missing_is_empty_and_what_is_no_text_becomes_one() -> None:
    assert Outcome.from_json({"outcome": 5, "sure": True}) == Outcome("5", "")
    wrong = {"heard_ms": "900", "total_ms": -1, "finished": "yes"}
    assert QuestionHeard.from_json(wrong) == QuestionHeard("", 0, 0, False)
    assert OptOut.from_json({}) == OptOut("", "")
    assert Tell.from_json({"values": ["paid"]}) == Tell("", {})
    assert Tell.from_json({"service": 4, "values": {"paid": 5}}) == Tell("4", {"paid": "5"})
