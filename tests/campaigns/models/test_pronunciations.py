"""The table of an organisation's own words."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from campaigns.models import Pronunciation, pronunciations

pytestmark = pytest.mark.django_db


def test_both_forms_are_stored_tidy_from_whatever_door() -> None:
    word = Pronunciation.objects.create(written="  Nav \n jeevan ", spoken=" कु\u095cि  x")
    word.refresh_from_db()
    assert word.written == "Nav jeevan"
    assert word.spoken == "कु\u0921\u093cि x"
    assert str(word) == "Nav jeevan: कु\u0921\u093cि x"


def test_the_database_refuses_a_second_form_of_one_word_and_an_empty_one() -> None:
    Pronunciation.objects.create(written="EMI", spoken="a", language="hi")
    for written in ("EMI", "", " "):
        with pytest.raises(IntegrityError), transaction.atomic():
            Pronunciation.objects.create(written=written, spoken="b", language="hi")


def test_there_is_an_end_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pronunciations, "MOST_PRONUNCIATIONS", 1)
    first = Pronunciation(written="EMI", spoken="a")
    first.full_clean()
    first.save()
    with pytest.raises(ValidationError, match="At most 1 words"):
        Pronunciation(written="KYC", spoken="b").full_clean()
    first.spoken = "c"
    first.full_clean()
