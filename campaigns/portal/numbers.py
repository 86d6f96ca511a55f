"""The portal's pages of our own numbers: who answers when, and the address that Awaaz connects calls to."""

from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import clock
from campaigns.models import PhoneNumber
from campaigns.numbers import KEEP_HOURS, rotate_secret
from campaigns.permissions import staff_page
from campaigns.queries import inbound

if TYPE_CHECKING:
    NumberModelForm = forms.ModelForm[PhoneNumber]
else:
    NumberModelForm = forms.ModelForm


class NumberForm(NumberModelForm):
    """Ask what staff set of a number; what Awaaz assigned with it is in the admin."""

    class Meta:
        model = PhoneNumber
        fields = (
            *("label", "max_calls", "inbound_agent", "inbound_hours", "after_hours_agent"),
            *("ring_back_hours", "recognise_days", "record_calls", "announce_recording", "active"),
        )
        widgets = {"inbound_hours": forms.Textarea(attrs={"rows": 4, "placeholder": "Mon-Fri 9:00-18:00"})}

    def clean_max_calls(self) -> int:
        """Return the number of lines. Raises `ValidationError` for none."""
        lines: int = self.cleaned_data["max_calls"]
        if lines < 1:
            raise forms.ValidationError("At least one call; switch the number off to have none.")
        return lines


@staff_page
@require_safe
def number_list(request: HttpRequest) -> HttpResponseBase:
    """Show all numbers, and who would answer a person who called just now."""
    related = ("account", "inbound_agent", "after_hours_agent")
    numbers, now = PhoneNumber.objects.select_related(*related).order_by("e164"), clock.now()
    rows = [(number, inbound.answering(number, now=now)) for number in numbers]
    return render(request, "campaigns/numbers.html", {"rows": rows})


@staff_page
@require_http_methods(["GET", "POST"])
def number_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show what is set of a number and its stream's address; store a change, or answer 422 with reasons."""
    related = ("account", "inbound_agent", "after_hours_agent")
    number = get_object_or_404(PhoneNumber.objects.select_related(*related), pk=pk)
    form = NumberForm(request.POST or None, instance=number)
    if request.method == "POST" and form.is_valid():
        changed = form.save(commit=False)
        changed.save(update_fields=[*form.changed_data, "changed_at"])
        messages.add_message(
            request, messages.SUCCESS, "Saved. It counts from the next call.", extra_tags="ok"
        )
        return redirect(changed)
    now = clock.now()
    until = number.previous_secret_until
    context = {
        "number": number,
        "form": form,
        "answers": inbound.answering(PhoneNumber.objects.select_related(*related).get(pk=pk), now=now),
        "stream_url": f"{settings.PUBLIC_STREAM_URL}{number.stream_path}",
        "old_until": until if until and until > now else None,
        "keep_hours": round(KEEP_HOURS),
    }
    return render(request, "campaigns/number.html", context, status=422 if form.errors else 200)


@staff_page
@require_POST
def new_number_secret(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give the number's address a new secret; with `now` in the form the old one stops at once."""
    number = get_object_or_404(PhoneNumber, pk=pk)
    at_once = "now" in request.POST
    rotate_secret(number, 0 if at_once else KEEP_HOURS)
    old = "stops working now" if at_once else f"works for {KEEP_HOURS:.0f} hours more"
    done = f"A new secret. Configure the new address at Awaaz; the old one {old}."
    messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    return redirect(number)
