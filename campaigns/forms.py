"""Forms of the portal."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone

from campaigns.models import Campaign, Recipient

if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
else:
    CampaignModelForm = forms.ModelForm

MOST_BYTES = 32 * 1024 * 1024
MOST_RETRIES = 5
LONGEST_GAP_MINUTES = 7 * 24 * 60


class MinutesField(forms.CharField):
    """Minutes between commas, as a list of whole numbers."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as a person would write it."""
        return ", ".join(str(minutes) for minutes in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:
        """Whole minutes, each at least one; raises a sentence."""
        parts = [part.strip() for part in (super().clean(value) or "").split(",") if part.strip()]
        if not all(part.isdecimal() and 1 <= int(part[:6]) <= LONGEST_GAP_MINUTES for part in parts):
            raise forms.ValidationError("Write whole minutes between commas, such as 30, 120.")
        if len(parts) > MOST_RETRIES:
            raise forms.ValidationError(f"At most {MOST_RETRIES} retries.")
        return [int(part) for part in parts]


class CampaignForm(CampaignModelForm):
    """Everything about a draft. The lawful hours are not here: nobody can widen them."""

    retry_gaps = MinutesField(
        required=False,
        label="Minutes before each retry",
        help_text="Between commas, such as 30, 120. Empty if there is no retry.",
    )

    class Meta:
        model = Campaign
        fields = (
            "name",
            "template",
            "number",
            "agent",
            "category",
            "default_language",
            "starts_at",
            "window_start",
            "window_end",
            "calls_per_minute",
            "max_attempts",
            "retry_gaps",
        )
        labels: ClassVar = {
            "category": "Purpose of the call",
            "default_language": "Language when a row has none",
            "starts_at": "No call before (IST)",
            "window_start": "Not before, each day (IST)",
            "window_end": "Not after, each day (IST)",
            "calls_per_minute": "Calls a minute at most",
        }
        help_texts: ClassVar = {
            "category": "It decides the hours in which the law allows the call.",
            "default_language": "A code such as hi, gu, ta, mr, bn, te, kn or en.",
            "starts_at": "",
            "window_start": "Empty: all of the lawful hours. You can narrow them, never widen them.",
        }
        widgets: ClassVar = {
            "starts_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "window_start": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "window_end": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].queryset = self.fields["number"].queryset.filter(active=True)  # type: ignore[attr-defined]  # a ModelChoiceField
        for name in ("calls_per_minute", "max_attempts"):
            self.fields[name].widget.attrs["min"] = 1
            self.fields[name].validators.append(MinValueValidator(1))
        if not self.instance.pk:
            self.initial.setdefault("starts_at", timezone.localtime(self.instance.starts_at))

    def clean(self) -> dict[str, Any]:
        """What concerns several fields: the hours, the retries, and one account for number and template."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if start and end and start >= end:
            self.add_error("window_end", "This must be later than the time before which nobody is called.")
        gaps, attempts = cleaned.get("retry_gaps"), cleaned.get("max_attempts")
        if gaps is not None and attempts and len(gaps) > attempts - 1:
            self.add_error("retry_gaps", f"{attempts} calls need {attempts - 1} pauses between them at most.")
        number, template = cleaned.get("number"), cleaned.get("template")
        if number and template and number.account_id != template.account_id:
            self.add_error("number", "This number belongs to another account than the template.")
        return cleaned


class PeopleForm(forms.Form):
    """A list of people, as a file."""

    file = forms.FileField(
        label="File",
        help_text="CSV or Excel, with a column for the phone number. Other columns can be spoken.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xls,.xlsb,.ods"}),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large to be a list of people."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
        return file


class PeopleFilter(forms.Form):
    """What to show of a campaign's people."""

    state = forms.ChoiceField(required=False, choices=[("", "All states"), *Recipient.State.choices])
    text = forms.CharField(
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "Name or last digits", "type": "search"}),
    )
