"""The portal's home and its pages about calls. Everything here only reads."""

from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from calls import queries
from calls.audio import wav
from calls.audio.wav import WavError
from calls.conversation.outputs import EntryKind
from calls.media import prompt_audio
from calls.models import Call, Recording
from calls.recordings.http_range import file_response
from calls.recordings.messages import message_audio
from calls.recordings.waveform import Happened, Waveform, draw
from calls.reports import answers, attempts
from calls.reports import person as persons
from campaigns import audit, clock
from campaigns.errors import NotAllowed
from campaigns.models import Pronunciation, User
from campaigns.permissions import current_user, sees_numbers, staff_page
from campaigns.portal.forms import PersonForm, ReportForm
from campaigns.privacy import erasure, legal_holds
from campaigns.queries.campaign import all_campaigns

CALLS_A_PAGE = 50


@staff_page
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the day so far, and what is going on just now."""
    return render(request, "calls/home.html", queries.home(clock.now()))


@staff_page
@require_safe
def call_list(request: HttpRequest) -> HttpResponse:
    """List calls, live and past, newest first."""
    chosen = {
        name: request.GET.get(name, "") for name in ("state", "outcome", "campaign", "recipient", "tag")
    }
    page = Paginator(queries.calls_found(**chosen), CALLS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "chosen": chosen,
        "states": Call.State.choices,
        "outcomes": queries.outcomes_seen(),
        "tags": queries.tags_seen(),
        "campaigns": queries.campaigns_with_calls(),
        "now": clock.now(),
    }
    return render(request, "calls/list.html", context)


@staff_page
@require_safe
def live_part(request: HttpRequest) -> HttpResponse:
    """Return the table of live calls for another page to load, of one campaign or of all."""
    campaign = request.GET.get("campaign", "")
    chosen = get_object_or_404(all_campaigns(), pk=int(campaign[:18])) if campaign.isdecimal() else None
    live = queries.live_calls(campaign_id=chosen.pk if chosen else None)
    return render(request, "calls/live.html", {"live": live, "campaign": chosen, "now": clock.now()})


@staff_page
@require_safe
def call_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one call: its log, its recording, its facts, and why it was allowed. Raises `Http404`."""
    return render(request, "calls/call.html", _call_context(request, pk))


