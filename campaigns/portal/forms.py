"""Forms of the portal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.validators import MinValueValidator
from django.db.models import Model
from django.utils import timezone

from campaigns import phones
from campaigns.formatting import ist
from campaigns.models import Campaign, Message, Pronunciation, Recipient
from campaigns.queries.people import CALL_BACK
from campaigns.schedule import retries
from campaigns.schedule.retries import LONGEST_GAP_MINUTES, MOST_RETRIES
from campaigns.spreadsheets.columns import Columns
from campaigns.validation import (
    CAMPAIGN_FIELDS,
    goes_on_problem,
    retry_problem,
    retry_template_problem,
    too_large,
)

if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
    PronunciationModelForm = forms.ModelForm[Pronunciation]
else:
    CampaignModelForm = PronunciationModelForm = forms.ModelForm


class MinutesField(forms.CharField):
    """Read minutes between commas into a list of whole numbers."""

    def prepare_value(self, value: Any) -> Any:
        """Return a list as a person would write it; any other value as it is."""
        return ", ".join(str(minutes) for minutes in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:
        """Return whole minutes, each at least one. Raises `ValidationError` with a sentence."""
        parts = [part.strip() for part in (super().clean(value) or "").split(",") if part.strip()]
        if not all(part.isdecimal() and 1 <= int(part[:6]) <= LONGEST_GAP_MINUTES for part in parts):
            raise forms.ValidationError("Write whole minutes between commas, such as 30, 120.")
        if len(parts) > MOST_RETRIES:
            raise forms.ValidationError(f"At most {MOST_RETRIES} retries.")
        return [int(part) for part in parts]


class RetryRulesField(forms.CharField):
    """Read retry rules, a line each, as a person writes them (`campaigns.schedule.retries.read`)."""

    widget = forms.Textarea(attrs={"rows": 3, "placeholder": "busy: 10, 30"})

    def prepare_value(self, value: Any) -> Any:
        """Return stored rules as lines; any other value as it is."""
        return retries.written(value) if isinstance(value, dict) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the rules differ, whatever their spelling; True if they can't be read."""
        try:
            return bool((initial or {}) != retries.read(data or ""))
        except retries.UnreadableRules:
            return True

    def clean(self, value: Any) -> dict[str, Any]:
        """Return the rules. Raises `ValidationError` with a sentence."""
        try:
            return retries.read(super().clean(value) or "")
        except retries.UnreadableRules as error:
            raise forms.ValidationError(str(error)) from error


