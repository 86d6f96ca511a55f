"""The database keeps only voices that can be asked, and their keys encrypted."""

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.models import HostedVoice
from campaigns.models.voices import ADDRESSES, CODES, VoiceProvider

pytestmark = pytest.mark.django_db
VOICE = {"name": "Sarvam", "provider": "sarvam", "url": "https://voice.example/", "key": "key-1"}


@pytest.mark.parametrize("wrong", [{"provider": "other"}, {"sample_rate": 11025}, {"timeout_seconds": 60}])
def test_what_can_not_be_asked_is_refused_by_the_database(wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        HostedVoice.objects.create(**(VOICE | wrong))


def test_the_key_is_encrypted_at_rest() -> None:
    row = HostedVoice.objects.create(**VOICE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM campaigns_hostedvoice WHERE id = %s", [row.pk])
        assert "key-1" not in cursor.fetchone()[0]
    assert HostedVoice.objects.get().key == "key-1"


def test_every_provider_has_an_address_and_languages() -> None:
    assert set(VoiceProvider.values) == set(ADDRESSES) == set(CODES)
