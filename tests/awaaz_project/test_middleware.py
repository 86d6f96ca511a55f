"""What every request passes through: a lost race in the database is said."""

import pytest
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from awaaz_project.middleware import LostRaces


def answer(error: Exception) -> HttpResponse | None:
    request = RequestFactory().post("/campaigns/1/pause/")
    return LostRaces(lambda _: HttpResponse()).process_exception(request, error)


def test_a_request_that_lost_a_race_is_told_that_nothing_changed_and_may_be_repeated() -> None:
    found = answer(OperationalError("database is locked"))
    assert found is not None
    assert (found.status_code, found["Retry-After"]) == (503, "2")
    assert "Nothing of yours was changed" in found.content.decode()


@pytest.mark.parametrize("error", [IntegrityError("duplicate key"), ValueError("ours")])
def test_any_other_error_is_left_to_django(error: Exception) -> None:
    assert answer(error) is None


def test_what_a_view_answers_passes() -> None:
    request: HttpRequest = RequestFactory().get("/")
    assert LostRaces(lambda _: HttpResponse("page"))(request).status_code == 200