def _fingerprint(value: Any) -> str:
    """Return a short text that is the same for equal values; a time counts to the minute."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(second=0, microsecond=0)
    if isinstance(value, Model):
        value = value.pk
    return sha256(repr(value).encode()).hexdigest()[:12]


class CampaignForm(CampaignModelForm):
    """Everything about a draft. The lawful hours are not here, because no one may widen them."""

    retry_gaps = MinutesField(
        required=False,
        label="Minutes before each retry",
        help_text="Between commas, such as 30, 120. Empty if there is no retry.",
    )

    retry_rules = RetryRulesField(
        required=False,
        label="Retries for single reasons",
        help_text="A line each, such as “busy: 10, 30”, “no answer: 120 at another hour”, “rejected: none”, "
        "“unfinished: 60” (answered, but it broke off). Other reasons: the minutes before each retry. "
        "All of them together stay below the calls to one person at most.",
    )

    shown = forms.JSONField(required=False, widget=forms.HiddenInput)
    """Fingerprints of the values this page was filled with, so that a stale page overwrites nothing."""

    class Meta:
        model = Campaign
        fields = CAMPAIGN_FIELDS
        labels: ClassVar = {
            "category": "Purpose of the call",
            "default_language": "Language when a row has none",
            "starts_at": "No call before (IST)",
            "window_start": "Not before, each day (IST)",
            "window_end": "Not after, each day (IST)",
            "calls_per_minute": "Calls a minute at most",
            "goes_on": "Go on where a call broke off",
            "retry_template": "Template of retries, for another number",
            "most_at_once": "Calls at once at most",
            "asks": "Ask before each call",
            "when_silent": "If it does not answer",
        }
        help_texts: ClassVar = {
            "category": "It decides the hours in which the law allows the call.",
            "default_language": "A code such as hi, gu, ta, mr, bn, te, kn or en.",
            "starts_at": "",
            "priority": "Where campaigns share a number or an agent: each step makes twice as many calls.",
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
        self.fields["when_silent"].required = False  # left out, it stays as it is
        for name in ("calls_per_minute", "max_attempts"):
            self.fields[name].widget.attrs["min"] = 1
            self.fields[name].validators.append(MinValueValidator(1))
        if not self.instance.pk:
            self.initial.setdefault("starts_at", timezone.localtime(self.instance.starts_at))
        self._stored = {
            name: getattr(self.instance, name, None) for name in CAMPAIGN_FIELDS if self.instance.pk
        }
        self.initial["shown"] = {name: _fingerprint(value) for name, value in self._stored.items()}

    @property
    def changed_fields(self) -> list[str]:
        """Return the fields whose values differ from those stored when the form was made."""
        return [name for name, value in self._stored.items() if getattr(self.instance, name) != value]

    def _post_clean(self) -> None:
        """Set the instance's fields; keep those that were not touched on this page as they are stored.

        Add an error for a field that was changed on this page and, meanwhile, by another person.
        """
        super()._post_clean()  # type: ignore[misc]  # Django's hook of model forms
        shown = self.cleaned_data.get("shown")
        if not isinstance(shown, dict) or not shown:
            shown = self.initial["shown"]
        for name, stored in self._stored.items():
            mine = _fingerprint(getattr(self.instance, name))
            if mine in (shown.get(name), _fingerprint(stored)):
                setattr(self.instance, name, stored)
            elif name not in self.errors and shown.get(name) != _fingerprint(stored):
                lists = isinstance(stored, list | dict)
                written = self.fields[name].prepare_value(stored) if lists else stored
                written = ist(stored) if isinstance(stored, datetime) else written
                words = f"It was changed meanwhile, and is stored as “{written!s}” now."
                self.add_error(name, f"{words} Save again to overwrite that.")
        if self.errors:
            now_shown = self.fields["shown"].prepare_value(self.initial["shown"])
            self.data = {**self.data, "shown": now_shown}

    def clean(self) -> dict[str, Any]:
        """Check the hours, the retries, and that number and template are of one account; return the data."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if start and end and start >= end:
            self.add_error("window_end", "This must be later than the time before which nobody is called.")
        gaps, attempts = cleaned.get("retry_gaps"), cleaned.get("max_attempts")
        if gaps is not None and attempts and len(gaps) > attempts - 1:
            self.add_error("retry_gaps", f"{attempts} calls need {attempts - 1} pauses between them at most.")
        if why := retry_problem(attempts, cleaned.get("retry_rules"), cleaned.get("agent")):
            self.add_error("retry_rules", why)
        if cleaned.get("goes_on") and (why := goes_on_problem(attempts, cleaned.get("agent"))):
            self.add_error("goes_on", why)
        again = cleaned.get("retry_template")
        if why := retry_template_problem(attempts, cleaned.get("template"), again):
            self.add_error("retry_template", why)
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
        """Return the file. Raises `ValidationError` if it is larger than IMPORT_MAX_MB."""
        file = self.cleaned_data["file"]
        if problem := too_large(file.size):
            raise forms.ValidationError(problem)
        return file


class MembersForm(PeopleForm):
    """People for a standing list: the file, and the headings where they are not to be guessed."""

    USES: ClassVar = ("phone", "name", "language")
    _hint = "Only where it is not found, or a wrong one is: the heading as it stands in the file."

    phone = forms.CharField(
        required=False, max_length=200, label="Heading of the phone number", help_text=_hint
    )
    name = forms.CharField(required=False, max_length=200, label="Heading of the name")
    language = forms.CharField(required=False, max_length=200, label="Heading of the language")

    def headings(self) -> dict[str, str]:
        """Return use -> heading as it was written; empty where it is to be found by itself."""
        return {use: self.cleaned_data[use] for use in self.USES}


