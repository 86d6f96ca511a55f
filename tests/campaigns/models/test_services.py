"""What may be entered of a service outside."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.models.services import check_names, check_returns


def test_names_and_kinds_of_values_are_taken() -> None:
    check_names(["loan", "phone", "due_date2"])
    check_returns({"due": "amount", "due_date": "date"})


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("loan", "Write the names"),
        ([1], "Write the names"),
        (["1loan"], "“1loan” can't be the name"),
        (["loan\n"], "can't be the name"),
        ([f"n{number}" for number in range(31)], "30 values at most"),
    ],
)
def test_what_is_no_list_of_names_is_told(names: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        check_names(names)


@pytest.mark.parametrize(
    ("returns", "why"),
    [
        (["due"], "name: kind"),
        ({"due": "money"}, "“due” can be text, .*, not “money”"),
        ({"due": ["amount"]}, "“due” can be"),
        ({"answer": "text"}, "“answer” has a meaning of its own"),
        ({"phone_number": "text"}, "“phone_number” has a meaning of its own"),
        ({"due date": "date"}, "can't be the name"),
    ],
)
def test_what_is_no_map_of_names_to_kinds_is_told(returns: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        check_returns(returns)
