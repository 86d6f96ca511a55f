"""The portal's home and its pages about calls. Everything here only reads."""

from pathlib import Path
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from calls import queries
from calls.audio.wav import WavError
from calls.lanes import Happened, Lanes, draw
from calls.models import Call, Recording
from calls.ranges import file_response
from campaigns import clock
from campaigns.access import staff_page
from campaigns.queries import all_campaigns

CALLS_A_PAGE = 50


@staff_page()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The day so far, and what is going on just now."""
    return render(request, "calls/home.html", queries.home(clock.now()))


@staff_page()
@require_safe
def call_list(request: HttpRequest) -> HttpResponse:
    """Calls, live and past."""
    chosen = {name: request.GET.get(name, "") for name in ("state", "outcome", "campaign", "recipient")}
    page = Paginator(queries.calls_found(**chosen), CALLS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "chosen": chosen,
        "states": Call.State.choices,
        "outcomes": queries.outcomes_seen(),
        "campaigns": queries.campaigns_with_calls(),
        "now": clock.now(),
    }
    return render(request, "calls/list.html", context)


@staff_page()
@require_safe
def live_part(request: HttpRequest) -> HttpResponse:
    """The table of live calls for another page to load, of one campaign or of all."""
    campaign = request.GET.get("campaign", "")
    chosen = get_object_or_404(all_campaigns(), pk=int(campaign[:18])) if campaign.isdecimal() else None
    live = queries.live_calls(campaign_id=chosen.pk if chosen else None)
    return render(request, "calls/live.html", {"live": live, "campaign": chosen, "now": clock.now()})


@staff_page()
@require_safe
def call_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One call: its log, its recording, its facts, and why it was allowed."""
    page = queries.call_page(pk)
    if page is None:
        raise Http404
    lanes, problem = _lanes(page)
    context = {"page": page, "call": page.call, "lanes": lanes, "problem": problem, "now": clock.now()}
    return render(request, "calls/call.html", context)


def _lanes(page: queries.CallPage) -> tuple[Lanes | None, str]:
    """The drawing of the recording, or a sentence that says why there is none."""
    if page.recording is None:
        return None, ""
    entries = (Happened(e.kind, e.at_ms, e.text, str(e.data.get("name", ""))) for e in page.events)
    try:
        return draw(Path(page.recording.file.path).read_bytes(), entries), ""
    except FileNotFoundError:
        return None, "The file of this recording is not there any more. Its length and checksum are kept."
    except WavError as error:
        return None, f"The recording can't be drawn: {error}."


@staff_page()
@require_safe
def recording(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The recording of a call, whole or the range a player asks for."""
    found = Recording.objects.filter(call_id=pk).first()
    if found is None:
        raise Http404
    try:
        response = file_response(request, Path(found.file.path), content_type="audio/wav")
    except FileNotFoundError as error:
        raise Http404 from error
    response.headers["Cache-Control"] = "private, no-store"
    if "download" in request.GET:
        response.headers["Content-Disposition"] = f'attachment; filename="call-{pk}.wav"'
    return response
