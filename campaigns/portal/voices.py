"""The portal's pages of hosted voices: services outside that speak instead of espeak-ng."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import HostedVoice
from campaigns.permissions import staff_page
from campaigns.portal.voice_forms import VoiceForm


@staff_page
@require_http_methods(["GET", "POST"])
def voice_list(request: HttpRequest) -> HttpResponseBase:
    """Show all voices; store one more, or answer 422 with the reason."""
    form = VoiceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        voice = form.save()
        done = f"Added. “{voice}” speaks in calls from now on, within ten seconds."
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
        return redirect("voices")
    context = {"form": form, "voices": HostedVoice.objects.all()}
    return render(request, "campaigns/voices.html", context, status=422 if request.method == "POST" else 200)


@staff_page
@require_http_methods(["GET", "POST"])
def voice_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one voice; store what was changed, or answer 422 with the reason. Raises `Http404`."""
    voice = get_object_or_404(HostedVoice, pk=pk)
    form = VoiceForm(request.POST or None, instance=voice)
    if request.method == "POST" and form.is_valid():
        form.save()
        done = "Saved. Calls have it within ten seconds; where it sounds otherwise, all is spoken anew."
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
        return redirect("voices")
    context = {"form": form, "voice": get_object_or_404(HostedVoice, pk=pk)}
    return render(request, "campaigns/voice.html", context, status=422 if request.method == "POST" else 200)


@staff_page
@require_POST
def remove_voice(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Remove a voice and go back to the list. Raises `Http404`."""
    voice = get_object_or_404(HostedVoice, pk=pk)
    voice.delete()
    done = f"Removed. espeak-ng speaks what “{voice}” spoke."
    messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    return redirect("voices")
