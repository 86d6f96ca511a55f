"""The portal's page about programmes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns import queries
from campaigns.access import staff_page


@staff_page("campaigns.view_programme")
@require_safe
def programme_list(request: HttpRequest) -> HttpResponse:
    """Every programme: when it draws, what it drew and missed, and its latest days."""
    return render(request, "campaigns/programmes.html", {"rows": queries.programmes()})
