"""Who is on the line, and where prompts come from."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError

from calls.agents.echo import EchoAgent
from calls.audio import wav
from calls.conversation.outputs import Identify
from calls.media import identification
from calls.media.identification import Found, NotFound, find
from calls.media.prompt_audio import AudioError, load_clip, mono, speak
from campaigns.models import Account, Content, Message, PhoneNumber

pytestmark = pytest.mark.django_db


def asked(reference: str = "", **parameters: str) -> Identify:
    return Identify(
        reference, {"reference": reference, **parameters} if reference else parameters, "MZ1", "CA1"
    )


def test_a_reference_finds_recipient_campaign_and_agent(message: Message, number: PhoneNumber) -> None:
    found = find(asked(message.reference), number.pk)
    assert isinstance(found, Found)
    assert isinstance(found.agent, EchoAgent)
    assert (found.context.name, found.context.language, found.context.campaign) == ("Meena", "gu", "Bills")
    assert found.context.variables == {"name": "Meena", "amount": "1200"}
    assert not found.context.inbound
    assert (found.identity.message_id, found.identity.recipient_id) == (message.pk, message.recipient_id)
    assert (found.identity.stream_sid, found.identity.call_sid) == ("MZ1", "CA1")


def test_the_reference_tag_will_do(message: Message, number: PhoneNumber) -> None:
    found = find(asked(tag5=message.reference), number.pk)
    assert found.identity.message_id == message.pk


@pytest.mark.parametrize("reference", ["", "m-unknown", "x" * 5000, "\ufffd"])
def test_a_call_without_a_known_reference_is_served_by_the_inbound_agent(
    message: Message, number: PhoneNumber, reference: str
) -> None:
    found = find(asked(reference, FirstName="Jane", language="en"), number.pk)
    assert isinstance(found, Found)
    assert found.context.inbound
    assert found.context.language == "en"
    assert found.context.variables["FirstName"] == "Jane"
    assert found.identity.message_id is None


@pytest.mark.parametrize("parameters", [{"from": "+919825112410"}, {"Caller": "098251 12410"}])
def test_whoever_calls_us_is_known_by_the_number_if_the_platform_tells_it(
    message: Message, number: PhoneNumber, parameters: dict[str, str]
) -> None:
    found = find(asked(**parameters), number.pk)
    assert found.identity.recipient_id == message.recipient_id
    assert found.identity.inbound
    assert (found.identity.message_id, found.identity.campaign_id) == (None, None)
    assert isinstance(found, Found)
    assert "Meena" not in found.context.variables.values()  # another person may hold the phone


@pytest.mark.parametrize("said", ["", "anonymous", "+919825112411", "x" * 5000])
def test_a_caller_who_is_in_no_list_stays_unknown(message: Message, number: PhoneNumber, said: str) -> None:
    assert find(asked(**{"from": said}), number.pk).identity.recipient_id is None


def test_a_caller_whom_another_account_knows_is_unknown_here(message: Message, echo: object) -> None:
    stranger = Account.objects.create(name="Other", tenant="other", email="o@b.in", password="x")
    theirs = PhoneNumber.objects.create(account=stranger, e164="+917961344199")
    assert find(asked(**{"from": "+919825112410"}), theirs.pk).identity.recipient_id is None


def test_a_message_of_another_account_is_unknown_here(message: Message, echo: object) -> None:
    stranger = Account.objects.create(name="Other", tenant="other", email="o@b.in", password="x")
    theirs = PhoneNumber.objects.create(account=stranger, e164="+917961344199")
    found = find(asked(message.reference), theirs.pk)
    assert isinstance(found, NotFound)
    assert found.identity.recipient_id is None
    assert "no inbound agent" in found.reason


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
async def test_a_database_that_fails_in_whatever_way_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise error("connection already closed")

    monkeypatch.setattr(identification, "find", fail)
    monkeypatch.setattr(Content.objects, "filter", fail)
    found = await identification.identify(asked(), 1)
    assert isinstance(found, NotFound)
    with pytest.raises(AudioError, match="could not be read"):
        load_clip("welcome", 1)


def test_an_agent_that_cannot_be_made_is_told_but_the_person_is_known(
    message: Message, number: PhoneNumber
) -> None:
    agent = message.recipient.campaign.agent
    agent.configuration = {"nonsense": 1}
    agent.save()
    found = find(asked(message.reference), number.pk)
    assert isinstance(found, NotFound)
    assert "“Echo” cannot be used" in found.reason
    assert found.identity.recipient_id == message.recipient_id


def wave_file(*, rate: int, channels: int, value: int = 1000, seconds: float = 0.5) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.full(int(rate * seconds) * channels, value, dtype="<i2").tobytes())
    return file.getvalue()


def test_a_clip_becomes_mono_at_8_khz(number: PhoneNumber, account: Account, folders: Path) -> None:
    file = ContentFile(wave_file(rate=44_100, channels=2), "hello.wav")
    Content.objects.create(account=account, name="Hello", file=file)
    audio = load_clip("Hello", number.pk)
    assert len(audio) == 2 * 4000
    assert 900 < np.frombuffer(audio, dtype="<i2")[2000] < 1100


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"not audio", "cannot be played"), (wave_file(rate=500, channels=1), "cannot be played")],
)
def test_a_clip_that_is_no_clip_is_a_sentence(
    number: PhoneNumber, account: Account, folders: Path, content: bytes, sentence: str
) -> None:
    Content.objects.create(account=account, name="Bad", file=ContentFile(content, "bad.wav"))
    with pytest.raises(AudioError, match=sentence):
        load_clip("Bad", number.pk)


def test_a_clip_that_is_not_there_is_a_sentence(number: PhoneNumber, account: Account, folders: Path) -> None:
    Content.objects.create(account=account, name="Lost", file="contents/lost.wav")
    with pytest.raises(AudioError, match="could not be read"):
        load_clip("Lost", number.pk)
    with pytest.raises(AudioError, match="no clip named “Never”"):
        load_clip("Never", number.pk)


def test_channels_are_averaged() -> None:
    both = np.array([[100, 300], [-100, -300]], dtype="<i2").tobytes()
    assert np.frombuffer(mono(wav.Wav(both, 8000, 2)), dtype="<i2").tolist() == [200, -200]


def test_a_language_without_a_voice_is_a_sentence() -> None:
    with pytest.raises(AudioError, match="no voice"):
        speak("saluton", "eo")
