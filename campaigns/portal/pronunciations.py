"""The portal's page of pronunciations: the organisation's own words, added and removed by staff."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import Pronunciation
from campaigns.permissions import staff_page
from campaigns.portal.forms import PronunciationForm


@staff_page
@require_http_methods(["GET", "POST"])
def pronunciation_list(request: HttpRequest) -> HttpResponseBase:
    """Show all words; store one more, or answer 422 with the reason."""
    form = PronunciationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        word = form.save()
        done = f"Added. “{word.written}” is spoken so in calls from now on, within ten seconds."
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
        return redirect("pronunciations")
    context = {"form": form, "words": Pronunciation.objects.all()}
    status = 422 if request.method == "POST" else 200
    return render(request, "campaigns/pronunciations.html", context, status=status)


@staff_page
@require_POST
def remove_pronunciation(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Remove a word and go back to the list. Raises `Http404`."""
    word = get_object_or_404(Pronunciation, pk=pk)
    word.delete()
    done = f"Removed. “{word.written}” is spoken as the voice reads it."
    messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    return redirect("pronunciations")
