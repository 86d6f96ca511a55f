import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.xfin.errors import BadReply
from campaigns.xfin.replies import (
    plain_text,
    read_content,
    read_created,
    read_message,
    read_page,
    read_template,
    read_template_language,
    read_token,
)
from campaigns.xfin.schemas import NewMessage
from campaigns.xfin.states import Disposition, RemoteState
from tests.campaigns.xfin.wire import config, exchanges

PHONES = ("+919812300001", "+919812300002", "+919812300003")
SENT = [
    NewMessage(phone_number=phone, language="hi", template="EMI", reference=f"m-000{place}")
    for place, phone in enumerate(PHONES, start=1)
]


def answer(place: int, **changes: Any) -> dict[str, Any]:
    whole = {"phone_number": PHONES[place], "tag5": f"m-000{place + 1}", "id": 1 + place, "status": "created"}
    return {name: value for name, value in (whole | changes).items() if value is not None}


def ids(raw: object) -> list[object]:
    return [created.id for created in read_created(raw, SENT, config())]


def test_answers_are_matched_by_reference_whatever_their_order() -> None:
    assert ids([answer(2), answer(0), answer(1)]) == [1, 2, 3]


def test_a_reference_in_the_list_of_tags_or_under_its_own_name_counts() -> None:
    raw = [answer(1, tag5=None, tags=["x", "m-0002"]), answer(0, tag5=None, reference="m-0001"), answer(2)]
    assert ids(raw) == [1, 2, 3]


def test_without_a_reference_the_position_counts_when_the_phone_agrees() -> None:
    raw = [answer(0, tag5=None), answer(1, tag5=None, phone_number="98123 00002"), answer(2, tag5=None)]
    assert ids(raw) == [1, 2, 3]


@pytest.mark.parametrize(
    "raw",
    [
        [answer(0), answer(1)],
        [answer(0), answer(1), answer(2), answer(2)],
        {"results": []},
        "ok",
        None,
    ],
)
def test_an_answer_that_does_not_match_what_was_sent_is_unreadable(raw: object) -> None:
    with pytest.raises(BadReply):
        read_created(raw, SENT, config())


@pytest.mark.parametrize(
    ("raw", "doubtful"),
    [
        ([answer(0), answer(1), answer(1)], {1, 2}),
        ([answer(0), answer(1), answer(2, tag5="m-9999")], {2}),
        ([answer(1, tag5=None), answer(0, tag5=None), answer(2)], {0, 1}),
        ([answer(0), answer(1), answer(2, tag5=None, phone_number=None)], {2}),
        ([answer(0), answer(1), answer(2, id=None)], {2}),
        ([answer(0), answer(1), answer(2, id=[3])], {2}),
        ([answer(0), answer(1), answer(2, status="error")], {2}),
        ([answer(0), answer(1), "created"], {2}),
        ([answer(0), None, 7], {1, 2}),
        ([answer(0, id=5), answer(1, id="5"), answer(2)], {0, 1}),
        ([answer(0, tag5="m-0002"), answer(1, tag5="m-0001"), answer(2)], {0, 1}),
    ],
)
def test_a_row_that_is_not_to_be_believed_puts_its_own_message_in_doubt_and_no_other(
    raw: object, doubtful: set[int]
) -> None:
    read = read_created(raw, SENT, config())
    assert {place for place, one in enumerate(read) if one.doubt} == doubtful
    assert [one.reference for one in read] == [sent.reference for sent in SENT]
    assert all(one.created != bool(one.doubt) for one in read)


def test_a_reference_that_comes_back_in_capitals_is_ours() -> None:
    raw = [answer(place, tag5=sent.reference.upper()) for place, sent in enumerate(SENT)]
    assert all(one.created for one in read_created(raw[::-1], SENT, config()))


