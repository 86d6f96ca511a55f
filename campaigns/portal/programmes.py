"""The portal's pages about programmes and standing lists."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.errors import NotAllowed
from campaigns.models import StandingList
from campaigns.permissions import staff_page
from campaigns.portal.forms import MembersForm
from campaigns.programmes.members import look_at_members, read_members
from campaigns.queries import programmes

#: So many rows that were not taken are shown.
SHOWN = 500


@staff_page
@require_safe
def programme_list(request: HttpRequest) -> HttpResponse:
    """Show every programme: when it draws, what it drew and missed, and its latest days."""
    context = {"rows": programmes.programmes(), "lists": programmes.standing_lists()}
    return render(request, "campaigns/programmes.html", context)


@staff_page
@require_http_methods(["GET", "POST"])
def standing_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one list and the form for a file; take or only look at a file, and show what became of each row.

    A file that can't be read is answered with 422.
    """
    found = get_object_or_404(StandingList.objects.prefetch_related("programmes"), pk=pk)
    form, result = MembersForm(), None
    looked = request.POST.get("do") == "look"
    if request.method == "POST":
        form = MembersForm(request.POST, request.FILES)
        take = look_at_members if looked else read_members
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                result = take(found, file.file, file.name, headings=form.headings())
            except NotAllowed as error:
                form.add_error("file", error.reason)
    context = {"list": found, "form": form, "people": found.members.count(), "looked": looked}
    if result:
        more = max(0, len(result.refusals) - SHOWN)
        name = form.cleaned_data["file"].name
        context |= {"result": result, "shown": result.refusals[:SHOWN], "hidden": more, "filename": name}
        context |= {"notes": result.notes[:SHOWN], "more_notes": max(0, len(result.notes) - SHOWN)}
    return render(request, "campaigns/standing_list.html", context, status=422 if form.errors else 200)
