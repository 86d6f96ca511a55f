"""A hosted voice over real sockets: whole audio, or a sentence within a bounded time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.audio import pcm
from calls.speech import hosted
from calls.speech.helper_voices import HelperVoices
from calls.speech.hosted import HostedVoice, seconds_of
from calls.speech.voice import SpeechError, VoiceUnavailable
from tests.calls.speech.service import KEY, Service, description, service

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running_service() -> Iterator[Service]:
    with service() as made:
        yield made


@pytest.fixture
def outside(running_service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service, good again; between two tries there is next to no pause."""
    monkeypatch.setattr(hosted, "FIRST_PAUSE_S", 0.01)
    running_service.manner, running_service.retry_after = "good", "1"
    for kept in (running_service.manners, running_service.received, running_service.headers):
        kept.clear()
    return running_service


def voice(outside: Service, **fields: Any) -> HostedVoice:
    return HostedVoice(description(outside.port, **fields))


def test_sarvam_is_asked_as_it_is_documented(outside: Service) -> None:
    said = voice(outside).synthesise("नमस्ते आशा।", "hi")
    assert pcm.duration_ms(said) == pytest.approx(500, abs=30)
    assert pcm.dbfs(said) == pytest.approx(-16, abs=0.5)
    assert outside.received == [
        {
            "text": "नमस्ते आशा।",
            "target_language_code": "hi-IN",
            "speaker": "anushka",
            "model": "bulbul:v2",
            "speech_sample_rate": 8000,
            "output_audio_codec": "wav",
        }
    ]
    assert outside.headers[0]["api-subscription-key"] == KEY


def test_google_is_asked_as_it_is_documented_and_a_higher_rate_is_converted(outside: Service) -> None:
    fields = {"provider": "google", "model": "", "speaker": "hi-IN-Wavenet-A", "rate": 24000}
    said = voice(outside, **fields).synthesise("नमस्ते", "hi")
    assert pcm.duration_ms(said) == pytest.approx(500, abs=30)
    assert outside.received == [
        {
            "input": {"text": "नमस्ते"},
            "voice": {"languageCode": "hi-IN", "name": "hi-IN-Wavenet-A"},
            "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 24000},
        }
    ]
    assert outside.headers[0]["x-goog-api-key"] == KEY


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("breaks off", "broke off"),
        ("half", "gave no usable audio. The voice's reply holds no audio."),
        ("page", "The voice's reply holds no audio."),
        ("no audio", "The voice's reply holds no audio."),
        ("half a file", "The voice sent only a part of its audio."),
        ("mp3", "no WAV file of 16 bits"),
        ("another rate", "audio of 16000 Hz in 1 channels, not of 8000 Hz"),
        ("stereo", "of 8000 Hz in 2 channels"),
        ("silence", "made no sound of the text"),
        ("packed", "is compressed"),
        ("huge", "more than"),
        ("500", "failed (status 500)"),
    ],
)
def test_what_is_no_whole_audio_is_asked_again_three_times_and_is_a_sentence(
    outside: Service, monkeypatch: pytest.MonkeyPatch, manner: str, why: str
) -> None:
    monkeypatch.setattr(hosted, "MOST_BYTES", 64 * 1024)
    outside.manner = manner
    with pytest.raises(VoiceUnavailable) as refused:
        voice(outside).synthesise("Namaste", "hi")
    assert why in str(refused.value)
    assert str(refused.value).startswith("The voice “Sarvam”")
    assert len(outside.received) == 3


@pytest.mark.parametrize("manner", ["half a file", "breaks off", "busy", "500"])
def test_the_second_try_may_bring_it(outside: Service, manner: str) -> None:
    outside.manners, outside.retry_after = [manner], "0"
    assert voice(outside).synthesise("Namaste", "hi")
    assert len(outside.received) == 2


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("403", "refuses our key (status 403)"),
        ("401", "refuses our key (status 401)"),
        ("redirects", "is not at its address (status 302)"),
        ("404", "is not at its address (status 404)"),
        ("400", "refuses its model, its speaker or the text (status 400)"),
    ],
)
def test_what_another_try_does_not_change_is_asked_once(outside: Service, manner: str, why: str) -> None:
    outside.manner = manner
    with pytest.raises(VoiceUnavailable) as refused:
        voice(outside).synthesise("Namaste", "hi")
    assert why in str(refused.value)
    assert len(outside.received) == 1


