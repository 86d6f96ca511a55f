"""Forms of the pages about calendars."""

from datetime import date, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from campaigns.appointments.table import LONGEST_PLACE, MOST_PLACES, Table, read_times
from campaigns.errors import NotAllowed
from campaigns.models import Calendar
from campaigns.portal.forms import PeopleForm, PhoneForm

if TYPE_CHECKING:
    CalendarModelForm = forms.ModelForm[Calendar]
else:
    CalendarModelForm = forms.ModelForm

WEEKDAYS = [(number, f"{date(2024, 1, number):%A}") for number in range(1, 8)]  # 1 January 2024 was a Monday
LONGEST_SLOT_MINUTES = 24 * 60
LONGEST_TABLE_DAYS = 731


class CalendarForm(CalendarModelForm):
    """What is offered of a calendar, to whose calls, and how soon and late."""

    class Meta:
        model = Calendar
        fields = ("name", "account", "lead_minutes", "horizon_days", "reminder_list", "is_open")


class TableForm(forms.Form):
    """Slots at the same times on some days of the week, between two dates."""

    place = forms.CharField(required=False, max_length=LONGEST_PLACE, label="Place")
    first = forms.DateField(label="From (IST)", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To, that day included", widget=forms.DateInput(attrs={"type": "date"}))
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int, choices=WEEKDAYS, label="On these days", widget=forms.CheckboxSelectMultiple
    )
    times = forms.CharField(
        max_length=1000, label="At these times", help_text="Between commas: 10:00, 10:30, 5 PM."
    )
    minutes = forms.IntegerField(
        required=False,
        label="Each lasts (minutes)",
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SLOT_MINUTES)],
    )
    capacity = forms.IntegerField(
        initial=1,
        label="For how many people",
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PLACES)],
    )

    def clean_times(self) -> list[time]:
        """Return the times of a day. Raises `ValidationError` with a sentence."""
        try:
            return read_times(self.cleaned_data["times"])
        except NotAllowed as error:
            raise forms.ValidationError(error.reason) from error

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order and not too many; return the data."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", "This must not be earlier than the first day.")
        elif first and last and (last - first).days > LONGEST_TABLE_DAYS:
            self.add_error("last", "Enter two years at most.")
        return cleaned

    def table(self) -> Table:
        """Return what was entered in a valid form."""
        return Table(**self.cleaned_data)


class SlotFileForm(PeopleForm):
    """Slots as a file."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["file"].help_text = "CSV or Excel with the headings date, time, ends, place, capacity."


class EnterForm(PhoneForm):
    """Who took a slot outside of a call."""

    name = forms.CharField(required=False, max_length=200, label="Name")


class CancelForm(forms.Form):
    """Why staff cancel an appointment."""

    reason = forms.CharField(max_length=500, label="Why")
