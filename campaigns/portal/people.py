"""The page of a campaign's people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from campaigns.permissions import staff_page
from campaigns.portal.campaigns import PEOPLE_A_PAGE, page_of
from campaigns.portal.forms import PeopleFilter
from campaigns.queries.campaign import all_campaigns
from campaigns.queries.people import recipients_of


@staff_page
@require_safe
def people_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the people of a campaign with state and reason, by the state or text that was asked for."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    chosen = PeopleFilter(request.GET)
    wanted = chosen.cleaned_data if chosen.is_valid() else {}
    people = recipients_of(pk, **wanted)
    context = {"campaign": campaign, "filter": chosen, "page": page_of(request, people, PEOPLE_A_PAGE)}
    return render(request, "campaigns/people.html", context)