class ColumnsForm(forms.Form):
    """Ask which column of a list is what: for each a use, and for a variable its name."""

    SINGLE: ClassVar = ("phone", "name", "language")
    USES: ClassVar = [
        ("", "Not used"),
        ("phone", "Phone number"),
        ("name", "Name"),
        ("language", "Language"),
        ("variable", "Variable"),
        ("decimal_comma", "Amount with a decimal comma"),
    ]

    remember_as = forms.CharField(
        required=False,
        max_length=80,
        label="Remember as",
        help_text="A name, such as “Branch list”. Files with the same headings then come filled in.",
    )

    def __init__(self, *args: Any, headings: list[str], columns: Columns, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headings = headings
        names = {place: word for word, place in columns.variables.items()}
        single = {columns.phone: "phone", columns.name: "name", columns.language: "language"}
        single |= {
            place: "decimal_comma" if word in columns.decimal_comma else "variable"
            for place, word in names.items()
        }
        self.asked = columns.asked
        for place in (place for places in columns.asked.values() for place in places):
            single.pop(place, None)
        for place, heading in enumerate(headings):
            self.fields[f"use_{place}"] = forms.ChoiceField(
                choices=self.USES,
                required=False,
                label=f"{heading}: use",
                initial=single.get(place, ""),
            )
            self.fields[f"called_{place}"] = forms.CharField(
                required=False,
                max_length=60,
                label=f"{heading}: variable",
                initial=names.get(place, ""),
                widget=forms.TextInput(attrs={"placeholder": "variable"}),
            )

    def columns(
        self, rows: Sequence[Sequence[str]]
    ) -> list[tuple[str, forms.BoundField, forms.BoundField, list[str]]]:
        """Return each heading with its two fields and its cells in these rows, in the order of the file."""
        return [
            (heading, self[f"use_{at}"], self[f"called_{at}"], [row[at] for row in rows if at < len(row)])
            for at, heading in enumerate(self.headings)
        ]

    def clean(self) -> dict[str, Any]:
        """Put the choice into `columns` and return the data. Raises `ValidationError` with what to correct.

        One column has the phone numbers, one at most the name and the language; each variable has a name.
        """
        cleaned = super().clean() or {}
        uses = [cleaned.get(f"use_{place}", "") for place in range(len(self.headings))]
        if uses.count("phone") != 1:
            raise forms.ValidationError("Choose one column with the phone numbers.")
        if uses.count("name") > 1 or uses.count("language") > 1:
            raise forms.ValidationError("Choose one column at most for the name, and one for the language.")
        if "name" in self.asked and "name" not in uses:
            raise forms.ValidationError("Choose which column is the name.")
        variables = [place for place, use in enumerate(uses) if use in ("variable", "decimal_comma")]
        words = [cleaned.get(f"called_{place}", "") for place in variables]
        if "" in words or len(set(words)) != len(words):
            raise forms.ValidationError("Give each variable a name of its own.")
        single = {use: uses.index(use) for use in self.SINGLE if use in uses}
        named = dict(zip(words, variables, strict=True))
        comma = tuple(word for word, place in named.items() if uses[place] == "decimal_comma")
        cleaned["columns"] = Columns(
            single["phone"], single.get("name"), single.get("language"), named, decimal_comma=comma
        )
        return cleaned


class PeopleFilter(forms.Form):
    """Ask what to show of a campaign's people."""

    state = forms.ChoiceField(
        required=False,
        choices=[("", "All states"), *Recipient.State.choices, (CALL_BACK, "To be called back")],
    )
    text = forms.CharField(
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "Name or last digits", "type": "search"}),
    )


class CallbackForm(forms.Form):
    """Ask when a person wants to be called."""

    asked_for = forms.DateTimeField(
        label="Call back on (IST)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ReportForm(forms.Form):
    """Ask which attempts of a campaign to report, and in what kind of file."""

    since = forms.DateField(
        required=False, label="From (IST)", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False,
        label="To, that day included",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All states"), *Message.State.choices]
    )
    kind = forms.ChoiceField(label="File", choices=[("csv", "CSV"), ("xlsx", "Excel")], initial="csv")

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order; return the data."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "This must not be earlier than the first day.")
        return cleaned


class PhoneForm(forms.Form):
    """One phone number, in any spelling."""

    phone = forms.CharField(max_length=40, label="Phone number")

    def clean_phone(self) -> str:
        """Return the number in E.164. Raises `ValidationError` with what is wrong with it."""
        judged = phones.parse_number(self.cleaned_data["phone"])
        if judged.e164 is None:
            raise forms.ValidationError(judged.note)
        return judged.e164


class PersonForm(PhoneForm):
    """One phone number, and the reason for what is done with its person's data."""

    reason = forms.CharField(
        required=False,
        max_length=1000,
        label="Reason",
        help_text="Who asked, when and how; for a hold the case. It is kept.",
    )


class PronunciationForm(PronunciationModelForm):
    """One word and how it is spoken."""

    class Meta:
        model = Pronunciation
        fields: ClassVar = ["written", "spoken", "language"]