@staff_page
@require_safe
def call_audio(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the recording's part of a call's page, which the page loads anew when the call has ended."""
    return render(request, "calls/audio.html", _call_context(request, pk))


def _call_context(request: HttpRequest, pk: UUID) -> dict[str, object]:
    """Return the context of a call's page. Raises `Http404` if there is no such call."""
    page = queries.call_page(pk)
    if page is None:
        raise Http404
    hears = request.user.has_perm("calls.view_recording")
    waveform, problem = _waveform(page) if hears else (None, "")
    return {"page": page, "call": page.call, "waveform": waveform, "problem": problem, "now": clock.now()}


def _waveform(page: queries.CallPage) -> tuple[Waveform | None, str]:
    """Return the drawing of the recording, or None and a sentence that says why (empty: not recorded)."""
    if page.recording is None:
        return None, ""
    if not page.recording.file:
        return None, "The file of this recording was deleted. Its length and checksum are kept."
    entries = []
    for event in page.events:
        # A prompt is sent a little before it is heard.
        at_ms = event.data.get("began_ms", event.at_ms) if event.kind == EntryKind.PROMPT else event.at_ms
        entries.append(Happened(event.kind, int(at_ms), event.text, str(event.data.get("name", ""))))
    try:
        return draw(Path(page.recording.file.path).read_bytes(), entries), ""
    except FileNotFoundError:
        return None, "The file of this recording is not there any more. Its length and checksum are kept."
    except WavError as error:
        return None, f"The recording can't be drawn: {error}."


@staff_page
@require_safe
def recording(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Return the recording of a call, whole or the range a player asks for. 404 if there is no file."""
    found = Recording.objects.filter(call_id=pk).exclude(file="").first()
    if found is None:
        raise Http404
    try:
        response = file_response(request, Path(found.file.path), content_type="audio/wav")
    except FileNotFoundError as error:
        raise Http404 from error
    if request.headers.get("Range", "bytes=0-").startswith("bytes=0-"):  # not each piece of one hearing
        audit.handed_out(found, f"recording of call {pk}")
    response.headers["Cache-Control"] = "private, no-store"
    if "download" in request.GET:
        response.headers["Content-Disposition"] = f'attachment; filename="call-{pk}.wav"'
    return response


@staff_page
@require_safe
def spoken_message(request: HttpRequest, pk: UUID, answer: int) -> HttpResponse:
    """Return what the caller left as a message, as a WAV file. 404 if there is none, or none any more."""
    found = message_audio(pk, answer)
    if found is None:
        raise Http404
    recording, audio = found
    audit.handed_out(recording, f"message of call {pk}")
    return HttpResponse(audio, content_type="audio/wav", headers={"Cache-Control": "private, no-store"})


@staff_page
@require_safe
def campaign_report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the form for a campaign's report; with a kind of file in the address, return the report itself."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    form = ReportForm(request.GET if "kind" in request.GET else None)
    if form.is_valid():
        whole_numbers = sees_numbers(request)
        return attempts.as_file(campaign, **form.cleaned_data, whole_numbers=whole_numbers)
    context = {"campaign": campaign, "form": form, "columns": attempts.COLUMNS}
    return render(request, "calls/report.html", context, status=422 if form.is_bound else 200)


@staff_page
@require_safe
def campaign_answers(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the card of a campaign's answers for its page to load. Raises `Http404`."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    context = {"campaign": campaign, "questions": answers.by_question(campaign)}
    return render(request, "calls/answers.html", context)


@staff_page
@require_safe
def campaign_answers_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return a campaign's answers as a file. Raises `Http404`."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    return answers.as_file(campaign, whole_numbers=sees_numbers(request))


@staff_page
@require_http_methods(["GET", "POST"])
def person_page(request: HttpRequest) -> HttpResponseBase:
    """Show what we hold about one number, and do what is asked with it. Numbers travel in bodies, never in
    addresses."""
    form = PersonForm(request.POST or None)
    if not form.is_valid():
        return render(request, "calls/person.html", {"form": form}, status=422 if form.is_bound else 200)
    phone, verb = form.cleaned_data["phone"], request.POST.get("do", "")
    if verb == "export":
        return persons.as_file(phone, now=clock.now())
    try:
        if done := _handle(verb, phone, form.cleaned_data["reason"], current_user(request)):
            messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    found = persons.find(phone, now=clock.now())
    return render(request, "calls/person.html", {"form": form, "found": found})


def _handle(verb: str, phone: str, reason: str, by: User) -> str:
    """Do what was asked. Returns what was done in a sentence; empty if it was only to look."""
    if verb == "hold":
        legal_holds.place(phone=phone, reason=reason, by=by)
        return "Held. Nothing of this person is purged or erased until the hold is released."
    if verb == "release" and (hold := legal_holds.hold_on(phone)):
        legal_holds.release(hold.pk, reason=reason, by=by, now=clock.now())
        return "Released."
    if verb == "erase":
        erasure.ask(phone, reason=reason, by=by, now=clock.now())
        return "Nobody calls this number any more. The data goes as soon as nothing is on its way."
    return ""


@staff_page
@require_safe
def hear_pronunciation(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a WAV file of the spoken form, in its language or in English if it is for every one.

    422 with a sentence if it can't be spoken, 503 if it may be later. Raises `Http404` if there is no such
    word.
    """
    word = get_object_or_404(Pronunciation, pk=pk)
    try:
        said = prompt_audio.listen_exactly(word.spoken, word.language or "en")
    except prompt_audio.AudioError as error:
        status = 503 if isinstance(error, prompt_audio.AudioLater) else 422
        return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(wav.wrap(said), content_type="audio/wav", headers={"Cache-Control": "no-store"})
