"""The form of a hosted voice, for the portal and the admin."""

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import HostedVoice
from campaigns.models.voices import ADDRESSES, check_speakers
from campaigns.outside import registry
from campaigns.outside.addresses import destination
from campaigns.outside.errors import NoAnswer

if TYPE_CHECKING:
    VoiceModelForm = forms.ModelForm[HostedVoice]
else:
    VoiceModelForm = forms.ModelForm


def check_allowed(url: str) -> None:
    """Raise `ValidationError` unless this is a plain address of an allowed host."""
    try:
        where = destination(url)
    except NoAnswer as error:
        raise ValidationError(error.reason) from None
    try:
        registry.allowed(url)
    except NoAnswer:
        raise ValidationError(
            f"“{where.host}”, port {where.port}, is not among the allowed hosts; a superuser can enter it."
        ) from None


class SpeakersField(forms.CharField):
    """Read languages and their speakers, a line each, into a mapping."""

    widget = forms.Textarea(attrs={"rows": 4, "placeholder": "hi: anushka"})

    def prepare_value(self, value: Any) -> Any:
        """Return a mapping as lines; any other value as it is."""
        lines = (f"{one}: {name}" for one, name in value.items()) if isinstance(value, dict) else ()
        return "\n".join(lines) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        """Return the mapping. Raises `ValidationError` with a sentence."""
        pairs = [line.partition(":") for line in (super().clean(value) or "").splitlines() if line.strip()]
        found: dict[str, str] = {}
        for language, _, speaker in pairs:
            if language.strip() in found:
                raise ValidationError(f"“{language.strip()}” stands there twice.")
            found[language.strip()] = speaker.strip()
        check_speakers(found)
        return found


class VoiceForm(VoiceModelForm):
    """A service that speaks. Its key is taken and never shown again."""

    url = forms.CharField(
        label="Address",
        required=False,
        max_length=500,
        help_text="Empty: the provider's own. Its host must be among the allowed hosts.",
    )
    new_key = forms.CharField(
        label="Key",
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown. Leave empty to keep the one that is stored.",
    )
    speakers = SpeakersField(
        label="Speakers",
        help_text="A line for each language, such as “hi: anushka”. espeak-ng speaks all others.",
    )

    class Meta:
        model = HostedVoice
        fields: ClassVar = [
            *("name", "provider", "url", "new_key", "model", "speakers"),
            *("sample_rate", "timeout_seconds", "fall_back", "active"),
        ]

    def clean(self) -> dict[str, Any]:
        """Return the data. Another destination (scheme, host or port) needs the key: it is sent there."""
        data = super().clean() or {}
        data["url"] = url = data.get("url") or ADDRESSES.get(data.get("provider", ""), "")
        try:
            check_allowed(url)
        except ValidationError as error:
            self.add_error("url", error)
        if not data.get("new_key"):
            before, after = urlsplit(self.instance.url), urlsplit(url)
            if not self.instance.key:
                self.add_error("new_key", "A new voice needs its key.")
            elif (before.scheme, before.netloc) != (after.scheme, after.netloc):
                self.add_error("new_key", "The key is sent there: enter the key again.")
        return data

    def clean_new_key(self) -> str:
        """Return the key. Raises `ValidationError` for one that no header can hold."""
        key: str = self.cleaned_data["new_key"]
        if not key.isascii() or not key.isprintable():
            raise ValidationError("The key has signs that no key has: copy it again.")
        return key

    def _post_clean(self) -> None:
        """Take the key over before the whole is checked."""
        if self.cleaned_data.get("new_key"):
            self.instance.key = self.cleaned_data["new_key"]
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which fills the instance
