"""The organisation's pronunciations in a process that holds calls."""

import logging
import threading

import pytest
from django.db import OperationalError, connection

from calls.agents.lexicon import Entry
from calls.media import prompt_audio, pronunciations
from calls.media.pronunciations import Pronunciations
from campaigns.models import Pronunciation

pytestmark = pytest.mark.django_db


def test_they_are_read_once_and_again_when_they_are_due() -> None:
    Pronunciation.objects.create(written="EMI", spoken="ee em aai")
    ours = Pronunciations(refresh_s=1000)
    assert (ours.is_read, ours.is_due) == (False, True)
    assert ours.spoken("EMI", "en") == "EMI"  # no I/O before the first reading
    ours.refresh()
    assert (ours.is_read, ours.is_due) == (True, False)
    assert ours.spoken("EMI", "en") == "ee em aai"
    Pronunciation.objects.update(spoken="E M I")
    ours.refresh()
    assert ours.spoken("EMI", "en") == "ee em aai"
    always = Pronunciations(refresh_s=0)
    always.refresh()
    assert always.spoken("EMI", "en") == "E M I"
    Pronunciation.objects.all().delete()
    always.refresh()
    assert always.spoken("EMI", "en") == "EMI"


def test_a_database_that_fails_leaves_those_of_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Pronunciation.objects.create(written="EMI", spoken="ee em aai")
    ours, new = Pronunciations(refresh_s=0), Pronunciations()
    ours.refresh()

    def fail() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(pronunciations, "read", fail)
    with caplog.at_level(logging.WARNING):
        ours.refresh()
        new.refresh()
    assert ours.spoken("EMI", "en") == "ee em aai"
    assert new.spoken("EMI", "en") == "EMI"
    assert not new.is_due, "a database that is away is not asked for each sentence"
    assert "those of before are used" in caplog.text
    assert "EMI" not in caplog.text


def test_while_one_thread_reads_the_others_go_on_with_what_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    Pronunciation.objects.create(written="EMI", spoken="ee em aai")
    ours = Pronunciations(refresh_s=0)
    ours.refresh()
    reading, go_on = threading.Event(), threading.Event()

    def slow() -> tuple[Entry, ...]:
        reading.set()
        assert go_on.wait(30)
        return (Entry("EMI", "new"),)

    monkeypatch.setattr(pronunciations, "read", slow)
    reader = threading.Thread(target=ours.refresh)
    reader.start()
    assert reading.wait(30)
    ours.refresh()  # would wait for ever if it waited
    assert ours.spoken("EMI", "en") == "ee em aai"
    go_on.set()
    reader.join(30)
    assert ours.spoken("EMI", "en") == "new"


@pytest.mark.django_db(transaction=True)
def test_a_reading_leaves_no_connection_open() -> None:
    assert pronunciations.read() == ()
    assert connection.connection is None or connection.vendor == "sqlite"  # of memory: closing is no-op


def test_a_prompt_is_spoken_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    Pronunciation.objects.create(written="EMI", spoken="ee em aai", language="en")
    monkeypatch.setattr(prompt_audio, "pronunciations", Pronunciations())
    assert prompt_audio.speak("Your EMI", "en") == prompt_audio.say("Your ee em aai", "en")
    assert prompt_audio.speak("Your EMI", "en") != prompt_audio.say("Your EMI", "en")
