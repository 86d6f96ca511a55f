from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.xfin.schemas import (
    RESERVED_FIELDS,
    MessageFilter,
    NewMessage,
    NewTemplate,
    NewTemplateLanguage,
)
from tests.campaigns.xfin.wire import PHONE, config, exchanges


def message(**changes: Any) -> NewMessage:
    fields: dict[str, Any] = {
        "phone_number": PHONE,
        "language": "hi",
        "template": "EMI reminder",
        "reference": "m-0001",
    }
    return NewMessage(**(fields | changes))


def test_a_message_carries_its_reference_twice_and_its_batch_once() -> None:
    wire = message(batch="b-0001", tags={"tag1": "branch-12"}, variables={"name": "Asha"}).to_wire(config())
    assert wire == {
        "phone_number": PHONE,
        "language": "hi",
        "template": "EMI reminder",
        "send_on": "",
        "tag1": "branch-12",
        "tag4": "b-0001",
        "tag5": "m-0001",
        "reference": "m-0001",
        "name": "Asha",
    }


def test_the_tags_are_the_accounts_choice() -> None:
    wire = message(batch="b-1").to_wire(config(reference_tag="tag2", batch_tag="tag3"))
    assert (wire["tag2"], wire["tag3"]) == ("m-0001", "b-1")
    assert "tag5" not in wire


def test_send_on_goes_out_in_indian_time() -> None:
    moment = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
    assert message(send_on=moment).to_wire(config())["send_on"] == "2026-11-24T10:00:00"


@pytest.mark.parametrize("name", sorted(RESERVED_FIELDS))
def test_a_variable_never_takes_a_reserved_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        message(variables={name: "x"}).to_wire(config())


def test_reference_is_needed_and_its_tag_is_not_for_others() -> None:
    with pytest.raises(ValueError, match="reference"):
        message(reference="").to_wire(config())
    with pytest.raises(ValueError, match="tag1, tag2, tag3"):
        message(tags={"tag5": "mine"}).to_wire(config())


def test_filters_use_xfins_names_and_leave_out_what_is_not_asked() -> None:
    day = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    wanted = MessageFilter(send_on_after=day, tag="ref-0001", page=2, fields=("id", "state"), state=6)
    assert wanted.to_params() == {
        "state": "6",
        "send_on__gt": "2026-11-24T00:00:00",
        "tags": "ref-0001",
        "fields": "id,state",
        "page": "2",
    }
    assert MessageFilter().to_params() == {}


def test_template_and_language_are_written_as_the_exchanges_show() -> None:
    template = NewTemplate(
        name="EMI reminder",
        description="Reminder before the due date",
        options={
            "phone_numbers": "+917961344101",
            "response_type": "voice",
            "num_backups": 0,
            "max_touchtone_retries": 3,
        },
    )
    form = NewTemplateLanguage(template=16, language="gu", syntax="one _N_ two _W_", content=(24, 25, 26))
    assert template.to_wire() == exchanges()["template create"]["request"]["json"]
    assert form.to_wire() == exchanges()["template language create"]["request"]["json"]