def test_a_text_that_is_refused_by_a_voice_that_spoke_others_is_never_spoken(outside: Service) -> None:
    speaks = voice(outside)
    speaks.synthesise("Namaste", "hi")
    outside.manner = "422"
    with pytest.raises(SpeechError, match="refuses the text") as refused:
        speaks.synthesise("\u2603", "hi")
    assert not isinstance(refused.value, VoiceUnavailable)


@pytest.mark.parametrize("manner", ["drips", "sleeps"])
def test_a_service_that_does_not_answer_takes_no_longer_than_its_time(
    outside: Service, monkeypatch: pytest.MonkeyPatch, manner: str
) -> None:
    outside.manner = manner
    with pytest.raises(VoiceUnavailable, match=r"did not answer within 0\.2 s"):
        voice(outside, seconds=0.2).synthesise("Namaste", "hi")
    assert len(outside.received) == 3
    monkeypatch.setattr(hosted, "BUDGET_S", 0.3)
    with pytest.raises(VoiceUnavailable, match="did not answer"):
        voice(outside, seconds=0.2).synthesise("Namaste", "hi")
    assert len(outside.received) == 4


def test_a_busy_service_is_not_asked_before_the_time_it_said(outside: Service) -> None:
    now = 1000.0
    speaks = HostedVoice(description(outside.port), clock=lambda: now)
    outside.manner, outside.retry_after = "busy", "40"
    for _ in range(3):
        with pytest.raises(VoiceUnavailable, match="is busy"):
            speaks.synthesise("Namaste", "hi")
    assert len(outside.received) == 1
    outside.manner, now = "good", 1041.0
    assert speaks.synthesise("Namaste", "hi")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 06:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 05:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("-1", 0.0),
        ("9" * 40, 999_999_999.0),
    ],
)
def test_when_to_ask_again_is_read_or_passed_over(text: str, seconds: float) -> None:
    assert seconds_of(text, NOW) == seconds


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"own_network": False}, "leads into our own network"),
        ({"plain_allowed": False}, "Only https is used"),
        ({"url": "https://169.254.169.254/speak"}, "leads to an address to which nothing is sent"),
        ({"url": "ftp://voice.example/"}, "must be a plain one"),
        ({"refused": "The voice “Sarvam” cannot be asked. It is not allowed."}, "It is not allowed"),
    ],
)
def test_an_address_that_is_not_allowed_gets_nothing(
    outside: Service, fields: dict[str, object], why: str
) -> None:
    with pytest.raises(VoiceUnavailable, match=why):
        voice(outside, **fields).synthesise("Namaste", "hi")
    assert not outside.received


@pytest.mark.parametrize(("provider", "text"), [("sarvam", "अ" * 1501), ("google", "अ" * 1667)])
def test_a_text_that_is_too_long_is_not_sent(outside: Service, provider: str, text: str) -> None:
    with pytest.raises(SpeechError, match="too long") as refused:
        voice(outside, provider=provider).synthesise(text, "hi")
    assert not isinstance(refused.value, VoiceUnavailable)
    assert not outside.received


def test_the_identity_changes_with_what_is_heard_and_never_with_the_key(outside: Service) -> None:
    same = voice(outside).identity
    assert KEY not in same
    assert voice(outside, key="another", seconds=1.0, name="New").identity == same
    for fields in ({"speaker": "vidya"}, {"model": "bulbul:v3"}, {"rate": 16000}, {"code": "gu-IN"}):
        assert voice(outside, **fields).identity != same


def test_it_speaks_in_a_helper_process(outside: Service) -> None:
    helpers = HelperVoices(1)
    try:
        assert helpers.synthesise(description(outside.port), "Namaste", "hi")
        outside.manner = "403"
        with pytest.raises(VoiceUnavailable, match="refuses our key"):
            helpers.synthesise(description(outside.port), "Namaste", "hi")
    finally:
        helpers.close()
