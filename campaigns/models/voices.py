"""Voices of text-to-speech services outside, which speak some languages instead of espeak-ng."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeAlias

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse

from campaigns.fields import EncryptedTextField
from campaigns.formatting import LANGUAGES
from campaigns.formatting import language as language_name
from campaigns.models.base import Stamped, one_of


class VoiceProvider(models.TextChoices):
    """Whose requests and replies are understood (`calls.speech.providers`)."""

    SARVAM = "sarvam", "Sarvam (Bulbul)"
    GOOGLE = "google", "Google Cloud"


CODES: Final[Mapping[str, Mapping[str, str]]] = {
    VoiceProvider.SARVAM: {
        **{code: f"{code}-IN" for code in ("bn", "en", "gu", "hi", "kn", "ml", "mr", "pa", "ta", "te")},
        "or": "od-IN",
    },
    VoiceProvider.GOOGLE: {
        code: f"{code}-IN" for code in ("bn", "en", "gu", "hi", "kn", "ml", "mr", "pa", "ta", "te", "ur")
    },
}
"""The languages that each provider speaks, and its names for them."""
ADDRESSES: Final[Mapping[str, str]] = {
    VoiceProvider.SARVAM: "https://api.sarvam.ai/text-to-speech",
    VoiceProvider.GOOGLE: "https://texttospeech.googleapis.com/v1/text:synthesize",
}
RATES: Final = (8000, 16000, 22050, 24000)
_SPEAKER: Final = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}\Z")


def check_speakers(speakers: Any) -> None:
    """Raise `ValidationError`, with a sentence, unless this maps languages to names of speakers."""
    if not isinstance(speakers, dict) or not speakers:
        raise ValidationError("Write a speaker for each language, such as “hi: anushka”.")
    for language, speaker in speakers.items():
        if language not in LANGUAGES:
            raise ValidationError(f"“{str(language)[:20]}” is none of the languages {', '.join(LANGUAGES)}.")
        try:
            _SPEAKER(speaker)
        except ValidationError:
            raise ValidationError(
                f"“{str(speaker)[:20]}” can't be the name of a speaker: letters, digits, - and _."
            ) from None


class HostedVoice(Stamped):
    """A service outside that speaks some languages: where it is, with which key, and who speaks what."""

    Provider: TypeAlias = VoiceProvider

    name = models.CharField(max_length=60, unique=True)
    provider = models.CharField(max_length=10, choices=VoiceProvider)
    url = models.URLField("address", max_length=500, help_text="Its host must be among the allowed hosts.")
    key = EncryptedTextField()
    model = models.CharField(
        max_length=80, default="", blank=True, help_text="Such as bulbul:v2; Google has none."
    )
    speakers = models.JSONField(
        default=dict,
        validators=[check_speakers],
        help_text="By language; all others are spoken by espeak-ng.",
    )
    sample_rate = models.PositiveIntegerField(
        "samples a second",
        default=8000,
        choices=[(rate, f"{rate:,}") for rate in RATES],
        help_text="Calls have 8,000. A higher rate is converted.",
    )
    timeout_seconds = models.FloatField(
        "seconds to answer",
        default=5.0,
        validators=[MinValueValidator(0.5), MaxValueValidator(9)],
        help_text="For one request. A text is tried up to three times within 10 seconds.",
    )
    fall_back = models.BooleanField(
        "espeak-ng speaks what it can't",
        default=False,
        help_text="Otherwise people whose words it does not speak wait, or are not called, with the reason.",
    )
    active = models.BooleanField(default=True, help_text="Otherwise espeak-ng speaks its languages.")

    class Meta:
        ordering = ("name",)
        verbose_name = "hosted voice"
        constraints: ClassVar = [
            one_of("provider", VoiceProvider, table="voice"),
            models.CheckConstraint(condition=models.Q(sample_rate__in=RATES), name="voice_sample_rate_known"),
            models.CheckConstraint(
                condition=models.Q(timeout_seconds__gte=0.5, timeout_seconds__lte=9), name="voice_timeout"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the path of its page in the portal."""
        return reverse("voice", args=[self.pk])

    def clean(self) -> None:
        """Raise `ValidationError` for a language that its provider, or another voice, speaks otherwise."""
        if not isinstance(self.speakers, dict):
            return
        if self.provider == VoiceProvider.SARVAM and not self.model:
            raise ValidationError({"model": "Write the model, such as bulbul:v2."})
        spoken = CODES.get(self.provider, {})
        for language in self.speakers:
            if language not in spoken:
                name = language_name(language)
                raise ValidationError({"speakers": f"{self.get_provider_display()} does not speak {name}."})
        others = HostedVoice.objects.filter(active=True).exclude(pk=self.pk) if self.active else ()
        for other in others:
            for language in sorted(self.speakers.keys() & other.speakers.keys()):
                taken = f"“{other}” speaks {language_name(language)} already; take it out there first."
                raise ValidationError({"speakers": taken})
