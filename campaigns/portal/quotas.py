"""The portal's page about the quotas of a campaign: by which values, how many of each, how far they are."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.errors import NotAllowed
from campaigns.formatting import words
from campaigns.lifecycle import quotas as lifecycle
from campaigns.models import Campaign
from campaigns.permissions import current_user, staff_page
from campaigns.queries.campaign import all_campaigns
from campaigns.queries.quotas import table, values_to_choose
from campaigns.schedule import quotas

#: Characters of a table that is pasted: far more than `MOST_CELLS` cells have.
LONGEST_TABLE = 100_000


class QuotaForm(forms.Form):
    """By which values people are counted, and how many are wanted of each cell."""

    first = forms.ChoiceField(
        label="By which value",
        help_text="A column of the list, or a question of the dialogue.",
    )
    second = forms.ChoiceField(required=False, label="And by which second one")
    each = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=quotas.MOST_WANTED,
        label="Interviews of each cell",
        help_text="One number for all. Empty: only the cells written below, or in the table, have a quota.",
    )
    cells = forms.CharField(
        required=False,
        max_length=LONGEST_TABLE,
        label="Single cells",
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "Surat, female, 50"}),
        help_text="A line each, or a table pasted from a spreadsheet: the values, and how many are wanted.",
    )

    def __init__(self, *args: Any, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, words(name)) for name in names]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["second"].choices = [("", "None"), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put the values into `names` and the lines into `wanted`; return the data."""
        cleaned = super().clean() or {}
        names = [name for name in (cleaned.get("first"), cleaned.get("second")) if name]
        if len(set(names)) < len(names):
            self.add_error("second", "Choose another value than the first, or none.")
        cleaned["names"] = names
        try:
            cleaned["wanted"] = quotas.read(cleaned.get("cells") or "", names)
        except NotAllowed as error:
            self.add_error("cells", error.reason)
        return cleaned


@staff_page
@require_http_methods(["GET", "POST"])
def quotas_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the cells of a campaign with their figures; store what is wanted, or answer 422."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    if request.method == "POST":
        return _store(request, campaign)
    return _page(request, campaign, _form(campaign))


def _form(campaign: Campaign, data: Any = None) -> QuotaForm:
    first, second = [*campaign.quota_values, "", ""][:2]
    initial = {"first": first, "second": second, "each": campaign.quota_each}
    return QuotaForm(data, names=values_to_choose(campaign), initial=initial)


def _store(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    """Do what was pressed: set values, targets of the table, or no quotas; then go back to the page."""
    by, form, wrong = current_user(request), _form(campaign), ""
    try:
        match request.POST.get("do"):
            case "targets":
                given = {
                    row.id: quotas.read_target(
                        quotas.tidy(request.POST[f"target_{row.id}"]), f"{row.label}: "
                    )
                    for row in table(campaign)
                    if f"target_{row.id}" in request.POST
                }
                lifecycle.set_targets(campaign, given, by=by)
            case "none":
                lifecycle.choose(campaign, [], by=by)
            case _:
                form = _form(campaign, request.POST)
                if not form.is_valid():
                    return _page(request, campaign, form, status=422)
                chosen = form.cleaned_data
                lifecycle.choose(
                    campaign, chosen["names"], each=chosen["each"], cells=chosen["wanted"], by=by
                )
    except NotAllowed as error:
        wrong = error.reason
    if wrong:
        campaign = get_object_or_404(all_campaigns(), pk=campaign.pk)
        return _page(request, campaign, form, wrong=wrong, status=422)
    messages.add_message(request, messages.SUCCESS, "Saved the quotas.", extra_tags="ok")
    return redirect("campaign-quotas", pk=campaign.pk)


def _page(
    request: HttpRequest, campaign: Campaign, form: QuotaForm, *, wrong: str = "", status: int = 200
) -> HttpResponse:
    rows = table(campaign)
    typed = [(row, request.POST.get(f"target_{row.id}", row.target)) for row in rows]
    context = {"campaign": campaign, "form": form, "rows": typed, "quotas": rows, "wrong": wrong}
    return render(request, "campaigns/quotas_page.html", context, status=status)