def test_each_messages_error_is_kept_in_words_without_numbers() -> None:
    raw = exchanges()["create bulk, errors in other shapes"]["response"]["json"]
    first, second, third = read_created(raw, SENT, config())
    assert first.error == "phone_number: Enter a valid number.; Not allowed."
    assert (second.created, second.id, second.error) == (True, "2002", "")
    assert third.error == "Template has no language gu for •••"
    assert not first.created
    assert not third.created


def test_status_error_without_words_is_still_an_error() -> None:
    (created,) = read_created([{"status": "error", "tag5": "m-0001"}], SENT[:1], config())
    assert not created.created
    assert created.error


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"id": 1, "state": []}, "results[7].state"),
        ({"phone_number": "1"}, "results[7].id"),
        ({"id": True}, "results[7].id"),
        ([], "results[7]"),
    ],
)
def test_an_unreadable_field_is_named_with_its_place(raw: object, field: str) -> None:
    with pytest.raises(BadReply) as caught:
        read_message(raw, config(), where="results[7]")
    assert caught.value.field == field


def test_a_message_is_read_back_in_our_terms() -> None:
    raw = exchanges()["list with filters and paging"]["response"]["json"]["results"][0]
    message = read_message(raw, config())
    assert (message.id, message.state, message.raw_state, message.duration_s) == (
        1001,
        RemoteState.DONE,
        "6",
        67,
    )
    assert message.tags == ("branch-12", "ref-0001")
    assert message.values == ("125000",)
    assert message.reference_among({"ref-0001", "ref-0002"}) == "ref-0001"


def test_named_tags_carry_reference_and_batch() -> None:
    raw = exchanges()["second page of two"]["response"]["json"]["results"][1]
    message = read_message(raw, config())
    assert message.reference_among({"m-0003"}) == "m-0003"
    assert message.reference_among({"m-0009"}) == ""
    assert message.disposition is Disposition.SWITCHED_OFF
    assert message.raw_reason == "SWITCHED_OFF"
    assert message.raw["amount"] == "1,25,000"


def test_only_the_fields_asked_for_need_to_come() -> None:
    message = read_message({"id": "a1"}, config())
    assert (message.id, message.state, message.send_on) == ("a1", RemoteState.UNKNOWN, None)


def test_a_bare_list_is_one_whole_page() -> None:
    assert read_page([{"id": 1}]) == ([{"id": 1}], None)
    assert read_page({"results": [], "next": ""}) == ([], None)
    with pytest.raises(BadReply, match="results"):
        read_page({"next": None})


def test_template_options_become_a_mapping() -> None:
    raw = exchanges()["template list"]["response"]["json"]["results"][0]
    assert read_template(raw).options == {"phone_numbers": "+917961344101", "num_backups": 0}


@pytest.mark.parametrize("raw", [{}, {"token": ""}, {"token": 5}, {"token": "a\nb"}, [], None])
def test_a_login_without_a_usable_token_is_unreadable(raw: object) -> None:
    with pytest.raises(BadReply, match=r"token|answer"):
        read_token(raw)


def test_error_words_of_any_depth_end() -> None:
    nested: object = "bottom"
    for _ in range(50):
        nested = [nested]
    assert plain_text(nested) == ""
    assert plain_text({"a": [1, {"b": "two"}]}) == "a: 1; b: two"


NAMES = st.sampled_from(
    [
        *("id", "tag5", "tags", "error", "status", "results", "next", "state", "send_on", "duration"),
        *("template", "content", "advanced_options", "values", "phone_number", "option"),
        "execution_state_reason_code",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_whatever_json_comes_is_read_or_a_bad_reply(raw: object) -> None:
    readers: list[Callable[[object], object]] = [
        lambda value: read_created(value, SENT, config()),
        lambda value: read_message(value, config()),
        lambda value: read_created([value], SENT[:1], config()),
        read_page,
        read_template,
        read_template_language,
        read_content,
        read_token,
    ]
    for reader in readers:
        with contextlib.suppress(BadReply):
            assert reader(raw) is not None
