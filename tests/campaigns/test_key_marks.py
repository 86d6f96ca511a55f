"""A process whose keys are not those of the data says so and does not start."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from awaaz_project.settings import fernet_key_from
from campaigns.key_marks import key_problem
from campaigns.models import KeyMark
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db


def test_keys_that_fit_are_silent_at_every_start() -> None:
    assert key_problem() == ""
    assert KeyMark.objects.count() == 1
    assert key_problem() == ""


def test_a_second_machine_with_a_key_of_its_own_is_told_what_to_set(settings: Settings) -> None:
    key_problem()
    settings.FIELD_KEYS = [fernet_key_from("another machine's")]
    assert "Set SECRET_KEY (or FIELD_KEYS)" in key_problem()
    with pytest.raises(SystemCheckError, match="can't be read with the keys of this machine"):
        call_command("check")


def test_data_of_an_earlier_version_is_not_marked_with_other_keys(settings: Settings) -> None:
    make_campaign()
    settings.FIELD_KEYS = [fernet_key_from("another machine's")]
    assert "Set SECRET_KEY (or FIELD_KEYS)" in key_problem()
    assert not KeyMark.objects.exists()


def test_another_key_for_pseudonyms_is_found(settings: Settings) -> None:
    key_problem()
    settings.PSEUDONYM_KEY = "another"
    assert "they would be called again" in key_problem()


def test_a_new_key_beside_the_old_one_fits(settings: Settings) -> None:
    key_problem()
    settings.FIELD_KEYS = [fernet_key_from("the next"), *settings.FIELD_KEYS]
    assert key_problem() == ""
